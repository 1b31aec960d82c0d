"""The list of recipients: a CSV file in, phone numbers with their line numbers out."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from attrs import frozen

from alphasms_async.cli.terminal import counted
from alphasms_async.errors import InvalidPhoneNumber, InvalidRequest
from alphasms_async.phone import parse_phone

__all__ = ["Recipient", "RecipientList", "read_recipients"]

_COLUMN_NAMES = re.compile(
    r"(phones?|phone[ _-]?number|number|mobile|msisdn|tel|telephone"
    r"|телефон|номер|номер телефон[уа]|мобільний|мобильный)[ _-]?\d*"
)
_DELIMITERS = ",;\t|"
_EXCEL_NOTE = re.compile(r"sep=.", re.IGNORECASE)
_DIGITS = re.compile(r"\d")
_LOOK_AT = 20


class Recipient(str):
    """A phone number as the list has it, and the line it stands on."""

    __slots__ = ("line",)
    line: int

    @classmethod
    def on_line(cls, text: str, line: int) -> Self:
        """Return the text with its line number, counted from 1."""
        recipient = cls(text)
        recipient.line = line
        return recipient


@frozen
class RecipientList:
    """The recipients of a file, and how the file was understood."""

    recipients: list[Recipient]
    """In the file's order; lines without anything are left out."""
    column: str
    """The phone column: its header, or its number counted from 1."""

    @property
    def described(self) -> str:
        """One line for a person who is about to dial them."""
        return f"{counted(len(self.recipients), 'line')}, phones from column {self.column}"


def read_recipients(path: Path, column: str | None = None) -> RecipientList:
    """Read the recipients of a CSV file.

    Args:
        path: The file, in UTF-8; the delimiter is a comma, semicolon, tab or bar.
        column: The header of the phone column. `None`: the one called `phone` or the like, else
            the first that has a phone number in it.

    Raises:
        InvalidRequest: It cannot be read, has no recipients, or no phone column.
    """
    rows = _rows(path)
    if not rows:
        raise InvalidRequest(f"{path} is empty: one phone number a line is needed")
    place, has_header = _phone_column(path, [cells for _, cells in rows[:_LOOK_AT]], column)
    recipients = [
        # A spreadsheet's mark of text, which our own results carry too, is no part of a number.
        Recipient.on_line(
            cells[place].strip().removeprefix("'") if place < len(cells) else "", line
        )
        for line, cells in rows[has_header:]
    ]
    if not recipients:
        raise InvalidRequest(f"{path} is empty but for its header: one phone a line is needed")
    name = repr(rows[0][1][place].strip()) if has_header else f"{place + 1}, no header"
    return RecipientList(recipients, name)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{path} is not UTF-8 text: save the list as CSV in UTF-8") from None
    except OSError as error:
        raise InvalidRequest(f"cannot read the list {path}: {error.strerror}") from error
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    # Strict: a quote that is never closed would swallow the lines behind it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise InvalidRequest(f"{path}, line {reader.line_num}: {error}") from None
    # Excel's own note of the delimiter is no recipient.
    return rows[1:] if rows and _EXCEL_NOTE.fullmatch(first.strip()) else rows


def _phone_column(
    path: Path, rows: Sequence[Sequence[str]], wanted: str | None
) -> tuple[int, bool]:
    """Return which column holds the phones, and whether the first line is a header."""
    names = [cell.strip().casefold() for cell in rows[0]]
    if wanted is not None:
        if wanted.strip().casefold() not in names:
            shown = ", ".join(name for name in names if not _DIGITS.search(name))
            raise InvalidRequest(f"{path} has no column {wanted!r}, it has: {shown or 'no header'}")
        return names.index(wanted.strip().casefold()), True
    for place, name in enumerate(names):
        if _COLUMN_NAMES.fullmatch(name):
            return place, True
    for cells in rows:
        for place, cell in enumerate(cells):
            if _is_phone(cell):
                return place, not _DIGITS.search("".join(rows[0][place : place + 1]))
    if len(names) == 1:
        return 0, not _DIGITS.search(names[0])
    raise InvalidRequest(f"{path} has no phone column: name it with --column")


def _is_phone(cell: str) -> bool:
    try:
        parse_phone(cell)
    except InvalidPhoneNumber:
        return False
    return True
