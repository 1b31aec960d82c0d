"""`alphasms dial`: plan and run in one command, which goes on when it is given again."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio.to_thread
from attrs import evolve

from alphasms_async import AlphaSMSError, InvalidRequest
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    Campaign,
    Journal,
    Plan,
    RecipientList,
    RowState,
    open_list,
)
from alphasms_async.cli.campaign.choosing import Chosen, choose, refuse_called_lately
from alphasms_async.cli.campaign.options import Heard, Limits, make_campaign
from alphasms_async.cli.campaign.outcomes import Hooked, outcomes_of, received
from alphasms_async.cli.campaign.outputs import check_target
from alphasms_async.cli.campaign.overview import show_plan
from alphasms_async.cli.campaign.plan import written_plan
from alphasms_async.cli.campaign.results import export_to
from alphasms_async.cli.campaign.run import dial_campaign
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.journals import JournalPlace, book, command_line
from alphasms_async.cli.terminal import ExitCode, Flag, asks, confirm, counted, notes

__all__ = ["dial"]


async def dial(
    list: Path,  # noqa: A002 - the word on the command line
    /,
    *,
    heard: Heard | None = None,
    limits: Limits | None = None,
    hooked: Hooked | None = None,
    column: str | None = None,
    output: Path | None = None,
    again: Flag = False,
    journal: JournalPlace = DEFAULT_JOURNAL,
    yes: Flag = False,
    json: Flag = False,
) -> ExitCode:
    """Call every phone of a list, each once.

    The short form of `alphasms campaign plan` and `run`: it shows the plan and asks, then dials.
    The same command goes on after Ctrl-C, a crash or a power cut: a campaign named after the list
    remembers who was called. Results are written when it ends. A list with phones that another
    campaign called in the last 24 hours is refused, unless `--again` says that they may ring again.

    ```
    alphasms dial clients.csv --audio promo.wav --per-second 20 --budget 500 --window 09:00-20:00
    ```

    With --hook-url, and --listen to receive them here, the results tell outcomes and keys too.

    Exit codes: 0 all accepted, 1 fault or no results written, 2 bad input or already dialled, 3
    some were not accepted, 4 it stopped itself and says why, 130 interrupted, or the question was
    answered with no.

    Parameters
    ----------
    list
        CSV, JSON Lines or .xlsx file with the phones, with or without a header.
    column
        Header or number of the phone column, when it is not called phone, number, mobile,
        телефон or номер.
    output
        CSV file for the results; for clients.csv it is clients.results.csv.
    again
        Begin a new campaign, which calls everybody of the list: also those who were called.
    journal
        Journal that remembers who was called: a file, or postgresql://user@host/database.
    yes
        Do not ask.
    json
        Print how it ended as JSON.
    """
    if not yes and not asks():
        raise InvalidRequest("phones would ring, and nobody is there to be asked: add --yes")
    client, outcomes = gateway(), outcomes_of(hooked)
    listed = await anyio.to_thread.run_sync(open_list, list, column)
    described = evolve(await make_campaign("unnamed", heard, limits), list_sha256=listed.sha256)
    outcomes.check(described)
    async with (
        book(journal, f"dial {list}", must_exist=False) as opened,
        received(outcomes, opened) as awaited,
    ):
        chosen = await choose(opened, described, listed, again=again)
        target = _target(list, output, chosen, journal)
        check = None if again else partial(refuse_called_lately, chosen, journal)
        if not await _agreed(opened, chosen, listed, check, yes=yes, json=json):
            notes.print("nothing was dialled")
            return ExitCode.INTERRUPTED
        record = await opened.campaign(chosen.campaign.name)
        # As the journal has it: `campaign budget` may have changed it since it was planned.
        campaign = Campaign.from_json(record.name, record.definition, chosen.campaign.kind)
        written = False
        try:
            dialer = outcomes.dialer(client, opened, campaign)
            code = await dial_campaign(opened, record, dialer, client, awaited=awaited, json=json)
        finally:
            with anyio.CancelScope(shield=True):
                written = await _write_results(opened, record.name, target)
        return code if written else ExitCode.FAULT


def _target(
    list: Path,  # noqa: A002 - as above
    output: Path | None,
    chosen: Chosen,
    journal: Path | str,
) -> Path:
    """Return where the results go; what is there already is kept, unless it is this campaign's."""
    name = chosen.campaign.name if chosen.older else list.stem
    target = output or list.with_name(f"{name}.results.csv")
    if not target.parent.is_dir():
        raise InvalidRequest(f"cannot write the results to {target}: there is no such folder")
    if target.is_dir() or not os.access(target.parent, os.W_OK):
        raise InvalidRequest(f"cannot write the results to {target}: name another with --output")
    if target.exists() and not chosen.is_there:
        raise InvalidRequest(
            f"{target} is there already, it may tell whom an earlier run called: "
            "move it, or name another with --output"
        )
    check_target(target, journal, chosen.campaign.name, chosen.campaign.as_json())
    return target


async def _write_results(journal: Journal, name: str, target: Path) -> bool:
    """Write the results; return whether that went well. The journal has them in any case."""
    try:
        await export_to(journal, name, target, "csv")
    except AlphaSMSError as error:
        export = command_line("export", name, journal.place, "--output", "FILE")
        notes.print(f"{error}; the journal has the results: {export}")
        return False
    notes.print(f"results: {target}")
    return True


async def _agreed(
    journal: Journal,
    chosen: Chosen,
    listed: RecipientList,
    check: Callable[[Plan], None] | None,
    *,
    yes: bool,
    json: bool,
) -> bool:
    """Plan what is new, tell what goes on, and ask; what nobody agreed to is not kept."""
    name = chosen.campaign.name
    if chosen.is_there:
        tally = await journal.tally((await journal.campaign(name)).id)
        left = tally.states[RowState.PLANNED]
        notes.print(f"going on with {name}")
        return yes or confirm(f"Dial the {counted(left, 'phone')} that are left?")
    plan, quotes = await written_plan(journal, chosen.campaign, listed, check=check)
    agreed = False
    try:
        show_plan(listed, plan, quotes, aside=json)
        agreed = yes or confirm(f"Dial {counted(plan.to_dial, 'phone')}?")
    finally:
        if not agreed:
            with anyio.CancelScope(shield=True):
                await journal.discard(name)
    return agreed
