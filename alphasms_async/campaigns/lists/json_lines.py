"""A list as JSON Lines: an object a line with a phone in it, or the phone alone as a text."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from attrs import frozen

from alphasms_async.campaigns.lists.columns import (
    LOOKED_AT_ROWS,
    Row,
    choose_name,
    phone_text,
    shown_name,
)
from alphasms_async.campaigns.lists.files import refusal
from alphasms_async.campaigns.lists.text_lines import text_lines

__all__ = ["JsonLines", "find_json_lines"]

_NOTHING: Mapping[str, str] = {}
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MOST_DIGITS = 18
_WRITTEN_AS_TEXT = "write the phone as a text, or as an object with a phone"


_Item = dict[str, Any] | str


class _Number(str):
    """A number just as it is written, for a float would lose what is behind its digits."""

    __slots__ = ()


class _Unreadable(ValueError):
    """Valid JSON for Python's parser that cannot be a recipient; its text says why."""


@frozen
class JsonLines:
    """How a JSON Lines file is written, and where its phones stand."""

    path: Path
    """The file, for the errors."""
    key: str | None
    """The phone's key. `None`: every line is a phone alone."""
    columns: tuple[str, ...]
    """The keys of the first object."""
    _codec: str

    @property
    def column(self) -> str:
        """The phone's key, or `1` when lines are phones alone."""
        return "1" if self.key is None else self.key

    def rows(self, file: BinaryIO) -> Iterator[Row]:
        """Yield the recipients of the open file, in bounded memory.

        Raises:
            InvalidRequest: A line is no JSON, neither an object nor a text, or says a key twice.
        """
        for line, item in _items(self.path, file, self._codec):
            if isinstance(item, str):
                yield line, _phone(item), _NOTHING
            else:
                values = {key: text for key, text in _texts(item) if text is not None}
                yield line, _phone(_value(item, self.column)), values


def find_json_lines(path: Path, file: BinaryIO, codec: str, wanted: str | None) -> JsonLines:
    """Look at the first lines of a JSON Lines file, and say how it is to be read.

    Args:
        path: The file's name, for the errors.
        file: Open for reading bytes.
        codec: Python's name of its encoding.
        wanted: The phone's key, or its number in the first object counted from 1. `None`: the one
            called `phone` or the like, else the one with most phone numbers.

    Raises:
        InvalidRequest: It has no recipients or no such key, or its first lines are broken.
    """
    items = [item for _, item in islice(_items(path, file, codec), LOOKED_AT_ROWS)]
    if not items:
        raise refusal(path, "is empty: one phone number a line is needed")
    objects = [item for item in items if not isinstance(item, str)]
    if not objects and wanted in {None, "1"}:
        return JsonLines(path, None, (), codec)
    names = list(dict.fromkeys(key for one in objects for key in one))
    cells = [[_phone(one.get(name)) for name in names] for one in objects]
    key = choose_name(path, names, cells, wanted)
    return JsonLines(path, key, tuple(objects[0]), codec)


def _items(path: Path, file: BinaryIO, codec: str) -> Iterator[tuple[int, _Item]]:
    with text_lines(path, file, codec) as lines:
        while (line := lines.begin_row()) and (text := next(lines, None)) is not None:
            if text.isspace():
                continue
            try:
                yield line, _item(text)
            except _Unreadable as error:
                raise refusal(path, str(error), line=line) from None


def _item(text: str) -> _Item:
    item: _Item | list[Any] | bool | None = _parsed(text)
    if item is None or isinstance(item, list | bool):
        raise _Unreadable(f"neither a JSON object nor a text: {_WRITTEN_AS_TEXT}")
    # Only an escape can make what no database and no gateway takes as text.
    if "\\u" in text:
        _check_storable(item)
    return item


def _parsed(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_constant,
        )
    except _Unreadable:
        raise
    except (ValueError, RecursionError):
        raise _Unreadable("no JSON: one whole object or text a line is needed") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise _Unreadable(f"the key {shown_name(doubled)} stands twice in one object")
    return found


def _constant(name: str) -> Any:
    raise _Unreadable(f"{name} is no JSON number: leave it out or write null")


def _check_storable(item: _Item) -> None:
    pairs = [(item, None)] if isinstance(item, str) else _texts(item)
    for key, text in pairs:
        if _UNSTORABLE.search(key) or _UNSTORABLE.search(text or ""):
            raise _Unreadable("a NUL character or half a character (\\ud800) is in the text")


def _texts(item: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield each key with its value as a text, `None` for what is a list or an object."""
    for key, value in item.items():
        if isinstance(value, bool):
            yield key, "true" if value else "false"
        elif value is None:
            yield key, ""
        else:
            yield key, str(value) if isinstance(value, str) else None


def _value(item: Mapping[str, Any], key: str) -> Any:
    if key in item:
        return item[key]
    folded = key.strip().casefold()
    return next((item[one] for one in item if one.strip().casefold() == folded), None)


def _phone(value: Any) -> str:
    """Return the phone as a text; nothing for what cannot be one, to be counted as invalid."""
    if isinstance(value, _Number):
        return _whole(value)
    return phone_text(value) if isinstance(value, str) else ""


def _whole(number: _Number) -> str:
    try:
        value = Decimal(number)
    except ArithmeticError:
        return str(number)
    # An exponent may make a number of a billion digits of ten characters.
    is_short = value.adjusted() < _MOST_DIGITS
    return str(int(value)) if is_short and value == value.to_integral_value() else str(number)
