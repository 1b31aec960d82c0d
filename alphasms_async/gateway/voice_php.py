"""voice.php: one recording to one phone [instruction, section 2]."""

from collections.abc import Iterator

from alphasms_async.gateway.multipart import encode_with_recording
from alphasms_async.gateway.reading import page_object, read_id, read_money, unexpected
from alphasms_async.gateway.wire import Answer, Request
from alphasms_async.models import VoiceCall
from alphasms_async.phone import mask_phone
from alphasms_async.recording import Recording

__all__ = ["call", "read_call"]


def call(
    api_key: str, phone: str, recording: Recording, *, hook: str | None = None, dtmf: bool = False
) -> Request:
    """Return the request that has the recording played to the phone."""
    content_type, pieces = encode_with_recording(
        recording, _fields(api_key, phone, hook=hook, dtmf=dtmf)
    )
    return Request(
        page="/api/voice.php",
        content_type=content_type,
        pieces=pieces,
        asked=f"voice call to {mask_phone(phone)}",
        api_key=api_key,
    )


def read_call(answer: Answer, phone: str) -> VoiceCall:
    """Return the queued call: `{"id": 100500, "price": 0.40}`.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer is anything else, an id without a price included.
    """
    fields = page_object(answer)
    call_id, price = read_id(fields.get("id")), read_money(fields.get("price"))
    if call_id is None or price is None or price < 0:
        raise unexpected(answer, "id or price is missing or unreadable", id=call_id)
    return VoiceCall(id=call_id, price=price, phone=phone, raw=fields)


def _fields(api_key: str, phone: str, *, hook: str | None, dtmf: bool) -> Iterator[tuple[str, str]]:
    yield "key", api_key
    yield "phone", phone
    if hook is not None:
        yield "hook", hook
    if dtmf:
        yield "dtmf", "true"
