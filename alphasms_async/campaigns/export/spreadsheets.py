"""An export as a spreadsheet's workbook (.xlsx), written by XlsxWriter, which is an extra."""

import importlib
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from alphasms_async.campaigns.export.cells import COLUMNS, Cell, cells_of, guarded
from alphasms_async.campaigns.export.outlets import write_whole
from alphasms_async.campaigns.export.summary import HEADER, Summary
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.extras import extra

__all__ = ["MAX_ROWS", "Spreadsheet"]

MAX_ROWS = 1_048_575
"""How many rows a workbook's sheet holds below its header."""

# In characters; what is not here is as wide as a number or a word.
_WIDTHS = {
    "of the answered": 17,
    "phone": 17,
    "id": 14,
    "error": 60,
    "called_at": 27,
    "told_at": 27,
}
_WIDTH = 11
# A spreadsheet keeps 15 digits of a number, and so many characters of a text.
_EXACT = 10**15
_LONGEST_TEXT = 32_767
_COPIED_BYTES = 256 * 1024
_OPTIONS = {
    # A row is written down when the next one begins, and nothing is kept of it.
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


class Spreadsheet:
    """A workbook of everybody, and of what they come to together.

    It is made in a folder of its own and handed over when it is complete. Each method blocks.

    Args:
        out: What it is written to in the end, open for bytes.
        summary: What counts the rows for the second sheet.

    Raises:
        ImportError: XlsxWriter is not installed.
        OSError: There is no room for temporary files.
    """

    def __init__(self, out: BinaryIO, summary: Summary) -> None:
        self._out = out
        self._summary = summary
        self._module = _xlsxwriter()
        self._folder = TemporaryDirectory(prefix="alphasms-export-")
        self._path = Path(self._folder.name, "export.xlsx")
        self._book: Any = self._module.Workbook(
            str(self._path), {**_OPTIONS, "tmpdir": self._folder.name}
        )
        self._book.use_zip64()
        self._price: Any = self._book.add_format({"num_format": "0.00##"})
        self._share: Any = self._book.add_format({"num_format": "0.0%"})
        self._sheet: Any = self._begun("recipients", COLUMNS)
        self._last = 0

    def add(self, rows: Sequence[RowRecord]) -> None:
        """Write some rows more."""
        self._summary.add(rows)
        for row in rows:
            self._last += 1
            for column, cell in enumerate(cells_of(row)):
                self._write(column, cell)

    def end(self) -> None:
        """Complete the workbook and hand it over."""
        self._sheet.autofilter(0, 0, self._last, len(COLUMNS) - 1)
        self._add_summary()
        try:
            self._book.close()
        except self._module.exceptions.FileCreateError as error:
            # It hides which error of the system it was, in an error that is none of them.
            raise OSError(*error.args[0].args) from error
        with self._path.open("rb") as made:
            while piece := made.read(_COPIED_BYTES):
                write_whole(self._out, piece)
        self._out.flush()

    def close(self) -> None:
        """Take away the folder, with whatever is in it."""
        # A workbook that was given up still has its rows open; they need not be written any more.
        for sheet in self._book.worksheets():
            with suppress(OSError):
                sheet.row_data_fh.close()
        self._folder.cleanup()

    def _begun(self, title: str, columns: Sequence[str]) -> Any:
        sheet = self._book.add_worksheet(title)
        bold = self._book.add_format({"bold": True})
        for column, name in enumerate(columns):
            sheet.set_column(column, column, _WIDTHS.get(name, _WIDTH))
            sheet.write_string(0, column, name, bold)
        sheet.freeze_panes(1, 0)
        # Phones are texts that look like numbers, and are meant to be.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    def _add_summary(self) -> None:
        sheet = self._begun("summary", HEADER)
        for row, (what, which, count, share) in enumerate(self._summary.lines(), start=1):
            sheet.write_string(row, 0, what)
            sheet.write_string(row, 1, guarded(which))
            sheet.write_number(row, 2, count)
            if share is not None:
                sheet.write_number(row, 3, float(share), self._share)

    def _write(self, column: int, cell: Cell) -> None:
        match cell:
            case None:
                pass
            case int() if abs(cell) < _EXACT:
                self._sheet.write_number(self._last, column, cell)
            case Decimal() if Decimal(repr(float(cell))) == cell:
                self._sheet.write_number(self._last, column, float(cell), self._price)
            case Decimal():
                self._text(column, f"{cell:f}")
            case _:
                self._text(column, guarded(str(cell)))

    def _text(self, column: int, text: str) -> None:
        self._sheet.write_string(self._last, column, text[:_LONGEST_TEXT])


def _xlsxwriter() -> Any:
    # Late, for this is an extra; and by name, for it has no types.
    with extra("An export to a workbook", '"alphasms-async[xlsx]"', "xlsxwriter"):
        return importlib.import_module("xlsxwriter")
