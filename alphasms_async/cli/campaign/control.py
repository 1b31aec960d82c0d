"""Commands that look at campaigns and steer them, also while another process dials."""

from decimal import Decimal
from pathlib import Path

import anyio
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from alphasms_async import InvalidRequest, JournalError
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    CampaignRecord,
    CampaignState,
    Cancel,
    Command,
    Money,
    Pause,
    Resume,
    RowState,
    SetBudget,
    SetPace,
    SqliteJournal,
    Tally,
    Told,
    tell,
)
from alphasms_async.campaigns.sqlite.lock import holder_of
from alphasms_async.checks import check_rate, check_sum
from alphasms_async.cli.campaign.run import tally_as_json
from alphasms_async.cli.campaign.stored import JournalPath, command_line, look_into
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    agreed,
    answers,
    counted,
    money,
    notes,
    print_json,
)

__all__ = ["budget", "cancel", "pace", "pause", "resume", "status"]

_WATCH_SECONDS = 1.0
_OVER = {CampaignState.FINISHED, CampaignState.CANCELLED}
_NOT_ACCEPTED = (RowState.REFUSED, RowState.UNCERTAIN, RowState.DROPPED)


async def pause(name: str, /, *, journal: JournalPath = DEFAULT_JOURNAL) -> None:
    """Dial nobody more until it is resumed. Takes effect within a second; calls in flight go on.

    Parameters
    ----------
    name
        The campaign.
    journal
        File the campaign was planned in.
    """
    await _say(journal, name, Pause(name), "paused")


async def resume(name: str, /, *, journal: JournalPath = DEFAULT_JOURNAL) -> None:
    """Go on with a paused campaign; a run that waits dials again within a second.

    Parameters
    ----------
    name
        The campaign.
    journal
        File the campaign was planned in.
    """
    await _say(journal, name, Resume(name), "resumed")
    if holder_of(journal) is None:
        run = command_line("run", name, journal)
        notes.print(f"nobody dials it just now: {run}", markup=False)


async def cancel(
    name: str, /, *, journal: JournalPath = DEFAULT_JOURNAL, yes: Flag = False
) -> ExitCode:
    """End a campaign for good: whoever was not dialled is skipped.

    Parameters
    ----------
    name
        The campaign.
    journal
        File the campaign was planned in.
    yes
        Do not ask.
    """
    async with look_into(journal) as opened:
        record = await opened.campaign(name)
        left = (await opened.tally(record.id)).states[RowState.PLANNED]
    if not agreed(f"Never dial the {counted(left, 'recipient')} left?", yes=yes):
        notes.print("nothing was changed")
        return ExitCode.INTERRUPTED
    await _say(journal, name, Cancel(name), "cancelled")
    return ExitCode.ACCEPTED


async def pace(
    name: str,
    /,
    *,
    per_second: float | None = None,
    unlimited: Flag = False,
    journal: JournalPath = DEFAULT_JOURNAL,
) -> None:
    """Change how many calls are begun a second, also while it is dialled.

    Parameters
    ----------
    name
        The campaign.
    per_second
        Calls a second at most, such as 20 or 0.5.
    unlimited
        As many as the concurrency allows.
    journal
        File the campaign was planned in.
    """
    if (per_second is None) == (not unlimited):
        raise InvalidRequest("give the pace: --per-second N, or --unlimited")
    checked = check_rate("--per-second", per_second)
    told = "no limit" if checked is None else f"{checked:g} a second"
    await _say(journal, name, SetPace(name, checked), told)


async def budget(name: str, amount: str, /, *, journal: JournalPath = DEFAULT_JOURNAL) -> None:
    """Change what all calls of a campaign may cost together, from its next run on.

    Parameters
    ----------
    name
        The campaign.
    amount
        The sum, what was spent already included, such as 500.00.
    journal
        File the campaign was planned in.
    """
    allowed = check_sum("the budget", amount)
    told = f"may cost {money(allowed)} in all"
    if holder_of(journal) is not None:
        told += ", from its next run on"
    await _say(journal, name, SetBudget(name, f"{allowed:f}"), told)


