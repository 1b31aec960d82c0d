"""What one process asks of the journal that another one writes: plain values, JSON in between."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from attrs import asdict, field, frozen

from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.errors import AlphaSMSError, JournalError
from alphasms_async.models import CallOutcome

__all__ = [
    "AddDoNotCall",
    "Cancel",
    "Command",
    "Drop",
    "Pause",
    "RecordEvent",
    "Redial",
    "RemoveDoNotCall",
    "Resume",
    "SetBudget",
    "SetPace",
    "command_from_json",
    "command_to_json",
]


def _count(items: tuple[object, ...]) -> str:
    return f"({len(items)})"


@frozen
class Pause:
    """Dial nobody more until it is resumed; what is in flight goes on."""

    campaign: str


@frozen
class Resume:
    """Go on dialling."""

    campaign: str


@frozen
class Cancel:
    """Dial nobody more, ever: the rest of the list is skipped."""

    campaign: str


@frozen
class SetPace:
    """Begin so many calls a second at most, from now on."""

    campaign: str
    per_second: float | None
    """`None`: no limit."""


@frozen
class SetBudget:
    """Let all calls of a campaign cost so much together, from its next run on."""

    campaign: str
    budget: str
    """An exact sum above 0, in the account's currency, as text."""
    max_price: str | None = None
    """What one call, or one part of a text, may cost, as text. `None`: as it is."""


@frozen
class AddDoNotCall:
    """Call these numbers no more, in any campaign of the journal."""

    phones: tuple[str, ...] = field(repr=_count)
    """Digits."""


@frozen
class RemoveDoNotCall:
    """Allow these numbers again. Rows that were skipped for it stay skipped."""

    phones: tuple[str, ...] = field(repr=_count)
    """Digits."""


@frozen
class Redial:
    """A person decides that these uncertain attempts did not ring: dial again."""

    campaign: str
    refs: tuple[Ref, ...] = field(repr=_count)
    who: str = ""


@frozen
class Drop:
    """A person lets these uncertain attempts be."""

    campaign: str
    refs: tuple[Ref, ...] = field(repr=_count)
    who: str = ""


@frozen
class RecordEvent:
    """A proven event of the gateway's."""

    event: CallEvent


Command = (
    Pause
    | Resume
    | Cancel
    | SetPace
    | SetBudget
    | AddDoNotCall
    | RemoveDoNotCall
    | Redial
    | Drop
    | RecordEvent
)
"""Anything that may be asked of a journal from outside its dialer."""

_KINDS: Mapping[str, type[Command]] = {
    "pause": Pause,
    "resume": Resume,
    "cancel": Cancel,
    "set_pace": SetPace,
    "set_budget": SetBudget,
    "add_do_not_call": AddDoNotCall,
    "remove_do_not_call": RemoveDoNotCall,
    "redial": Redial,
    "drop": Drop,
    "record_event": RecordEvent,
}
_WORDS = {kind: word for word, kind in _KINDS.items()}


def command_to_json(command: Command) -> dict[str, Any]:
    """Return the command as plain JSON values."""
    told = asdict(command)
    if isinstance(command, RecordEvent):
        at = command.event.at
        told["event"]["at"] = None if at is None else at.astimezone(UTC).isoformat()
    return {"do": _WORDS[type(command)], **told}


def command_from_json(told: Mapping[str, Any]) -> Command:
    """Return the command that JSON values stand for.

    Raises:
        JournalError: They stand for none that this version knows.
    """
    try:
        fields = dict(told)
        kind = _KINDS[fields.pop("do")]
        return kind(**{name: _READ[name](value) for name, value in fields.items()})
    except (AlphaSMSError, AttributeError, KeyError, TypeError, ValueError):
        raise JournalError("a command in the inbox is of a newer version: update") from None


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError
    return told


def _pace(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float | None):
        raise TypeError
    return told


def _ref(told: Mapping[str, Any]) -> Ref:
    if any(type(number) is not int for number in told.values()):
        raise TypeError
    return Ref(**told)


def _each(read: Callable[[Any], Any]) -> Callable[[object], tuple[Any, ...]]:
    def read_all(told: object) -> tuple[Any, ...]:
        if not isinstance(told, list):
            raise TypeError
        return tuple(map(read, cast("list[object]", told)))

    return read_all


def _event(told: Mapping[str, Any]) -> CallEvent:
    fields = dict(told)
    ref, at = fields.pop("ref"), fields.pop("at")
    return CallEvent(
        outcome=CallOutcome(fields.pop("outcome")),
        ref=None if ref is None else _ref(ref),
        at=None if at is None else datetime.fromisoformat(at),
        **fields,
    )


# Strict, for anybody may have written a letter, and the database takes nothing else.
_READ: Mapping[str, Callable[[Any], Any]] = {
    "campaign": _text,
    "per_second": _pace,
    "budget": _text,
    "max_price": lambda told: None if told is None else _text(told),
    "phones": _each(_text),
    "refs": _each(_ref),
    "who": _text,
    "event": _event,
}
