"""A list as CSV: found out how it is written, and read row by row."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from alphasms_async.campaigns.lists.columns import (
    LOOKED_AT_ROWS,
    Layout,
    Row,
    count_phones,
    find_layout,
)
from alphasms_async.campaigns.lists.files import refusal
from alphasms_async.campaigns.lists.text_lines import TextLines, text_lines
from alphasms_async.errors import InvalidRequest

__all__ = ["Table", "find_table"]

_DELIMITERS = ",;\t|"
_LOOKED_AT_LINES = 40
_EXCEL_NOTE = re.compile(r'("?)sep=([^"])\1', re.IGNORECASE)
_REASONS = {
    "unexpected end of data": "a quote is opened here and never closed",
    "field larger than field limit": "a field of over 128 KB: is a quote left open?",
    "expected after": "a quote stands inside a quoted field: write it twice",
}


@frozen
class _Dialect:
    codec: str
    delimiter: str
    skipped_lines: int
    """The lines up to the spreadsheet's own note of the delimiter, 0 without one."""


@frozen
class _Read:
    line: int
    """The line the row begins on, counted from 1."""
    end: int
    """The line it ends on."""
    cells: list[str]


@frozen
class Table:
    """How a CSV file is written, and where its phones stand."""

    path: Path
    """The file, for the errors."""
    layout: Layout
    """The phone column and the headers."""
    _dialect: _Dialect

    @property
    def delimiter(self) -> str:
        """The one character between two cells."""
        return self._dialect.delimiter

    def rows(self, file: BinaryIO) -> Iterator[Row]:
        """Yield the recipients of the open file, in bounded memory.

        Raises:
            InvalidRequest: A quote is not closed or not doubled, or a row has no end.
        """
        rows = _read(self.path, file, self._dialect)
        for row in islice(rows, 1 if self.layout.headers else 0, None):
            yield self.layout.row(row.line, row.cells)


def find_table(path: Path, file: BinaryIO, codec: str, wanted: str | None) -> Table:
    """Look at the first rows of a CSV file, and say how it is to be read.

    Args:
        path: The file's name, for the errors.
        file: Open for reading bytes.
        codec: Python's name of its encoding.
        wanted: The phone column's header or number, `None` to look for it.

    Raises:
        InvalidRequest: It has no recipients or no such column, or its first rows are broken.
    """
    dialect = _noted(path, file, codec)
    if dialect is None:
        candidates = [_Dialect(codec, delimiter, 0) for delimiter in _DELIMITERS]
        dialect = _best(path, file, candidates)
    rows = [row.cells for row in islice(_read(path, file, dialect), LOOKED_AT_ROWS)]
    if not rows:
        raise refusal(path, "is empty: one phone number a line is needed")
    layout = find_layout(path, rows, wanted)
    if layout.headers and len(rows) == 1:
        raise refusal(path, "is empty but for its header: one phone a line is needed")
    return Table(path, layout, dialect)


def _noted(path: Path, file: BinaryIO, codec: str) -> _Dialect | None:
    """Return what the spreadsheet's own note says, which stands before everything else."""
    with text_lines(path, file, codec) as lines:
        for line in lines:
            lines.begin_row()
            if line.strip("\r\n"):
                note = _EXCEL_NOTE.fullmatch(line.rstrip("\r\n"))
                return _Dialect(codec, note[2], lines.count) if note else None
    return None


def _best(path: Path, file: BinaryIO, candidates: list[_Dialect]) -> _Dialect:
    samples = {one: _sample(path, file, one) for one in candidates}
    ends = [rows[-1].end for rows in samples.values() if rows]
    last_line = min(max(ends, default=1), _LOOKED_AT_LINES)
    return max(candidates, key=lambda one: _score(samples[one], last_line))


def _sample(path: Path, file: BinaryIO, dialect: _Dialect) -> list[_Read]:
    """Return the rows of the first lines, as far as they can be read with this delimiter."""
    sample: list[_Read] = []
    try:
        for row in _read(path, file, dialect):
            if row.line > _LOOKED_AT_LINES:
                break
            sample.append(row)
    except InvalidRequest:
        # A quoted cell looks broken when it is cut at the wrong character.
        return sample
    return sample


def _score(sample: list[_Read], last_line: int) -> tuple[bool, float, float, int]:
    """Return how well a delimiter fits: what cuts most lines into equally many cells fits best.

    Where none does, rows lack their last cells or there is one column: then the phones decide.
    """
    # Lines, not rows: cut wrongly, a note of many lines would outweigh the row it belongs to.
    lines = Counter[int]()
    for row in sample:
        lines[len(row.cells)] += min(row.end, last_line) - row.line + 1
    width, times = max(lines.items(), key=lambda one: (one[1], one[0]), default=(0, 0))
    rows = [row.cells for row in sample]
    places = range(max(lines, default=0))
    phones = max((count_phones(rows, place) for place in places), default=0)
    same = times / last_line
    return (True, same, phones, width) if width > 1 else (False, phones, same, width)


def _read(path: Path, file: BinaryIO, dialect: _Dialect) -> Iterator[_Read]:
    """Yield the rows that have anything in them."""
    with text_lines(path, file, dialect.codec) as lines:
        for _ in range(dialect.skipped_lines):
            next(lines, None)
            lines.begin_row()
        # Strict: a quote that is never closed would swallow the lines behind it.
        reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
        while (line := lines.begin_row()) and (cells := _next(reader, lines, line)) is not None:
            if any(map(str.strip, cells)):
                yield _Read(line, lines.count, cells)


def _next(reader: Iterator[list[str]], lines: TextLines, line: int) -> list[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        said = str(error)
        reason = next((ours for theirs, ours in _REASONS.items() if theirs in said), said)
        raise refusal(lines.path, reason, line=line) from None