async def status(
    name: str | None = None,
    /,
    *,
    watch: Flag = False,
    journal: JournalPath = DEFAULT_JOURNAL,
    json: Flag = False,
) -> None:
    """Tell where a campaign stands, or all of them.

    Parameters
    ----------
    name
        The campaign; all of the journal when it is not named.
    watch
        Show it again every second until nobody is left to dial.
    journal
        File the campaigns were planned in.
    json
        Print a JSON object for each campaign, a line each.
    """
    async with look_into(journal) as opened:
        if watch and not json:
            await _watch(opened, name, journal)
            return
        standings = await _standings(opened, name)
    if json:
        for record, tally, spent in standings:
            print_json(_as_json(record, tally, spent, holder_of(journal)))
        return
    answers.print(_shown(standings, holder_of(journal)))


async def _say(journal: Path, name: str, command: Command, told: str) -> None:
    """Have a command done, having seen that it can be."""
    async with look_into(journal) as opened:
        record = await opened.campaign(name)
    if record.state in _OVER:
        raise InvalidRequest(f"the campaign {name!r} is {record.state}: nothing to change")
    if await tell(journal, [command]) is Told.DONE:
        answers.print(f"{name}: {told}", markup=False)
    else:
        whom = holder_of(journal) or "whoever writes the journal next"
        notes.print(f"{name}: {told}, as soon as it is read by {whom}", markup=False)


_Standing = tuple[CampaignRecord, Tally, Money]


async def _standings(journal: SqliteJournal, name: str | None) -> list[_Standing]:
    records = await journal.campaigns() if name is None else [await journal.campaign(name)]
    if not records:
        raise JournalError("the journal has no campaign yet: plan one first")
    return [(one, await journal.tally(one.id), await journal.money(one.id)) for one in records]


async def _watch(journal: SqliteJournal, name: str | None, path: Path) -> None:
    with Live(console=answers, auto_refresh=False) as live:
        while True:
            standings = await _standings(journal, name)
            live.update(_shown(standings, holder_of(path)), refresh=True)
            if not any(tally.to_dial for _, tally, _ in standings):
                return
            await anyio.sleep(_WATCH_SECONDS)


def _shown(standings: list[_Standing], holder: str | None) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("campaign", overflow="fold")
    table.add_column("state", no_wrap=True)
    for column in ("done", "accepted", "trouble", "spent"):
        table.add_column(column, justify="right", no_wrap=True)
    lines: list[RenderableType] = [table]
    for record, tally, spent in standings:
        states = tally.states
        total = tally.total - states[RowState.SKIPPED]
        table.add_row(
            Text(record.name),
            record.state,
            f"{total - tally.to_dial} of {total}",
            str(states[RowState.ACCEPTED] + states[RowState.DONE]),
            _trouble(tally),
            _money(record, spent),
        )
        if record.halted:
            why = record.halted.removeprefix("stopped ")
            lines.append(Text(f"{record.name} stopped: {why}", style="red"))
    if holder is not None:
        lines.append(Text(f"the journal is in use by {holder}", style="dim"))
    return Group(*lines)


def _trouble(tally: Tally) -> str:
    """Return who was dialled and not accepted, a line for each way."""
    return "\n".join(f"{tally.states[one]} {one}" for one in _NOT_ACCEPTED if tally.states[one])


def _money(record: CampaignRecord, spent: Money) -> str:
    budget = record.definition["budget"]
    return money(spent.spent) + (f" of {money(Decimal(budget))}" if budget else "")


def _as_json(
    record: CampaignRecord, tally: Tally, spent: Money, holder: str | None
) -> dict[str, object]:
    told = tally_as_json(record.name, tally, spent, None)
    told |= {
        "state": record.state.value,
        "per_second": record.per_second,
        "budget": record.definition["budget"],
        "halted": record.halted,
        "finished": record.state in _OVER,
        "planned_at": record.created_at.isoformat(),
        "in_use_by": holder,
    }
    return told
