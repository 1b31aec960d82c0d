"""The types of json.php that ring or write to one phone: `sms`, `voice` and `call/otp`."""

from collections.abc import Mapping

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry, SandboxMessage
from alphasms_async.sandbox.refusals import Refusal, RefusedError
from alphasms_async.sandbox.wire.answers import Json
from alphasms_async.sandbox.wire.json_item import Handler, Item
from alphasms_async.sandbox.wire.numerals import whole_number
from alphasms_async.sandbox.wire.parts import part_count

_SPEAKING_SENDER = "Voice"
_LIFETIME_SECONDS = range(3600, 259_200 + 1)
_VOICE_SETTINGS = ("gender", "language", "name")
_GENDERS = frozenset({"male", "female"})

_SMS_FIELDS = frozenset(
    {
        *("type", "id", "phone", "sms_signature", "sms_message", "sms_lifetime"),
        *("short_link", "unsubscribe_link", "hook"),
    }
)
_VOICE_FIELDS = frozenset({"type", "id", "phone", "message", "voice", "dtmf"})
_OTP_FIELDS = frozenset({"type", "id", "phone"})


def send_sms(account: Account, item: Item) -> Mapping[str, Json]:
    """Accept an SMS."""
    return sent(accept_sms(account, item, item.client_id()))


def accept_sms(account: Account, item: Item, client_id: int | None) -> SandboxEntry:
    """Accept an SMS, which is a call when the sender is Voice, and return it with its id.

    Raises:
        RefusedError: A field is one the gateway would refuse, or the account refuses it.
    """
    phone = reachable_phone(account, item)
    sender = item.alpha_name("sms_signature")
    text = item.text("sms_message")
    lifetime_seconds = _lifetime_seconds(item)
    hook = item.optional_text("hook")
    extra = item.unknown_fields(_SMS_FIELDS)
    parts = part_count(text)
    price = account.price * parts
    draft: SandboxEntry
    if sender == _SPEAKING_SENDER:
        draft = SandboxCall(
            kind="voice_sms",
            phone=phone,
            price=price,
            client_id=client_id,
            text=text,
            hook=hook,
            parts=parts,
            extra=extra,
        )
    else:
        draft = SandboxMessage(
            kind="sms",
            phone=phone,
            price=price,
            client_id=client_id,
            text=text,
            hook=hook,
            parts=parts,
            extra=extra,
            sender=sender,
            lifetime_seconds=lifetime_seconds,
        )
    return account.accept(draft)


def send_voice(account: Account, item: Item) -> Mapping[str, Json]:
    """Accept a text read out in a voice of the client's choice."""
    client_id, phone = item.client_id(), reachable_phone(account, item)
    text = item.text("message")
    draft = SandboxCall(
        kind="say",
        phone=phone,
        price=account.price * part_count(text),
        client_id=client_id,
        text=text,
        parts=part_count(text),
        extra=item.unknown_fields(_VOICE_FIELDS),
        dtmf=item.flag("dtmf"),
        voice=voice_settings(item),
    )
    return sent(account.accept(draft))


def send_otp(account: Account, item: Item) -> Mapping[str, Json]:
    """Accept a flash call; here the code is a text, its leading zeros kept."""
    client_id, phone = item.client_id(), reachable_phone(account, item)
    code = account.ledger.mint_code()
    draft = SandboxCall(
        kind="call/otp",
        phone=phone,
        price=account.price,
        client_id=client_id,
        extra=item.unknown_fields(_OTP_FIELDS),
        code=code,
    )
    return {"code": code, "price": account.accept(draft).price}


def reachable_phone(account: Account, item: Item) -> str:
    """Return the object's phone if it is one and its operator is supported."""
    phone = item.phone()
    if not account.supports(phone):
        raise RefusedError(Refusal.OPERATOR)
    return phone


def voice_settings(item: Item) -> Mapping[str, str]:
    """Return the voice asked for, empty when the choice is left to the gateway."""
    if "voice" not in item.fields:
        return {}
    asked = item.inner("voice")
    settings = {name: asked.optional_text(name) for name in _VOICE_SETTINGS}
    if settings["gender"] is not None and settings["gender"] not in _GENDERS:
        raise RefusedError(Refusal.BAD_FORM)
    return {name: setting for name, setting in settings.items() if setting is not None}


def sent(entry: SandboxEntry) -> Mapping[str, Json]:
    """Return the result for an accepted object."""
    return {"id": entry.client_id, "msg_id": entry.id, "data": 1, "parts": entry.parts}


def _lifetime_seconds(item: Item) -> int | None:
    if "sms_lifetime" not in item.fields:
        return None
    seconds = whole_number(item.fields["sms_lifetime"])
    if seconds not in _LIFETIME_SECONDS:
        raise RefusedError(Refusal.BAD_FORM)
    return seconds


SENDS: Mapping[str, Handler] = {
    "sms": send_sms,
    "voice": send_voice,
    "call/otp": send_otp,
}
