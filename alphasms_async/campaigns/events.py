"""What the gateway tells of a call after it was queued, as a value that moves a row."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from attrs import Attribute, field, frozen
from attrs.validators import optional

from alphasms_async.checks import is_whole
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from alphasms_async.phone import mask_known_phone

__all__ = ["CallEvent", "Recorded", "Ref", "contradiction"]

# With room on both sides for every zone, and for the longest redial.
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


_Check = Callable[[object, "Attribute[Any]", Any], None]


def _checked(right: str, is_right: Callable[[Any], bool]) -> _Check:
    """Checked at run time, for what an event tells comes from outside. It may hold a phone."""

    def check(_: object, attribute: "Attribute[Any]", value: object) -> None:
        if not is_right(value):
            kind = type(value).__name__
            raise InvalidRequest(f"{attribute.name} of an event is {right}, not this {kind}")

    return check


def _is_moment(value: object) -> bool:
    is_aware = isinstance(value, datetime) and value.utcoffset() is not None
    return is_aware and _FIRST <= cast("datetime", value) <= _LAST


_whole = optional(_checked("a whole number", is_whole))
_text = _checked("text", lambda value: isinstance(value, str))
_outcome = _checked("a CallOutcome", lambda value: isinstance(value, CallOutcome))
_ref = _checked(
    "a Ref of two whole numbers",
    lambda value: isinstance(value, Ref) and is_whole(value.recipient) and is_whole(value.attempt),
)
_moment = _checked("a moment with a time zone, from 1970 to 8999", _is_moment)


@frozen
class Ref:
    """One attempt at one recipient, by the journal's own numbers."""

    recipient: int
    attempt: int


@frozen(kw_only=True)
class CallEvent:
    """The outcome of one call. Where it came from must be proven before it gets here.

    Raises:
        InvalidRequest: A value is not of its kind.
    """

    outcome: CallOutcome = field(validator=_outcome)
    ref: Ref | None = field(default=None, validator=optional(_ref))
    """The attempt it is about. `None`: it is found by `id`."""
    id: int | None = field(default=None, validator=_whole)
    """The gateway's id. `None` when the event carries none."""
    phone: str | None = field(default=None, repr=mask_known_phone, validator=optional(_text))
    """The number called, digits. `None` when the event carries none."""
    seconds: int | None = field(default=None, validator=_whole)
    """How long the call lasted. `None` when the event does not tell."""
    digits: str | None = field(default=None, validator=optional(_text))
    """The keys pressed. `None` when none were, or the event does not tell."""
    raw: str = field(default="", validator=_text)
    """The gateway's own word for the outcome."""
    at: datetime | None = field(default=None, validator=optional(_moment))
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


def contradiction(event: CallEvent) -> str:
    """Return one line on an event that contradicts the call it names, its phone masked."""
    ref = event.ref
    named = "" if ref is None else f"attempt {ref.attempt} of recipient {ref.recipient}, "
    return (
        f"an event contradicts the call it names, and changed nothing: {event.outcome}, "
        f"{named}id {event.id}, phone {mask_known_phone(event.phone)}"
    )
