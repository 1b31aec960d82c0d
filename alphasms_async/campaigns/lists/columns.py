"""Which column of a list holds the phones, and whether its first row is a header."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import frozen

from alphasms_async.campaigns.lists.files import refusal
from alphasms_async.errors import InvalidPhoneNumber
from alphasms_async.phone import mask_digits, parse_phone

__all__ = [
    "LOOKED_AT_ROWS",
    "Cells",
    "Layout",
    "Row",
    "choose_name",
    "count_phones",
    "find_layout",
    "phone_text",
    "shown_name",
    "value_text",
]

LOOKED_AT_ROWS = 20
"""How many rows tell how a file is to be understood."""

Cells = Sequence[str]
"""A row of a table as it stands there."""

Row = tuple[int, str, Mapping[str, str]]
"""A recipient's line counted from 1, the phone as written, and the columns by header."""

_NAMES = re.compile(
    r"(phones?|phone[ _-]?number|number|mobile|msisdn|tel|telephone"
    r"|телефон|номер|номер телефон[уа]|мобільний|мобильный)[ _-]?\d*"
)
_POSITION = re.compile(r"[1-9][0-9]{0,4}")
_DIGITS = re.compile(r"\d")
_MOST_HEADER_DIGITS = 4
_MOST_NAMES = 12
_LONGEST_NAME = 40
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@frozen
class Layout:
    """Where in a table the phones stand."""

    place: int
    """The phone column, counted from 0."""
    headers: tuple[str, ...]
    """The first row's cells, trimmed, by place; empty when the first row is a recipient's."""

    @property
    def column(self) -> str:
        """The phone column's header, or its number counted from 1."""
        return self.headers[self.place] if self.headers else str(self.place + 1)

    @property
    def names(self) -> tuple[str, ...]:
        """The headers that have a name, in order; one that stands twice is there twice."""
        return tuple(name for name in self.headers if name)

    def row(self, line: int, cells: Cells) -> Row:
        """Return a table's row as a recipient; a cell that is not there is empty."""
        text = phone_text(cells[self.place]) if self.place < len(cells) else ""
        values: dict[str, str] = {}
        for place, name in enumerate(self.headers):
            # Of a header that stands twice the first is meant.
            if name and name not in values:
                values[name] = value_text(cells[place]) if place < len(cells) else ""
        return line, text, values


def phone_text(cell: str) -> str:
    """Return a phone cell trimmed, without a spreadsheet's mark of text."""
    return cell.strip().removeprefix("'")


def value_text(cell: str) -> str:
    """Return a cell without the mark that keeps a spreadsheet from reading it as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULAS) else cell


def find_layout(path: Path, rows: Sequence[Cells], wanted: str | None) -> Layout:
    """Look at the first rows of a table, and say where the phones stand.

    Args:
        path: The file, for the errors.
        rows: The first rows, at least one, none of them blank.
        wanted: The phone column's header, or its number counted from 1 if no header reads so.
            `None`: the one called `phone` or the like, else the one with most phone numbers.

    Raises:
        InvalidRequest: There is no such column, or none has phones in it.
    """
    width = max(map(len, rows))
    # Where somebody can be called, the first row is no header, whatever its cells look like.
    is_recipient = any(map(_is_phone, rows[0]))
    names = [""] * width if is_recipient else [cell.strip() for cell in rows[0]]
    place = _place(path, names, rows, wanted, width)
    name = names[place] if place < len(names) else ""
    return Layout(place, tuple(names) if _is_header(name, wanted) else ())


def choose_name(path: Path, names: Sequence[str], rows: Sequence[Cells], wanted: str | None) -> str:
    """Return the phone column's name where every column has one.

    Args:
        path: The file, for the errors.
        names: The columns' names, at least one.
        rows: The first rows' cells in the order of `names`.
        wanted: As for `find_layout`.

    Raises:
        InvalidRequest: As for `find_layout`.
    """
    return names[_place(path, names, rows, wanted, len(names))]


def count_phones(rows: Iterable[Cells], place: int) -> int:
    """Return how many of the rows have a phone number in a column, counted from 0."""
    return sum(place < len(cells) and _is_phone(cells[place]) for cells in rows)


def shown_name(name: str) -> str:
    """Return a column's name as it may stand in one line of an error."""
    masked = mask_digits(name)
    return repr(masked if len(masked) <= _LONGEST_NAME else f"{masked[:_LONGEST_NAME]}…")


def _place(
    path: Path, names: Sequence[str], rows: Sequence[Cells], wanted: str | None, width: int
) -> int:
    place = _likely(names, rows, width) if wanted is None else _named(names, wanted, width)
    if place is not None:
        return place
    if wanted is None:
        raise refusal(path, f"has no phone column: name it, it has: {_listed(names)}")
    columns = f"{width} column{'s' if width > 1 else ''}"
    reason = f"has no column {shown_name(wanted)}, it has {columns}: {_listed(names)}"
    raise refusal(path, reason)


def _named(names: Sequence[str], wanted: str, width: int) -> int | None:
    # One that is spelt just so wins over one that differs in capitals.
    if wanted in names:
        return names.index(wanted)
    folded = [_folded(name) for name in names]
    if _folded(wanted) in folded:
        return folded.index(_folded(wanted))
    is_position = _POSITION.fullmatch(wanted.strip()) and int(wanted) <= width
    return int(wanted) - 1 if is_position else None


def _likely(names: Sequence[str], rows: Sequence[Cells], width: int) -> int | None:
    for place, name in enumerate(names):
        if _NAMES.fullmatch(_folded(name)):
            return place
    phones = [count_phones(rows, place) for place in range(width)]
    if any(phones):
        return phones.index(max(phones))
    return 0 if width == 1 else None


def _listed(names: Sequence[str]) -> str:
    known = [shown_name(name) for name in names if _names_a_column(name)]
    more = ", …" if len(known) > _MOST_NAMES else ""
    return ", ".join(known[:_MOST_NAMES]) + more or "no header"


def _is_header(name: str, wanted: str | None) -> bool:
    is_chosen = wanted is not None and name != "" and _folded(name) == _folded(wanted)
    return is_chosen or bool(_NAMES.fullmatch(_folded(name))) or _names_a_column(name)


def _names_a_column(cell: str) -> bool:
    """Whether it reads like a header: a phone is digits, a name hardly has any."""
    digits = len(_DIGITS.findall(cell))
    has_letter = any(character.isalpha() for character in cell)
    return bool(cell.strip()) and (not digits or (has_letter and digits <= _MOST_HEADER_DIGITS))


def _folded(name: str) -> str:
    return name.strip().casefold()


def _is_phone(cell: str) -> bool:
    try:
        parse_phone(phone_text(cell))
    except InvalidPhoneNumber:
        return False
    return True
