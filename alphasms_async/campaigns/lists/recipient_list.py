"""The list of recipients: a file of phones, looked at once and read as often as needed.

CSV and JSON Lines are read row by row, however long they are; a workbook's sheet is in memory
while it is read. What a row says is not judged here: a phone that is none is a row too.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal

from attrs import field, frozen

from alphasms_async.campaigns.lists.files import FileState, Look, look_at, open_file, refusal
from alphasms_async.campaigns.lists.json_lines import JsonLines, find_json_lines
from alphasms_async.campaigns.lists.tables import Table, find_table
from alphasms_async.campaigns.lists.workbooks import Workbook, find_workbook
from alphasms_async.errors import InvalidRequest
from alphasms_async.phone import mask_phone

__all__ = ["ListForm", "ListedRecipient", "RecipientList", "open_list"]

ListForm = Literal["csv", "jsonl", "xlsx"]
"""The forms a list may have: a table as text, JSON Lines, or a spreadsheet's workbook."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_JSON_LINES = {".jsonl", ".ndjson"}
_PAGE = re.compile(r"<(!doctype|html|table|\?xml)\b", re.IGNORECASE)
_BEGINNING_CHARACTERS = 64 * 1024
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def _masked(text: str) -> str:
    return repr(mask_phone(text))


@frozen
class ListedRecipient:
    """One row of a list. Its repr masks the phone and shows no other column."""

    line: int
    """Where it stands: the line it begins on as an editor counts them, or a sheet's row; from 1."""
    text: str = field(repr=_masked)
    """The phone as it stands there, trimmed; it may be no phone at all, or empty."""
    values: Mapping[str, str] = field(repr=False, hash=False)
    """The row's columns by header, all as text; empty for a list without header."""


@frozen
class RecipientList:
    """A list that can be read: its rows come by iterating, from the file anew each time."""

    path: Path
    """The file."""
    form: ListForm
    """How the file is made."""
    column: str
    """The phone column: its header, or its number counted from 1."""
    columns: tuple[str, ...]
    """The headers in order, empty without; of one that stands twice the first column is meant."""
    sha256: str
    """The hex digest of the file's bytes."""
    _state: FileState = field(repr=False)
    _source: JsonLines | Table | Workbook = field(repr=False)
    _written: str = field(repr=False)

    def __iter__(self) -> Iterator[ListedRecipient]:
        """Yield the rows that have anything in them, in the file's order.

        Raises:
            InvalidRequest: The file is gone or was changed since it was opened as a list, or a
                row cannot be read; the line is named.
        """
        with open_file(self.path) as file:
            self._check_state(file)
            for line, text, values in self._source.rows(file):
                yield ListedRecipient(line, text, MappingProxyType(values))
            # Somebody may have saved it while it was read.
            self._check_state(file)

    @property
    def described(self) -> str:
        """One line for a person: the form, how it is written, and the phone column."""
        if self.columns:
            return f"{self._written}, phones from column {self.column!r}"
        if self.form == "jsonl":
            return f"{self._written}, a phone a line"
        return f"{self._written}, phones from column {self.column}, no header"

    def _check_state(self, file: BinaryIO) -> None:
        if FileState.of(file) != self._state:
            raise refusal(self.path, "has changed since it was looked at: begin anew")


def open_list(path: str | os.PathLike[str], column: str | None = None) -> RecipientList:
    """Look at a file of recipients, and say how it is to be read.

    The form is told by the content first and by the extension second. CSV may have any usual
    delimiter, a header or none, and be UTF-8, UTF-16 with its mark, or Windows-1251.

    Args:
        path: The file: CSV, JSON Lines or .xlsx.
        column: The phone column's header, whatever its capitals, or its number counted from 1 if
            no header reads so. `None`: the one called `phone` or the like, else the one with most
            phone numbers in its first rows.

    Raises:
        InvalidRequest: It cannot be read, is in no form known here, is empty, or has no such
            column; the one line begins with the path.
        ImportError: It is a workbook, and python-calamine is not installed.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidRequest(f"the list is a path, not {type(path).__name__}")
    if column is not None and (not isinstance(column, str) or not column.strip()):
        raise InvalidRequest(
            "the phone column is a header or a number from 1, as text, like 'phone'"
        )
    named = Path(path)
    with open_file(named) as file:
        look = look_at(named, file)
        if look.head.startswith(_ZIP):
            return _workbook(named, file, look, column)
        if look.head.startswith(_OLD_WORKBOOK):
            reason = "is an old workbook (.xls), or one with a password"
            raise refusal(named, f"{reason}: save it as .xlsx or CSV, without a password")
        return _text(named, file, look, column)


def _workbook(path: Path, file: BinaryIO, look: Look, wanted: str | None) -> RecipientList:
    found = find_workbook(path, file, wanted)
    return RecipientList(
        path,
        "xlsx",
        found.layout.column,
        found.layout.names,
        look.sha256,
        look.state,
        found,
        f"XLSX, sheet {found.sheet!r}",
    )


def _text(path: Path, file: BinaryIO, look: Look, wanted: str | None) -> RecipientList:
    if look.charset.fault:
        raise refusal(path, look.charset.fault, line=look.charset.fault_line)
    codec = look.charset.codec
    beginning = file.read(_BEGINNING_CHARACTERS).decode(codec, "ignore").lstrip()
    if beginning.startswith("["):
        reason = "is a JSON array: write one object a line instead, as JSON Lines"
        raise refusal(path, f"{reason} (jq -c '.[]' does it)")
    if _PAGE.match(beginning):
        raise refusal(path, "is a web page or XML: save the list as .xlsx or CSV")
    if path.suffix.lower() in _JSON_LINES or beginning.startswith("{"):
        return _json_lines(path, file, look, wanted)
    return _table(path, file, look, wanted)


def _json_lines(path: Path, file: BinaryIO, look: Look, wanted: str | None) -> RecipientList:
    found = find_json_lines(path, file, look.charset.codec, wanted)
    return RecipientList(
        path,
        "jsonl",
        found.column,
        found.columns,
        look.sha256,
        look.state,
        found,
        f"JSON Lines, {look.charset.name}",
    )


def _table(path: Path, file: BinaryIO, look: Look, wanted: str | None) -> RecipientList:
    found = find_table(path, file, look.charset.codec, wanted)
    delimiter = _DELIMITERS.get(found.delimiter, repr(found.delimiter))
    return RecipientList(
        path,
        "csv",
        found.layout.column,
        found.layout.names,
        look.sha256,
        look.state,
        found,
        f"CSV, {look.charset.name}, delimiter {delimiter}",
    )
