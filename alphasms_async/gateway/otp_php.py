"""otp.php: a call whose number ends in the code [instruction, section 4]."""

from alphasms_async.gateway.multipart import encode
from alphasms_async.gateway.reading import page_object, read_code, read_id, unexpected
from alphasms_async.gateway.wire import Answer, Request
from alphasms_async.models import OtpCall
from alphasms_async.phone import mask_phone

__all__ = ["call", "read_call"]


def call(api_key: str, phone: str, *, hook: str | None = None) -> Request:
    """Return the request for a flash call.

    No `hook` field is documented for this page; it is sent only when one is given.
    """
    fields = [("key", api_key), ("phone", phone)]
    if hook is not None:
        fields.append(("hook", hook))
    content_type, pieces = encode(fields)
    return Request(
        page="/api/otp.php",
        content_type=content_type,
        pieces=pieces,
        asked=f"OTP call to {mask_phone(phone)}",
        api_key=api_key,
    )


def read_call(answer: Answer, phone: str) -> OtpCall:
    """Return the queued call: `{"id": 100500, "code": 471}` is the code `0471`.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer is anything else.
    """
    fields = page_object(answer)
    call_id, code = read_id(fields.get("id")), read_code(fields.get("code"))
    if call_id is None or code is None:
        raise unexpected(answer, "id or code is missing or unreadable", id=call_id)
    return OtpCall(id=call_id, code=code, phone=phone, raw=fields)
