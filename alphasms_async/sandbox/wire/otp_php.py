"""`POST /api/otp.php`: a call from a number whose last 4 digits are the code."""

from starlette.requests import Request
from starlette.responses import Response

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxCall
from alphasms_async.sandbox.phones import is_international
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import errors_answer, json_answer
from alphasms_async.sandbox.wire.forms import Form, read_form

_FIELDS = frozenset({"key", "phone"})


async def otp_php(account: Account, request: Request) -> Response:
    """Accept a flash call and answer its code, as a number without leading zeros."""
    form = await read_form(request, account.max_bytes)
    try:
        code, call = _accept(account, form)
    except RefusedError as error:
        return errors_answer([error.refusal])
    return json_answer({"id": call.id, "code": int(code)})


def _accept(account: Account, form: Form) -> tuple[str, SandboxCall]:
    account.admit(form.fields.get("key"))
    # Of the texts documented for this page, none says that a form was cut off.
    phone = form.fields.get("phone", "") if form.is_whole else ""
    if not is_international(phone):
        raise RefusedError(Refusal.PHONE_MISSING)
    code = account.ledger.mint_code()
    draft = SandboxCall(
        kind="otp",
        phone=phone,
        price=account.price,
        code=code,
        extra={name: value for name, value in form.fields.items() if name not in _FIELDS},
    )
    return code, account.accept(draft)
