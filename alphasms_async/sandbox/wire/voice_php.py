"""`POST /api/voice.php`: one recording to one phone."""

from starlette.requests import Request
from starlette.responses import Response

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxCall
from alphasms_async.sandbox.phones import is_international
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import errors_answer, json_answer
from alphasms_async.sandbox.wire.forms import Form, read_form
from alphasms_async.sandbox.wire.wav import refusal_of

_FIELDS = frozenset({"key", "phone", "voice", "hook", "dtmf"})


async def voice_php(account: Account, request: Request) -> Response:
    """Accept a call, or answer the account's one reason against it or all of the request's."""
    form = await read_form(request, account.max_bytes)
    try:
        account.admit(form.fields.get("key"))
        refusals = _refusals(form, account.max_bytes)
        if refusals:
            return errors_answer(refusals)
        call = account.accept(_draft(account, form))
    except RefusedError as error:
        return errors_answer([error.refusal])
    return json_answer({"id": call.id, "price": call.price})


def _refusals(form: Form, max_bytes: int) -> list[Refusal]:
    found: list[Refusal] = []
    if not is_international(form.fields.get("phone", "")):
        found.append(Refusal.PHONE_MISSING)
    sound_refusal = _sound_refusal(form, max_bytes)
    if sound_refusal:
        found.append(sound_refusal)
    return found


def _sound_refusal(form: Form, max_bytes: int) -> Refusal | None:
    if not form.is_whole:
        return Refusal.UPLOAD_FAILED
    upload = form.files.get("voice")
    # A browser sends an empty name when no file was chosen.
    if upload is None or not upload.filename:
        return Refusal.NO_SOUND_FILE
    if upload.size > max_bytes:
        return Refusal.FILE_TOO_BIG
    return refusal_of(upload.content)


def _draft(account: Account, form: Form) -> SandboxCall:
    upload = form.files["voice"]
    return SandboxCall(
        kind="voice",
        phone=form.fields["phone"],
        price=account.price,
        audio=upload.content,
        filename=upload.filename,
        hook=form.fields.get("hook"),
        dtmf=form.fields.get("dtmf") == "true",
        extra={name: value for name, value in form.fields.items() if name not in _FIELDS},
    )
