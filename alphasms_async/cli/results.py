"""The results of a run: a CSV file that grows as they come, and the table at the end."""

import csv
import errno
import io
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from rich.table import Table

from alphasms_async.cli.recipients import Recipient
from alphasms_async.cli.terminal import answers, counted, money, notes
from alphasms_async.errors import InvalidRequest
from alphasms_async.outcomes import DialOutcome, DialResult, Summary

__all__ = ["ResultFile", "open_results", "print_summary", "refuse_existing", "summary_as_json"]

_COLUMNS = ("line", "phone", "outcome", "id", "price", "error")
_MEANING = {
    DialOutcome.ACCEPTED: "queued, the phone will ring",
    DialOutcome.REFUSED: "the gateway said no, nothing rings",
    DialOutcome.NOT_SENT: "never left, safe to dial again",
    DialOutcome.UNCERTAIN: "may ring: look before dialling again",
    DialOutcome.INVALID: "not a phone number",
    DialOutcome.DUPLICATE: "stood in the list before",
}
_STYLES = {DialOutcome.ACCEPTED: "green", DialOutcome.UNCERTAIN: "yellow"}


class ResultFile:
    """A CSV file of results, whole after each line. A result it cannot take goes to the screen."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.error: OSError | None = None
        """Why a line could not be written. `None` while all could."""
        self._write(_COLUMNS)

    def write(self, result: DialResult) -> None:
        """Add one result; phones stand there whole, for this file is what a person asked for."""
        call = result.call
        recipient = result.recipient
        self._write(
            (
                str(recipient.line) if isinstance(recipient, Recipient) else "",
                result.phone or _no_formula(recipient),
                result.outcome,
                str(call.id) if call else "",
                f"{call.price:f}" if call else "",
                _no_formula(str(result.error or "")),
            )
        )

    def _write(self, cells: Sequence[str]) -> None:
        line = io.StringIO()
        csv.writer(line).writerow(cells)
        data = line.getvalue().encode()
        try:
            if self.error is None and self._file.write(data) < len(data):
                # What a full disk does to an unbuffered file; the next line would be refused.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301
        except OSError as error:
            self.error = error
        if self.error is not None:
            notes.print(f"not in the results file: {line.getvalue().strip()}", markup=False)


@contextmanager
def open_results(path: Path) -> Generator[ResultFile]:
    """Open a new file for results.

    Raises:
        InvalidRequest: It cannot be written, or is there already: results of an earlier run tell
            who was called, and must not be lost.
    """
    try:
        # Unbuffered: what is told to be written is written.
        file = FileIO(path, "x")
    except OSError as error:
        raise InvalidRequest(f"cannot write the results to {path}: {error.strerror}") from error
    with file:
        yield ResultFile(file)


def refuse_existing(path: Path) -> None:
    """Raise `InvalidRequest` when there are results already at this place."""
    if path.exists():
        raise InvalidRequest(
            f"{path} is there already, it tells whom an earlier run called: "
            "move it, or name another with --output"
        )


def print_summary(summary: Summary, untried: int = 0) -> None:
    """Print how many ended how, and what it costs; `untried` never had their turn."""
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("outcome")
    table.add_column("recipients", justify="right")
    table.add_column("price", justify="right")
    table.add_column("what it means", style="dim")
    for outcome, count in _counts(summary, untried).items():
        if count or outcome is DialOutcome.ACCEPTED:
            price = money(summary.price) if outcome is DialOutcome.ACCEPTED else ""
            style = _STYLES.get(outcome, "")
            table.add_row(outcome, str(count), price, _MEANING[outcome], style=style)
    answers.print(table)
    if summary.stopped is not None:
        notes.print(f"stopped: {summary.stopped}", markup=False, style="red")
    if untried:
        notes.print(f"{counted(untried, 'recipient')} of these never had their turn")


def summary_as_json(summary: Summary, untried: int) -> dict[str, object]:
    """Return the same as plain data."""
    counts = _counts(summary, untried)
    return {
        "recipients": sum(counts.values()),
        "outcomes": {outcome.value: count for outcome, count in counts.items()},
        "price": f"{summary.price:f}",
        "untried": untried,
        "stopped": str(summary.stopped) if summary.stopped else None,
    }


def _counts(summary: Summary, untried: int) -> dict[DialOutcome, int]:
    """Count who never had a turn as not sent, as the results file does."""
    counts = {outcome: summary.counts[outcome] for outcome in DialOutcome}
    counts[DialOutcome.NOT_SENT] += untried
    return counts


def _no_formula(cell: str) -> str:
    """Keep a spreadsheet from running a cell that somebody else wrote."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
