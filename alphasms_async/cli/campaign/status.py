"""`alphasms campaign status`: where campaigns stand, once or every second."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping

import anyio
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from alphasms_async.campaigns import DEFAULT_JOURNAL, Journal, RowState, Tally
from alphasms_async.cli.campaign.answered import outcomes_in_words
from alphasms_async.cli.campaign.costs import unsure_in_words
from alphasms_async.cli.campaign.speed import Speed
from alphasms_async.cli.campaign.standing import (
    NOT_ACCEPTED,
    Standing,
    spent_in_words,
    standings,
    stopped_in_words,
)
from alphasms_async.cli.journals import JournalPlace, look_into
from alphasms_async.cli.terminal import Flag, answers, counted, lasting, money, print_json
from alphasms_async.clock import utc_now

__all__ = ["status"]

_WATCH_SECONDS = 1.0
_NAME_CELLS = 20
_OTHER_CELLS = 60


async def status(
    name: str | None = None,
    /,
    *,
    watch: Flag = False,
    journal: JournalPlace = DEFAULT_JOURNAL,
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
        Journal the campaigns were planned in: a file, or postgresql://user@host/database.
    json
        Print a JSON object for each campaign, a line each.
    """
    async with look_into(journal) as opened:
        if watch and not json:
            await _watch(opened, name)
            return
        found = await standings(opened, name)
    if json:
        for one in found:
            print_json(one.as_json())
        return
    answers.print(_shown(found, {}), crop=False)


async def _watch(journal: Journal, name: str | None) -> None:
    speeds = defaultdict[str, Speed](Speed)
    with Live(console=answers, auto_refresh=False) as live:
        while True:
            found, now = await standings(journal, name), time.monotonic()
            for one in found:
                count = one.tally.total - one.tally.to_dial
                speeds[one.record.name].look(now, count, one.record.per_second)
            live.update(_shown(found, speeds), refresh=True)
            if not any(one.tally.to_dial for one in found):
                return
            await anyio.sleep(_WATCH_SECONDS)


def _shown(found: list[Standing], speeds: Mapping[str, Speed]) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("campaign", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for column in ("done", "accepted", "trouble", "spent"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in found:
        table.add_row(*_row(one))
    lines = [line for one in found for line in _notable(one, speeds.get(one.record.name))]
    holder = found[0].holder
    if holder is not None and not any(one.running for one in found):
        lines.append(Text(f"the journal is in use by {holder}", style="dim"))
    return Group(table, *lines)


def _row(one: Standing) -> tuple[RenderableType, ...]:
    tally = one.tally
    total = tally.total - tally.states[RowState.SKIPPED]
    budget, spent = one.record.budget, spent_in_words(one.record, tally, one.money)
    name = Text(one.record.name)
    name.truncate(_name_cells(), overflow="ellipsis")
    return (
        name,
        one.state,
        f"{total - tally.to_dial} of {total}",
        str(tally.accepted),
        _trouble(tally),
        spent if budget is None else f"{spent}{_before(spent)}of {money(budget)}",
    )


def _before(spent: str) -> str:
    """Return what parts a sum from its budget: words before the sum leave too little room."""
    return "\n" if " " in spent else " "


def _name_cells() -> int:
    return max(_NAME_CELLS, answers.width - _OTHER_CELLS)


def _notable(one: Standing, speed: Speed | None) -> Iterator[Text]:
    """Give what a person should know of a campaign beside its numbers."""
    if cell_len(one.record.name) > _name_cells():
        # Cut off in the table; whole and in one piece, it can be copied.
        yield Text(f"in full: {one.record.name}", no_wrap=True, overflow="ignore")
    name, halted, lost = one.record.name, one.record.halted, one.died_in_flight
    if halted:
        yield Text(f"{name} {stopped_in_words(halted)}", style="red")
    if one.work.dialers > 1:
        yield Text(f"{name}: {one.work.dialers} dialers at work")
    if one.work.wanted and not one.running and not _waiting(one):
        wanted = counted(one.work.wanted, "worker")
        yield Text(f"{name}: {wanted} wanted, none at work: a free `alphasms worker` takes it up")
    if one.running and one.tally.to_dial:
        told = _waiting(one) or ", ".join(speed.told(one.tally.to_dial) if speed else ())
        if told:
            yield Text(f"{name}: {told}")
    if unsure := unsure_in_words(one.money.settled, is_priced=one.record.is_priced):
        yield Text(f"{name}: {unsure}", style="dim")
    if answered := outcomes_in_words(one.tally):
        yield Text(f"{name}: {answered}", style="dim")
    if lost:
        told = f"{name}: {lost} in flight when it died: uncertain at the next run"
        yield Text(told, style="yellow")


def _waiting(one: Standing) -> str:
    """Return why a run waits, in words, as far as the journal tells."""
    now = utc_now()
    waits = one.waits(now)
    if waits is None:
        return ""
    hold, until = waits
    more = f", {lasting((until - now).total_seconds())} more" if until else ""
    return f"waiting: {hold}{more}"


def _trouble(tally: Tally) -> str:
    """Return who was dialled and not accepted, a line for each way."""
    return "\n".join(f"{tally.states[one]} {one}" for one in NOT_ACCEPTED if tally.states[one])
