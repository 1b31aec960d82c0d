"""One verification as a verifier knows it, and the text that a store keeps of it."""

import json
from enum import StrEnum
from typing import Any

from attrs import asdict, evolve, field, frozen
from attrs.validators import instance_of, optional

from alphasms_async.errors import StoreError
from alphasms_async.phone import mask_phone
from alphasms_async.verification.store import Entry

__all__ = [
    "Send",
    "SendState",
    "VerificationRecord",
    "VerificationState",
    "entry_of",
    "record_of",
]

# For events that come late, and for a page that still asks how it ended.
_KEPT_SECONDS = 300.0
# The year 9999, with room for every zone: the last that Python can tell.
_LATEST = 253_402_000_000.0


class VerificationState(StrEnum):
    """How far a verification is."""

    PENDING = "pending"
    """The code was not typed in yet, or the key not pressed."""
    VERIFIED = "verified"
    """The phone is in the hands of whoever asked."""
    FAILED = "failed"
    """Too many wrong codes, another key, or the call to confirm did not reach the phone."""
    CANCELLED = "cancelled"
    """Taken back by `cancel`."""
    EXPIRED = "expired"
    """Its time is over; also what is told of an id that nobody knows."""


class SendState(StrEnum):
    """How far one send is."""

    SENDING = "sending"
    """It is being sent, or was when its process died: it may have left, and is never repeated."""
    SENT = "sent"
    """The gateway has queued it."""
    UNKNOWN = "unknown"
    """It left, and no readable answer came: it is never repeated."""
    REFUSED = "refused"
    """The gateway answered "no": nothing rings."""
    NOT_SENT = "not_sent"
    """Proven not to have left: the same channel is tried again."""
    REACHED = "reached"
    """An event tells that the phone was reached."""
    NOT_REACHED = "not_reached"
    """An event tells that it was not."""


def _check_time(_: object, __: object, seconds: Any) -> None:
    if not isinstance(seconds, float) or not 0 <= seconds <= _LATEST:
        raise ValueError("a time is a number of seconds since 1970")


@frozen(kw_only=True)
class Send:
    """One call or message of a verification."""

    channel: int = field(validator=instance_of(int))
    """By what: 0 for the flash call, then the fallbacks from 1."""
    state: SendState = SendState.SENDING
    """How far it is."""
    digest: str | None = field(default=None, repr=False, validator=optional(instance_of(str)))
    """The keyed hash of its code. `None` when nobody knows the code, or there is none."""
    call_id: int | None = field(default=None, validator=optional(instance_of(int)))
    """The gateway's id. `None` until the gateway has told it."""


@frozen(kw_only=True)
class VerificationRecord:
    """All there is to know of one verification; times are seconds since 1970."""

    id: str
    phone: str = field(repr=mask_phone, validator=instance_of(str))
    """The phone, digits: whole, for a fallback needs it."""
    expires_at: float = field(validator=_check_time)
    """From when on no code of it is accepted."""
    asked_at: float = field(validator=_check_time)
    """When somebody asked for a code last; what was sent by itself is not meant."""
    state: VerificationState = VerificationState.PENDING
    """How far it is; that it has expired only the time tells."""
    tries: int = field(default=0, validator=instance_of(int))
    """How many wrong codes were typed in."""
    wishes: int = field(default=0, validator=instance_of(int))
    """How often another code was asked for."""
    sends: tuple[Send, ...] = ()
    """Every send, in order. A send's number is its place here, counted from 1."""
    due_at: float | None = field(default=None, validator=optional(_check_time))
    """When the next channel is to be sent. `None`: never by itself."""
    key: str | None = field(default=None, validator=optional(instance_of(str)))
    """The key that confirms. `None`: a code does."""
    version: int = field(default=0, eq=False)
    """Which version of the entry it was read from."""

    @property
    def last(self) -> Send:
        """The last send; there is one from the beginning."""
        return self.sends[-1]

    def is_open(self, now: float) -> bool:
        """Return whether it may still come to anything."""
        return self.state is VerificationState.PENDING and now < self.expires_at

    def with_send(self, number: int, send: Send) -> "VerificationRecord":
        """Return it with one send put in place of the one of that number."""
        sends = (*self.sends[: number - 1], send, *self.sends[number:])
        return evolve(self, sends=sends)


def entry_of(record: VerificationRecord) -> Entry:
    """Return what a store keeps of a record."""
    facts = asdict(record)
    del facts["version"]
    return Entry(
        id=record.id,
        body=json.dumps(facts, separators=(",", ":")),
        forget_at=record.expires_at + _KEPT_SECONDS,
        due_at=record.due_at,
        call_ids=tuple(send.call_id for send in record.sends if send.call_id is not None),
        version=record.version,
    )


def record_of(entry: Entry) -> VerificationRecord:
    """Return what a store has kept.

    Raises:
        StoreError: It is no record.
    """
    try:
        return _read(entry)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # What stands there is not shown: it may be a phone.
        raise StoreError("a verification is damaged in its store") from None


def _read(entry: Entry) -> VerificationRecord:
    facts: dict[str, Any] = json.loads(entry.body)
    sends = tuple(_send_of(send) for send in facts.pop("sends"))
    state = VerificationState(facts.pop("state"))
    record = VerificationRecord(**facts, sends=sends, state=state, version=entry.version)
    if not sends or record.id != entry.id:
        raise ValueError("a verification has its own id, and a send from the beginning")
    return record


def _send_of(facts: dict[str, Any]) -> Send:
    state = SendState(facts.pop("state"))
    return Send(**facts, state=state)
