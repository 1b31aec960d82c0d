"""What became of everybody: the report of a campaign, and the export of its rows."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rich.text import Text

from alphasms_async import InvalidRequest
from alphasms_async.campaigns import DEFAULT_JOURNAL, Journal
from alphasms_async.campaigns.export import export_rows
from alphasms_async.campaigns.page import page_of
from alphasms_async.campaigns.report import Report, report_of
from alphasms_async.cli.campaign.answered import print_outcomes
from alphasms_async.cli.campaign.ended import print_tally
from alphasms_async.cli.campaign.outputs import check_target, written_whole
from alphasms_async.cli.campaign.standing import standings, stopped_in_words
from alphasms_async.cli.journals import JournalPlace, look_into
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
    journal: JournalPlace = DEFAULT_JOURNAL,
    json: Flag = False,
) -> None:
    """Tell how a campaign went, also while it is dialled.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    output
        File for --html; NAME.html when it is not named.
    html
        Write one self-contained page, with charts, to show to others. It has phones in it, whole.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    json
        Print it as JSON.
    """
    if output is not None and not html:
        raise InvalidRequest("a file goes with --html: without it the report is printed")
    async with look_into(journal) as opened:
        if json and not html:
            (standing,) = await standings(opened, name)
            print_json(standing.as_json())
            return
        made = await report_of(opened, name)
    if html:
        target = output or Path(f"{_file_name(name)}.html")
        check_target(target, journal, name, made.campaign.definition)
        with written_whole(target) as file:
            file.write(page_of(made).encode())
        answers.print(f"report: {target}")
    else:
        _print(made)


async def export(
    name: str,
    /,
    *,
    format: Form | None = None,  # noqa: A002 - the word on the command line
    output: Path | None = None,
    journal: JournalPlace = DEFAULT_JOURNAL,
) -> None:
    """Write a line for everybody of a campaign, phones whole.

    ```
    alphasms campaign export spring --output spring.xlsx
    alphasms campaign export spring | grep uncertain
    ```

    It may be dialled meanwhile.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    format
        csv, jsonl or xlsx; told by the ending of --output when it is not given, else csv.
    output
        File to write, in place of what an earlier export wrote; standard output when it is not
        named.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    """
    form = _form_of(output, format)
    async with look_into(journal) as opened:
        if output is None:
            await _pour(opened, name, form)
            return
        with notes.status(Text(f"writing {output}")) as status:

            def show(done: int) -> None:
                status.update(Text(f"writing {output}: {counted(done, 'line')}"))

            count = await export_to(opened, name, output, form, show)
        record = await opened.campaign(name)
        cost = await opened.money(record.id)
    told = f"{counted(count, 'line')} written to {output}"
    if record.is_priced and cost.unpriced:
        told += f", {counted(cost.unpriced, 'call')} without a told price"
    notes.print(told)


async def _pour(journal: Journal, name: str, form: Form) -> None:
    """Write an export to standard output, whose reader may leave when it has enough."""
    if sys.stdout is None:
        # It was closed by whoever started us, who wants nothing of it.
        return
    if form == "xlsx" and sys.stdout.isatty():
        raise InvalidRequest("a workbook is nothing to read on a terminal: name a file, --output")
    try:
        await export_rows(journal, name, form, sys.stdout.buffer, byte_order_mark=False)
    except BrokenPipeError:
        answers.on_broken_pipe()


async def export_to(
    journal: Journal,
    name: str,
    target: Path,
    form: Form,
    on_progress: Callable[[int], None] | None = None,
) -> int:
    """Write an export to a file, which is there whole or not at all; return how many lines.

    Raises:
        InvalidRequest: The file cannot be written, or is one that the campaign was made from.
    """
    check_target(target, journal.place, name, (await journal.campaign(name)).definition)
    with written_whole(target) as file:
        return await export_rows(journal, name, form, file, on_progress)


def _form_of(output: Path | None, wanted: Form | None) -> Form:
    """Return the form that is wanted, or that the file's ending tells; they must not disagree."""
    ending = "" if output is None else output.suffix.lower().removeprefix(".")
    told = _ENDINGS.get(ending)
    if wanted is None and told is None:
        raise InvalidRequest(f"an export is csv, jsonl or xlsx, not {ending}: say which, --format")
    if wanted and told and ending and wanted != told:
        raise InvalidRequest(f"{output} ends like {told}, and --format is {wanted}: choose one")
    return wanted or told or "csv"


def _file_name(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-_. " else "-" for one in name).lstrip(".")


def _print(made: Report) -> None:
    """Print a report in a screenful: standing, outcomes, keys, and what went wrong."""
    answers.print(Text(made.campaign.name, style="bold"))
    print_tally(made.campaign, made.tally, made.money)
    print_outcomes(made.tally, made.campaign.opt_out)
    if made.attempts:
        took = lasting(made.took_seconds)
        answers.print(f"{counted(made.attempts, 'attempt')} in {took}")
    for trouble in made.troubles.groups[:_SHOWN]:
        answers.print(f"{trouble.count} {trouble.state}: {trouble.reason}")
    if made.campaign.halted:
        answers.print(stopped_in_words(made.campaign.halted), style="red")
