"""`export_rows`: everybody in a campaign, as CSV, JSON Lines or a spreadsheet's workbook."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import BinaryIO, Literal, Protocol, get_args

import anyio
import anyio.to_thread

from alphasms_async.campaigns.export.cells import COLUMNS, Cell, cells_of, guarded, plain_values
from alphasms_async.campaigns.export.outlets import write_whole
from alphasms_async.campaigns.export.spreadsheets import MAX_ROWS, Spreadsheet
from alphasms_async.campaigns.export.summary import Summary
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.errors import InvalidRequest

__all__ = ["ExportForm", "export_rows"]

ExportForm = Literal["csv", "jsonl", "xlsx"]
"""What an export can be."""

_PAGE = 1000
# JSON leaves them as they are, and many programs end a line at them.
_LINE_ENDS = {ord(one): f"\\u{ord(one):04x}" for one in "\u0085\u2028\u2029"}


class _Writer(Protocol):
    """Writes rows one page after the other; each method blocks, and is called in a thread."""

    def add(self, rows: Sequence[RowRecord]) -> None: ...

    def end(self) -> None: ...

    def close(self) -> None: ...


async def export_rows(
    journal: Journal,
    name: str,
    form: ExportForm,
    out: BinaryIO,
    on_progress: Callable[[int], None] | None = None,
    *,
    byte_order_mark: bool = True,
) -> int:
    """Write all recipients of a campaign in the list's order; return how many they are.

    Phones stand there whole. A cell that would be a formula has an apostrophe before it, but for
    JSON Lines, where nothing can become one. Memory does not grow with the campaign.

    Args:
        journal: The journal, entered.
        name: The campaign's name.
        form: `csv` (UTF-8), `jsonl` (prices are texts, so that they stay exact), or `xlsx`, which
            has a second sheet with what they come to, by state, outcome and keys.
        out: Open for writing bytes; a pipe will do. It is flushed and left open. A workbook is
            written to it when it is complete, so nothing is if that fails.
        on_progress: Told now and then how many rows have been written.
        byte_order_mark: Whether `csv` begins with the mark without which Excel misreads Cyrillic,
            and which a program that reads a pipe takes for a part of the first header.

    Raises:
        InvalidRequest: There is no such campaign or form, or the rows are more than a workbook
            holds; nothing was written.
        ImportError: A workbook needs xlsxwriter, which is not installed.
        JournalError: The journal cannot be read.
        OSError: Writing failed: the disk is full, or the reader of a pipe is gone.
    """
    if form not in get_args(ExportForm):
        raise InvalidRequest(f"an export is csv, jsonl or xlsx, not {form!r}")
    record = await journal.campaign(name)
    campaign = record.id
    if form == "xlsx":
        _check_fits((await journal.tally(campaign)).total)
    summary = Summary(record.opt_out, record.is_priced)
    writer = await anyio.to_thread.run_sync(_writer, form, out, byte_order_mark, summary)
    count = after = 0
    try:
        while rows := await journal.rows(campaign, after=after, limit=_PAGE):
            await anyio.to_thread.run_sync(writer.add, rows)
            count, after = count + len(rows), rows[-1].id
            if on_progress is not None:
                on_progress(count)
        await anyio.to_thread.run_sync(writer.end)
    finally:
        # What a workbook keeps in files beside it goes away, whatever happened.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(writer.close)
    return count


def _writer(
    form: ExportForm,
    out: BinaryIO,
    byte_order_mark: bool,  # noqa: FBT001 - for a thread
    summary: Summary,
) -> _Writer:
    match form:
        case "csv":
            mark = "\ufeff" if byte_order_mark else ""
            return _Lines(out, _csv_lines, mark + _csv([COLUMNS]))
        case "jsonl":
            return _Lines(out, _json_lines)
        case "xlsx":
            return Spreadsheet(out, summary)


def _check_fits(total: int) -> None:
    if total > MAX_ROWS:
        raise InvalidRequest(
            f"a workbook holds {MAX_ROWS:,} rows and the campaign has {total:,}: "
            "export it as csv or jsonl"
        )


class _Lines:
    """A form in which each page is a text of its own."""

    def __init__(
        self, out: BinaryIO, encode: Callable[[Sequence[RowRecord]], str], head: str = ""
    ) -> None:
        self._out = out
        self._encode = encode
        self._head = head

    def add(self, rows: Sequence[RowRecord]) -> None:
        write_whole(self._out, (self._head + self._encode(rows)).encode())
        self._head = ""

    def end(self) -> None:
        write_whole(self._out, self._head.encode())
        # Now, while the failure of a full disk still has somebody to be told to.
        self._out.flush()

    def close(self) -> None:
        """Nothing is left to let go of."""


def _json_lines(rows: Sequence[RowRecord]) -> str:
    lines = (json.dumps(plain_values(row), ensure_ascii=False) for row in rows)
    return "".join(f"{line.translate(_LINE_ENDS)}\n" for line in lines)


def _csv_lines(rows: Sequence[RowRecord]) -> str:
    return _csv([_csv_cell(cell) for cell in cells_of(row)] for row in rows)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    lines = io.StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue()


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return "" if cell is None else guarded(cell) if isinstance(cell, str) else str(cell)
