"""`alphasms campaign next`: a list of those who are to be called once more, or told something."""

import csv
import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO

from cyclopts import Parameter

from alphasms_async.campaigns import DEFAULT_JOURNAL, RowRecord, Selection, selected_rows
from alphasms_async.cli.campaign.outputs import check_target, written_whole
from alphasms_async.cli.journals import JournalPlace, command_line, look_into
from alphasms_async.cli.terminal import ExitCode, answers, counted, hint, notes

__all__ = ["Conditions", "next_list"]

Conditions = Annotated[tuple[str, ...], Parameter(negative="", show_default=False)]
"""What must hold of a recipient, such as outcome=no_answer."""

_PHONE = "phone"


async def next_list(
    name: str,
    /,
    *,
    where: Conditions = (),
    output: Path | None = None,
    journal: JournalPlace = DEFAULT_JOURNAL,
) -> ExitCode:
    """Write a list of those whom a campaign left in a certain way, for `alphasms campaign plan`.

    Conditions are outcome, digits, state and reason. Of several values, parted by commas, one
    must be met; of several --where, all. Nobody on the do-not-call list is on it, nor whoever
    this campaign may yet call, unless the state is asked for.

    ```
    alphasms campaign next spring --where outcome=no_answer,busy --output again.csv
    alphasms campaign next spring --where digits=2 --output said-no.csv
    alphasms campaign next spring --where state=refused
    ```

    It has the phones, whole, and the columns that the campaign's text was filled in from.

    Exit codes: 0 written, 2 bad input, 3 nobody is to be on it, and nothing was written.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    where
        Condition, such as outcome=no_answer or digits=2; may be given several times.
    output
        CSV file to write; standard output when it is not named.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    """
    selection = Selection.parse(where)
    async with look_into(journal) as opened:
        record = await opened.campaign(name)
        if output is not None:
            check_target(output, opened.place, name, record.definition)
        rows = selected_rows(opened, name, selection)
        first = await anext(rows, None)
        if first is None:
            notes.print("nobody is to be on that list, so there is none")
            return ExitCode.SOME_NOT
        if output is None:
            count = await _pour(first, rows)
        else:
            with written_whole(output) as file:
                count = await _write(first, rows, file, "utf-8-sig")
    if output is None:
        notes.print(counted(count, "phone"))
    else:
        command = command_line("plan", str(output), journal, "--name NAME --audio FILE")
        hint(f"{counted(count, 'phone')} written to {output}; next", command)
    return ExitCode.ACCEPTED


async def _pour(first: RowRecord, rows: AsyncIterator[RowRecord]) -> int:
    """Write the list to standard output, whose reader may leave when it has enough."""
    if sys.stdout is None:
        # It was closed by whoever started us, who wants nothing of it.
        return 0
    try:
        return await _write(first, rows, sys.stdout.buffer, "utf-8")
    except BrokenPipeError:
        answers.on_broken_pipe()
        return 0


async def _write(
    first: RowRecord, rows: AsyncIterator[RowRecord], file: BinaryIO, charset: str
) -> int:
    """Write the list as it is read; return how many phones are on it."""
    columns = [column for column in first.columns if column.casefold() != _PHONE]
    text = io.TextIOWrapper(file, charset, newline="")
    try:
        writer = csv.writer(text)
        writer.writerow([_PHONE, *columns])
        count = 0
        row: RowRecord | None = first
        while row is not None:
            writer.writerow([row.phone, *(row.columns.get(column, "") for column in columns)])
            count += 1
            row = await anext(rows, None)
        text.flush()
    finally:
        # Closed by whoever opened it.
        text.detach()
    return count
