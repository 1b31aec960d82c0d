"""What the gateway's answers become: frozen values, money as `Decimal`, times as aware UTC.

`id` is always the gateway's own id, `client_id` always ours. `raw` keeps the answer's fields as
they came, the ones nobody documented included; it stays out of reprs, for it may hold a code.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from alphasms_async.phone import mask_phone

__all__ = [
    "Balance",
    "CallOutcome",
    "Lookup",
    "Message",
    "OtpCall",
    "Price",
    "State",
    "Status",
    "TrackedOtpCall",
    "VoiceCall",
]

Raw = Mapping[str, Any]


def _no_raw() -> Raw:
    return {}


@frozen
class VoiceCall:
    """A voice call the gateway has queued."""

    id: int
    """The gateway's id, to ask `status.get` with."""
    price: Decimal
    """What the call costs, in the account's currency."""
    phone: str = field(repr=mask_phone)
    """The recipient, E.164 digits without the plus."""
    raw: Raw = field(factory=_no_raw, repr=False, eq=False)


@frozen
class OtpCall:
    """A flash call the gateway has queued: the caller's number ends in `code`."""

    id: int
    """The gateway's id, to ask `status.get` with."""
    code: str = field(repr=False)
    """The 4 digits the person is to type in, leading zeros kept."""
    phone: str = field(repr=mask_phone)
    """The recipient, E.164 digits without the plus."""
    raw: Raw = field(factory=_no_raw, repr=False, eq=False)


@frozen
class TrackedOtpCall:
    """A flash call placed through json.php, known by an id of ours."""

    client_id: int
    """Our id, to ask `status.by_client_id` with."""
    code: str = field(repr=False)
    """The 4 digits the person is to type in, leading zeros kept."""
    price: Decimal | None
    """What the call costs, in the account's currency. `None` when the gateway does not say."""
    phone: str = field(repr=mask_phone)
    """The recipient, E.164 digits without the plus."""
    raw: Raw = field(factory=_no_raw, repr=False, eq=False)


@frozen
class Message:
    """A message of json.php (SMS, voice SMS, spoken text, pipeline) the gateway has queued."""

    id: int
    """The gateway's id (`msg_id` on the wire), to ask `status.get` with."""
    client_id: int
    """Our id, to ask `status.by_client_id` with."""
    phone: str = field(repr=mask_phone)
    """The recipient, E.164 digits without the plus."""
    parts: int | None = None
    """How many SMS parts are billed. `None` when the gateway does not say."""
    raw: Raw = field(factory=_no_raw, repr=False, eq=False)


class CallOutcome(StrEnum):
    """What became of an accepted call, as the gateway's event tells."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """A word nobody documented: proof that there was a call, and no more."""

    @classmethod
    def of(cls, state: "State") -> "CallOutcome":
        """Return what the state of a message means for the call that it is.

        One that is not final proves that there is a call, and no more.
        """
        return _OUTCOMES.get(state, cls.UNKNOWN)

    @property
    def is_reached(self) -> bool | None:
        """Whether the phone was reached. `None`: the word does not tell."""
        return None if self is CallOutcome.UNKNOWN else self is CallOutcome.ANSWERED


class State(StrEnum):
    """What became of a call or message: one set of words over all three status interfaces."""

    QUEUED = "queued"
    """Accepted, waiting for its turn."""
    SENDING = "sending"
    """On its way: being called, or handed to the operator."""
    SENT = "sent"
    """Handed over; whether it arrived is not known yet."""
    DELIVERED = "delivered"
    """Answered or delivered."""
    PARTIALLY_DELIVERED = "partially_delivered"
    """Some parts of a long message arrived."""
    READ = "read"
    """Opened, or replied to."""
    UNREACHABLE = "unreachable"
    """The phone is out of touch for now; the gateway may still reach it."""
    UNDELIVERABLE = "undeliverable"
    """Given up: not answered, or the network failed."""
    EXPIRED = "expired"
    """Its lifetime ended before it could be delivered."""
    REJECTED = "rejected"
    """Refused by the gateway or an operator: the number, the sender or the account."""
    DELETED = "deleted"
    """Taken out of the queue."""
    NOT_FOUND = "not_found"
    """The gateway says that it does not know this id."""
    UNKNOWN = "unknown"
    """The gateway said nothing of this id, or nothing that is documented; `Status.raw` keeps it."""

    @property
    def is_final(self) -> bool:
        """Whether this state does not change any more."""
        return self in _FINAL


_OUTCOMES: Mapping[State, CallOutcome] = {
    State.DELIVERED: CallOutcome.ANSWERED,
    State.PARTIALLY_DELIVERED: CallOutcome.ANSWERED,
    State.READ: CallOutcome.ANSWERED,
    State.UNDELIVERABLE: CallOutcome.NO_ANSWER,
    State.EXPIRED: CallOutcome.NO_ANSWER,
    State.REJECTED: CallOutcome.FAILED,
    State.DELETED: CallOutcome.FAILED,
}

_FINAL = frozenset(
    {
        State.DELIVERED,
        State.PARTIALLY_DELIVERED,
        State.READ,
        State.UNDELIVERABLE,
        State.EXPIRED,
        State.REJECTED,
        State.DELETED,
    }
)


@frozen
class Status:
    """What one of the gateway's status interfaces says of a call or message."""

    id: int | None
    """The gateway's id. `None` when it was asked for by `client_id` and did not come back."""
    state: State
    """The state, in one vocabulary over all three interfaces."""
    raw: str
    """The gateway's own word or code; empty when it said nothing of this id."""
    at: datetime | None = None
    """When the state was reached, aware, in UTC. `None` when the gateway does not say.

    The gateway's times carry no zone and are read as Kyiv's; a day without a time, which is what
    `status.get` is told, is the beginning of that day in Kyiv."""
    client_id: int | None = None
    """Our id. `None` when it was asked for by the gateway's id and did not come back."""


@frozen
class Balance:
    """The money on the account."""

    amount: Decimal
    """The sum, as exact as the gateway tells it; it may be negative."""
    currency: str | None
    """The ISO 4217 code, such as `UAH`. `None` when the gateway does not say."""


@frozen
class Price:
    """What one message to a number costs."""

    amount: Decimal
    """The price, as exact as the gateway tells it."""
    currency: str | None
    """The ISO 4217 code, such as `UAH`. `None` when the gateway does not say."""


@frozen
class Lookup:
    """What the HLR, the operators' register of subscribers, says of a number."""

    phone: str = field(repr=mask_phone)
    """The number, E.164 digits without the plus."""
    status: str | None
    """The gateway's word for whether the subscriber is reachable."""
    imsi: str | None = field(default=None, repr=False)
    """The SIM's number, as far as the operator tells it."""
    mccmnc: str | None = None
    """The mobile country and network code, such as `25501`."""
    ported: bool | None = None
    """Whether the number was taken along from another operator."""
    network: str | None = None
    """The name of the network that serves the number now."""
    raw: Raw = field(factory=_no_raw, repr=False, eq=False)
