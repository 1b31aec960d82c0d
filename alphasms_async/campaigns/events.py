"""What the gateway tells of a call after it was queued, as a value that moves a row."""

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from alphasms_async.campaigns.states import CallOutcome
from alphasms_async.phone import mask_phone

__all__ = ["CallEvent", "Recorded", "Ref"]


def _masked(phone: str | None) -> str:
    return "None" if phone is None else mask_phone(phone)


@frozen
class Ref:
    """One attempt at one recipient, by the journal's own numbers."""

    recipient: int
    attempt: int


@frozen(kw_only=True)
class CallEvent:
    """The outcome of one call. Where it came from must be proven before it gets here."""

    outcome: CallOutcome
    ref: Ref | None = None
    """The attempt it is about. `None`: it is found by `id`."""
    id: int | None = None
    """The gateway's id. `None` when the event carries none."""
    phone: str | None = field(default=None, repr=_masked)
    """The number called, digits. `None` when the event carries none."""
    seconds: int | None = None
    """How long the call lasted. `None` when the event does not tell."""
    digits: str | None = None
    """The keys pressed. `None` when none were, or the event does not tell."""
    raw: str = ""
    """The gateway's own word for the outcome."""
    at: datetime | None = None
    """When it came, aware. `None`: now."""


class Recorded(StrEnum):
    """What an event did."""

    CHANGED = "changed"
    """It moved its row, or told something new of it."""
    DUPLICATE = "duplicate"
    """It told nothing new."""
    EARLY = "early"
    """No attempt has its id yet: it is kept until one has."""
    CONTRADICTED = "contradicted"
    """Its id or phone is not that of the attempt it names: it changed nothing."""
