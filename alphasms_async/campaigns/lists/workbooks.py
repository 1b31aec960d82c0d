"""A list as a spreadsheet's workbook (.xlsx), read by python-calamine, which is an extra."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from attrs import frozen

from alphasms_async.campaigns.lists.archives import broken_is_refused, check_archive
from alphasms_async.campaigns.lists.columns import (
    LOOKED_AT_ROWS,
    Cells,
    Layout,
    Row,
    find_layout,
)
from alphasms_async.campaigns.lists.files import refusal
from alphasms_async.extras import extra

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

__all__ = ["Workbook", "find_workbook"]

_Cell = int | float | str | bool | time | date | datetime | timedelta
# Whole numbers up to here are exact in a spreadsheet, which keeps 15 digits.
_EXACT = 10**15


@frozen
class Workbook:
    """Which sheet of a workbook the list is, and where its phones stand."""

    path: Path
    """The file, for the errors."""
    sheet: str
    """The sheet's name: the first one that has rows, a hidden one only if no other has."""
    layout: Layout
    """The phone column and the headers."""

    def rows(self, file: BinaryIO) -> Iterator[Row]:
        """Yield the recipients of the open file; the sheet is in memory meanwhile.

        Raises:
            InvalidRequest: The workbook is broken.
            ImportError: python-calamine is not installed.
        """
        workbook = _open(self.path, file)
        with broken_is_refused(self.path):
            sheet = workbook.get_sheet_by_name(self.sheet)
        rows = _cells(self.path, sheet)
        for line, cells in islice(rows, 1 if self.layout.headers else 0, None):
            yield self.layout.row(line, cells)


def find_workbook(path: Path, file: BinaryIO, wanted: str | None) -> Workbook:
    """Look at the first rows of a workbook, and say how it is to be read.

    Args:
        path: The file's name, for the errors.
        file: Open for reading bytes.
        wanted: The phone column's header or number, `None` to look for it.

    Raises:
        InvalidRequest: It is no readable workbook, has no recipients or no such column.
        ImportError: python-calamine is not installed.
    """
    check_archive(path, file)
    workbook = _open(path, file)
    with broken_is_refused(path):
        sheet = _first_sheet(workbook)
    if sheet is None:
        raise refusal(path, "is empty: one phone number a row is needed")
    rows = [cells for _, cells in islice(_cells(path, sheet), LOOKED_AT_ROWS)]
    if not rows:
        raise refusal(path, "is empty: one phone number a row is needed")
    layout = find_layout(path, rows, wanted)
    if layout.headers and len(rows) == 1:
        raise refusal(path, "is empty but for its header: one phone a row is needed")
    return Workbook(path, sheet.name, layout)


def _open(path: Path, file: BinaryIO) -> "CalamineWorkbook":
    # Late, for this is an extra: who has no workbooks needs no reader of them.
    with extra("A list in a workbook", '"alphasms-async[xlsx]"', "python_calamine"):
        from python_calamine import CalamineWorkbook
    file.seek(0)
    with broken_is_refused(path):
        return CalamineWorkbook.from_filelike(file)


def _first_sheet(workbook: "CalamineWorkbook") -> "CalamineSheet | None":
    from python_calamine import SheetVisibleEnum

    sheets = sorted(
        workbook.sheets_metadata, key=lambda one: one.visible is not SheetVisibleEnum.Visible
    )
    found = (workbook.get_sheet_by_name(one.name) for one in sheets)
    return next((one for one in found if one.start is not None), None)


def _cells(path: Path, sheet: "CalamineSheet") -> Iterator[tuple[int, Cells]]:
    """Yield the rows that have anything in them, each with its number."""
    # Rows are given from the sheet's top, but cells from the first used column on.
    indent = [""] * (sheet.start[1] if sheet.start else 0)
    rows = sheet.iter_rows()
    for number in count(1):
        with broken_is_refused(path):
            # A cell may hold a time that Python has no value for.
            row = next(rows, None)
        if row is None:
            return
        cells = indent + [_text(value) for value in row]
        if any("\0" in cell for cell in cells):
            raise refusal(path, "a NUL character, which no text has: delete it", line=number)
        if any(map(str.strip, cells)):
            yield number, cells


def _text(value: _Cell) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, date | time):
        return value.isoformat()
    return _duration(value) if isinstance(value, timedelta) else str(value)


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
