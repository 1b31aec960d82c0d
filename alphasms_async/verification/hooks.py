"""What events tell of a send, and how they name it."""

import re

from attrs import frozen

from alphasms_async.models import CallOutcome
from alphasms_async.verification.records import VerificationRecord
from alphasms_async.webhooks.events import HookEvent, MessageEvent, OtpEvent, VoiceEvent

__all__ = ["News", "contradicts", "hook_ref", "news_of", "read_ref"]

_REF = re.compile(r"v:([A-Za-z0-9_-]{1,64})\.([1-9][0-9]{0,2})")


@frozen
class News:
    """What an event tells."""

    is_reached: bool
    """Whether the phone was reached."""
    digits: str | None = None
    """The keys pressed. `None` when none were."""


def hook_ref(id: str, number: int) -> str:
    """Return what a hook is given out for: one send of a verification, and nothing else's."""
    return f"v:{id}.{number}"


def read_ref(ref: str) -> tuple[str, int] | None:
    """Return the verification and the number of its send. `None` when the ref is another's."""
    match = _REF.fullmatch(ref)
    return None if match is None else (match[1], int(match[2]))


def news_of(event: HookEvent) -> News | None:
    """Return what an event tells of a send. `None` while that is nothing final."""
    match event:
        case OtpEvent():
            is_reached, digits = event.is_reached, None
        case VoiceEvent():
            is_reached, digits = event.outcome.is_reached, event.digits
            if is_reached is None and digits:
                # Whatever the word means: somebody was there to press a key.
                is_reached = True
        case MessageEvent():
            is_reached, digits = CallOutcome.of(event.state).is_reached, None
        case _:
            return None
    return None if is_reached is None else News(is_reached, digits)


def contradicts(event: HookEvent, record: VerificationRecord, number: int) -> bool:
    """Return whether an event names a send that is not there, or another call or phone."""
    if not 1 <= number <= len(record.sends):
        return True
    call_id = record.sends[number - 1].call_id
    is_other_call = event.id is not None and call_id is not None and event.id != call_id
    return is_other_call or (event.phone is not None and event.phone != record.phone)
