"""`alphasms dial`: plan and run in one command, which goes on when it is given again."""

import hashlib
import json as json_
import os
import re
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

import anyio.to_thread
from attrs import evolve, frozen

from alphasms_async import AlphaSMSError, InvalidRequest
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    Campaign,
    CampaignRecord,
    CampaignState,
    RecipientList,
    RowState,
    SqliteJournal,
    open_list,
)
from alphasms_async.cli.campaign.options import Heard, Limits, make_campaign
from alphasms_async.cli.campaign.plan import show_plan, show_warnings, written_plan
from alphasms_async.cli.campaign.results import export_to
from alphasms_async.cli.campaign.run import dial_campaign
from alphasms_async.cli.campaign.stored import JournalPath, book, command_line
from alphasms_async.cli.terminal import ExitCode, Flag, asks, confirm, counted, notes

__all__ = ["dial"]

_LONGEST_STEM = 60
_DIGEST_DIGITS = 8
_MARK = f"[0-9a-f]{{{_DIGEST_DIGITS}}}(-[0-9]+)?"
_OVER = {CampaignState.FINISHED, CampaignState.CANCELLED}


@frozen
class _Chosen:
    """The campaign a command is about."""

    campaign: Campaign
    is_first: bool
    """Whether no older campaign of the journal is named after a list of this name."""
    is_there: bool
    """Whether an earlier command has begun it."""


async def dial(
    list: Path,  # noqa: A002 - the word on the command line
    /,
    *,
    heard: Heard | None = None,
    limits: Limits | None = None,
    column: str | None = None,
    output: Path | None = None,
    again: Flag = False,
    journal: JournalPath = DEFAULT_JOURNAL,
    yes: Flag = False,
    json: Flag = False,
) -> ExitCode:
    """Call every phone of a list, each once.

    The short form of `alphasms campaign plan` and `run`: it shows the plan and asks, then dials.
    The same command goes on after Ctrl-C, a crash or a power cut: a campaign named after the list
    remembers who was called. Results are written when it ends.

    ```
    alphasms dial clients.csv --audio promo.wav --per-second 20 --budget 500 --window 09:00-20:00
    ```

    Exit codes: 0 all accepted, 2 bad input or already dialled, 3 some were not, 4 it stopped
    itself, 130 interrupted.

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
        Call a list again that was dialled to its end, in a new campaign.
    journal
        File that remembers who was called.
    yes
        Do not ask.
    json
        Print how it ended as JSON.
    """
    listed = await anyio.to_thread.run_sync(open_list, list, column)
    described = evolve(await make_campaign("unnamed", heard, limits), list_sha256=listed.sha256)
    async with book(journal, f"dial {list}", must_exist=False) as opened:
        chosen = await _chosen(opened, described, listed, again=again)
        target = _target(list, output, chosen)
        if not await _agreed(opened, chosen, listed, yes=yes):
            notes.print("nothing was dialled")
            return ExitCode.INTERRUPTED
        record = await opened.campaign(chosen.campaign.name)
        # As the journal has it: `campaign budget` may have changed it since it was planned.
        campaign = Campaign.from_json(record.name, record.definition, chosen.campaign.kind)
        written = False
        try:
            code = await dial_campaign(opened, record, campaign, json=json)
        finally:
            with anyio.CancelScope(shield=True):
                written = await _write_results(opened, record.name, target)
        return code if written else ExitCode.FAULT


async def _chosen(
    journal: SqliteJournal, described: Campaign, listed: RecipientList, *, again: bool
) -> _Chosen:
    """Return the campaign the command is about, the one it began when it was given before.

    Raises:
        InvalidRequest: It was dialled to its end, and is not to be called again.
    """
    stem = listed.path.stem[:_LONGEST_STEM].strip()
    base = f"{stem}-{_digest(described, listed)}"
    records = {record.name: record for record in await journal.campaigns()}
    number = 1
    if again:
        while _is_over(records.get(_numbered(base, number))):
            number += 1
    elif base not in records:
        _refuse_the_same_list(described, records.values())
    name = _numbered(base, number)
    if _is_over(records.get(name)):
        raise InvalidRequest(_already(name))
    older = takewhile(lambda one: one != name, records)
    is_first = not any(re.fullmatch(f"{re.escape(stem)}-{_MARK}", one) for one in older)
    return _Chosen(evolve(described, name=name), is_first, name in records)


def _refuse_the_same_list(described: Campaign, records: Iterable[CampaignRecord]) -> None:
    """Keep a changed option from ringing everybody of a list once more."""
    for record in records:
        if record.definition.get("list_sha256") != described.list_sha256:
            continue
        changed = ", ".join(map(_option, described.changed(record.definition))) or "--column"
        if _is_over(record):
            raise InvalidRequest(_already(record.name, f" with another {changed}"))
        raise InvalidRequest(
            f"this list is being dialled as {record.name} with another {changed}: give the same "
            "options again, or `--again` starts a new campaign, which calls everybody anew"
        )


def _option(key: str) -> str:
    """Return the option that a part of a campaign's definition comes from."""
    return "--audio or --say" if key == "kind" else f"--{key.replace('_', '-')}"


def _already(name: str, how: str = "") -> str:
    return (
        f"already dialled{how}; `--again` starts a new campaign "
        f"(alphasms campaign report {name} tells how that one went)"
    )


def _is_over(record: CampaignRecord | None) -> bool:
    return record is not None and record.state in _OVER


def _digest(described: Campaign, listed: RecipientList) -> str:
    """Return what tells a campaign from others of the same list's name: list, sound, options."""
    told = described.as_json()
    told["kind"].pop("source", None)
    facts = json_.dumps([listed.sha256, listed.column, told], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:_DIGEST_DIGITS]


def _numbered(base: str, number: int) -> str:
    return base if number == 1 else f"{base}-{number}"


def _target(list: Path, output: Path | None, chosen: _Chosen) -> Path:  # noqa: A002 - as above
    """Return where the results go; what is there already is kept, unless it is this campaign's."""
    name = list.stem if chosen.is_first else chosen.campaign.name
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
    return target


async def _write_results(journal: SqliteJournal, name: str, target: Path) -> bool:
    """Write the results; return whether that went well. The journal has them in any case."""
    try:
        await export_to(journal, name, target, "csv")
    except AlphaSMSError as error:
        export = command_line("export", name, journal.path, "--output", "FILE")
        notes.print(f"{error}; the journal has the results: {export}", markup=False)
        return False
    notes.print(f"results: {target}", markup=False)
    return True


async def _agreed(
    journal: SqliteJournal, chosen: _Chosen, listed: RecipientList, *, yes: bool
) -> bool:
    """Plan what is new, tell what goes on, and ask; what nobody agreed to is not kept."""
    if not yes and not asks():
        raise InvalidRequest("phones would ring, and nobody is there to be asked: add --yes")
    name = chosen.campaign.name
    if chosen.is_there:
        tally = await journal.tally((await journal.campaign(name)).id)
        left = tally.states[RowState.PLANNED]
        notes.print(f"going on with {name}", markup=False)
        return yes or confirm(f"Dial the {counted(left, 'phone')} that are left?")
    plan, quotes = await written_plan(journal, chosen.campaign, listed)
    agreed = False
    try:
        if yes:
            show_warnings(plan)
        else:
            show_plan(listed, plan, quotes)
        agreed = yes or confirm(f"Dial {counted(plan.to_dial, 'phone')}?")
    finally:
        if not agreed:
            with anyio.CancelScope(shield=True):
                await journal.discard(name)
    return agreed
