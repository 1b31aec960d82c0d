"""The objects json.php takes in its `data`, one function each [API pages, JSON API]."""

from collections.abc import Mapping, Sequence
from typing import Any

from alphasms_async.errors import InvalidRequest
from alphasms_async.messages import (
    RcsStep,
    Sms,
    SmsStep,
    Step,
    TelegramStep,
    ViberStep,
    Voice,
    VoiceStep,
)

__all__ = ["balance", "hlr", "otp_call", "pipeline", "sms", "status", "voice"]

Object = dict[str, Any]


def sms(message: Sms, client_id: int, phone: str) -> Object:
    """An SMS; with the sender `Voice` the gateway calls and reads it aloud."""
    return _given(
        type="sms",
        id=client_id,
        phone=int(phone),
        sms_signature=message.sender,
        sms_message=message.text,
        sms_lifetime=message.lifetime,
        short_link=message.short_link,
        unsubscribe_link=message.unsubscribe_link,
        hook=message.hook,
    )


def voice(step: VoiceStep, client_id: int, phone: str, hook: str | None) -> Object:
    """A call that reads a text aloud in a chosen voice."""
    return _given(type="voice", id=client_id, phone=int(phone), **_spoken(step), hook=hook)


def otp_call(client_id: int, phone: str, hook: str | None) -> Object:
    """A call whose number ends in the code."""
    return _given(type="call/otp", id=client_id, phone=int(phone), hook=hook)


def pipeline(steps: Sequence[Step], client_id: int, phone: str, hook: str | None) -> Object:
    """A message that goes through channels in order until one reaches the person.

    Raises:
        InvalidRequest: There is no step, or two are of one channel.
    """
    channels: dict[str, Mapping[str, Any]] = {}
    for step in steps:
        name, fields = _channel(step)
        if name in channels:
            raise InvalidRequest(f"a pipeline has one {name} step at most: leave one out")
        channels[name] = fields
    if not channels:
        raise InvalidRequest("a pipeline needs at least one step, like VoiceStep('…')")
    return _given(
        type="pipeline",
        pipeline=list(channels),
        id=client_id,
        phone=int(phone),
        **channels,
        hook=hook,
    )


def status(client_id: int) -> Object:
    """The state of a message, by our id."""
    return {"type": "status", "id": client_id}


def balance() -> Object:
    """The account's balance."""
    return {"type": "balance"}


def hlr(client_id: int, phone: str) -> Object:
    """What the operators' register says of a number."""
    return {"type": "hlr", "id": client_id, "phone": int(phone)}


def _given(**fields: Any) -> Object:
    """Leave out the optional fields that were not given: the gateway's defaults hold then."""
    return {name: value for name, value in fields.items() if value is not None}


def _spoken(step: VoiceStep) -> Object:
    return {"message": step.text, "voice": _voice(step.voice), "dtmf": step.dtmf}


def _voice(voice: Voice) -> Object:
    return {"gender": voice.gender, "language": voice.language, "name": voice.name}


def _channel(step: Step) -> tuple[str, Object]:
    match step:
        case VoiceStep():
            return "voice", _spoken(step)
        case TelegramStep(code):
            return "telegram", {"message": code}
        case ViberStep():
            return "viber", {"type": step.type, "signature": step.sender, "message": step.text}
        case RcsStep():
            return "rcs", {"signature": step.sender, "message": step.text}
        case SmsStep():
            return "sms", {"signature": step.sender, "message": step.text}
        case _:
            kind = type(step).__name__
            raise InvalidRequest(f"a pipeline takes steps like VoiceStep or SmsStep, not {kind}")
