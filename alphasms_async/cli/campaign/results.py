"""What became of everybody: the report of a campaign, and the export of its rows."""

import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from rich.text import Text

from alphasms_async import InvalidRequest
from alphasms_async.campaigns import DEFAULT_JOURNAL, SqliteJournal
from alphasms_async.campaigns.export import export_rows
from alphasms_async.campaigns.page import page_of
from alphasms_async.campaigns.report import Report, report_of
from alphasms_async.cli.campaign.run import print_tally, tally_as_json
from alphasms_async.cli.campaign.stored import JournalPath, look_into
from alphasms_async.cli.terminal import Flag, answers, counted, lasting, notes, print_json

__all__ = ["Form", "export", "export_to", "report"]

Form = Literal["csv", "jsonl", "xlsx"]
"""The forms of an export."""

_ENDINGS: dict[str, Form] = {
    "": "csv",
    "csv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "xlsx": "xlsx",
}
_SHOWN = 10


async def report(
    name: str,
    output: Path | None = None,
    /,
    *,
    html: Flag = False,
    journal: JournalPath = DEFAULT_JOURNAL,
    json: Flag = False,
) -> None:
    """Tell how a campaign went, also while it is dialled.

    Parameters
    ----------
    name
        The campaign.
    output
        File for --html; NAME.html when it is not named.
    html
        Write one self-contained page, with charts, to show to others. It has phones in it, whole.
    journal
        File the campaign was planned in.
    json
        Print it as JSON.
    """
    if output is not None and not html:
        raise InvalidRequest("a file goes with --html: without it the report is printed")
    async with look_into(journal) as opened:
        made = await report_of(opened, name)
    if html:
        target = output or Path(f"{_file_name(name)}.html")
        _write(target, page_of(made))
        answers.print(f"report: {target}", markup=False)
    elif json:
        print_json(tally_as_json(name, made.tally, made.money, None))
    else:
        _print(made)


async def export(
    name: str,
    /,
    *,
    format: Form | None = None,  # noqa: A002 - the word on the command line
    output: Path | None = None,
    journal: JournalPath = DEFAULT_JOURNAL,
) -> None:
    """Write a line for everybody of a campaign, phones whole, also while it is dialled.

    Parameters
    ----------
    name
        The campaign.
    format
        csv, jsonl or xlsx; told by the ending of --output when it is not given, else csv.
    output
        File to write; standard output when it is not named.
    journal
        File the campaign was planned in.
    """
    form = format or _form_of(output)
    async with look_into(journal) as opened:
        if output is None:
            await _pour(opened, name, form)
            return
        with notes.status(f"writing {output}") as status:
            count = await export_to(
                opened,
                name,
                output,
                form,
                lambda done: status.update(f"writing {output}: {counted(done, 'line')}"),
            )
    notes.print(f"{counted(count, 'line')} written to {output}", markup=False)


async def _pour(journal: SqliteJournal, name: str, form: Form) -> None:
    """Write an export to standard output, whose reader may leave when it has enough."""
    if form == "xlsx" and sys.stdout.isatty():
        raise InvalidRequest("a workbook is nothing to read on a terminal: name a file, --output")
    try:
        await export_rows(journal, name, form, sys.stdout.buffer, byte_order_mark=False)
    except BrokenPipeError:
        answers.on_broken_pipe()


async def export_to(
    journal: SqliteJournal,
    name: str,
    target: Path,
    form: Form,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Write an export to a file, which is there whole or not at all; return how many lines.

    Raises:
        InvalidRequest: The file cannot be written.
    """
    _refuse_the_journal(target, journal.path)
    try:
        with _written_whole(target) as file:
            return await export_rows(journal, name, form, file, on_progress)
    except OSError as error:
        raise InvalidRequest(f"cannot write {target}: {error.strerror}") from error


def _refuse_the_journal(target: Path, journal: Path) -> None:
    if target.resolve() == journal.resolve():
        raise InvalidRequest(f"{target} is the journal itself: name another file")


def _write(target: Path, page: str) -> None:
    try:
        with _written_whole(target) as file:
            file.write(page.encode())
    except OSError as error:
        raise InvalidRequest(f"cannot write {target}: {error.strerror}") from error


@contextmanager
def _written_whole(target: Path) -> Generator[BinaryIO]:
    """Open a file that takes the target's place at the end, unless something went wrong."""
    # For its owner alone: it has phones in it, whole.
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        made.replace(target)
    except BaseException:
        made.unlink()
        raise


def _form_of(output: Path | None) -> Form:
    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    if ending not in _ENDINGS:
        raise InvalidRequest(f"an export is csv, jsonl or xlsx, not {ending}: say which, --format")
    return _ENDINGS[ending]


def _file_name(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-_. " else "-" for one in name).lstrip(".")


def _print(made: Report) -> None:
    """Print a report in a screenful: standing, outcomes, keys, and what went wrong."""
    answers.print(Text(made.campaign.name, style="bold"))
    print_tally(made.tally, made.money)
    for what, counts in (("outcomes", made.tally.outcomes), ("keys", made.tally.digits)):
        if counts:
            told = ", ".join(f"{one} {count}" for one, count in counts.most_common(_SHOWN))
            answers.print(f"{what}: {told}", markup=False)
    if made.attempts:
        took = lasting(made.took_seconds)
        answers.print(f"{counted(made.attempts, 'attempt')} in {took}", markup=False)
    for trouble in made.troubles.groups[:_SHOWN]:
        answers.print(f"{trouble.count} {trouble.state}: {trouble.reason}", markup=False)
    if made.campaign.halted:
        answers.print(f"stopped: {made.campaign.halted}", markup=False, style="red")
