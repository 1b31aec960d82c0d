"""The fields of an event, each under all its names and in all its forms."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from attrs import field, frozen

from alphasms_async.gateway.reading import optional_whole, read_id

__all__ = ["Told", "told_by"]

# json.php and xml.php call ours `id` and theirs so; where both stand, `id` is ours.
_THEIR_IDS = ("msg_id", "sms_id")

_LONGEST_DURATION_SECONDS = 7 * 86_400
_LONGEST_WORD = 100
_MOST_WHOLE_DIGITS = 19
_NOT_SHOWN = "\N{REPLACEMENT CHARACTER}"
_PHONE = re.compile(r"[0-9]{5,15}")
_AROUND_DIGITS = re.compile(r"[\s()+.-]+")
_KEYS = re.compile(r"[0-9*#]{1,100}")


@frozen
class Told:
    """What an event's fields say; `None` for what they do not say, or nobody can read."""

    word: str
    """The status. Empty when there is none."""
    id: int | None
    """The gateway's id."""
    client_id: int | None
    """Our id."""
    phone: str | None = field(repr=False)
    """Digits without the plus."""
    seconds: int | None
    """How long a call lasted, 0 or more."""
    digits: str | None = field(repr=False)
    """The keys pressed."""


def told_by(fields: Mapping[str, Any]) -> Told:
    """Return what the fields say, their names in any case."""
    plain = {name.lower(): _plain(value) for name, value in fields.items()}
    theirs = _first(plain, *_THEIR_IDS)
    ours = _first(plain, "client_id", *(() if theirs is None else ("id",)))
    return Told(
        word=_word(_first(plain, "status", "state")),
        id=read_id(_first(plain, "id") if theirs is None else theirs),
        client_id=read_id(ours),
        phone=_phone(_first(plain, "phone")),
        seconds=_seconds(_first(plain, "duration")),
        digits=_keys(_first(plain, "dtmf")),
    )


def _plain(value: Any) -> Any:
    """Return a value as it is, but a whole number with a point as one without."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, Decimal):
        return value
    # An exponent of millions would be written out in full before anyone could look at it.
    if value.adjusted() >= _MOST_WHOLE_DIGITS:
        return None
    return int(value) if value == value.to_integral_value() else value


def _first(fields: Mapping[str, Any], *names: str) -> Any:
    values = (fields.get(name) for name in names)
    return next((value for value in values if value is not None and value != ""), None)


def _word(value: Any) -> str:
    """Return a status as one line that can be stored and shown wherever text can."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = " ".join(str(value).split())[:_LONGEST_WORD]
    return "".join(character if character.isprintable() else _NOT_SHOWN for character in text)


def _phone(value: Any) -> str | None:
    digits = _AROUND_DIGITS.sub("", _digits(value))
    return digits if _PHONE.fullmatch(digits) else None


def _seconds(value: Any) -> int | None:
    seconds = optional_whole(int(value) if isinstance(value, Decimal) else value)
    return seconds if seconds is not None and seconds <= _LONGEST_DURATION_SECONDS else None


def _keys(value: Any) -> str | None:
    keys = _digits(value)
    return keys if _KEYS.fullmatch(keys) else None


def _digits(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
