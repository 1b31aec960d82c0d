"""Commands that steer campaigns, also while another process dials."""

from pathlib import Path

from alphasms_async import InvalidRequest
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    Cancel,
    Command,
    Pause,
    Resume,
    RowState,
    SetBudget,
    SetPace,
    Told,
    tell,
)
from alphasms_async.campaigns.places import at_work
from alphasms_async.campaigns.sqlite.lock import holder_of
from alphasms_async.checks import check_rate, check_sum
from alphasms_async.cli.journals import JournalPlace, command_line, look_into
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    Sum,
    agreed,
    answers,
    counted,
    hint,
    money,
    notes,
)

__all__ = ["budget", "cancel", "pace", "pause", "resume"]


async def pause(name: str, /, *, journal: JournalPlace = DEFAULT_JOURNAL) -> None:
    """Dial nobody more until it is resumed. Takes effect within a second; calls in flight go on.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    """
    await _say(journal, name, Pause(name), "paused")


async def resume(name: str, /, *, journal: JournalPlace = DEFAULT_JOURNAL) -> None:
    """Go on with a paused campaign; a run that waits dials again within a second.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    """
    await _say(journal, name, Resume(name), "resumed")
    async with look_into(journal) as opened:
        work = await at_work(opened, await opened.campaign(name))
    if not work.is_anybody:
        hint("nobody dials it just now", command_line("run", name, journal))


async def cancel(
    name: str, /, *, journal: JournalPlace = DEFAULT_JOURNAL, yes: Flag = False
) -> ExitCode:
    """End a campaign for good: whoever was not dialled is skipped.

    Calls in flight go on. It cannot be taken back: `alphasms campaign pause` is for a while.

    Exit codes: 0 cancelled, 2 bad input, 130 the question was answered with no.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
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
    journal: JournalPlace = DEFAULT_JOURNAL,
) -> None:
    """Change how many calls are begun a second, also while it is dialled.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    per_second
        Calls a second at most, such as 20 or 0.5.
    unlimited
        As many as the concurrency allows.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    """
    if (per_second is None) == (not unlimited):
        raise InvalidRequest("give the pace: --per-second N, or --unlimited")
    checked = check_rate("--per-second", per_second)
    told = "no limit" if checked is None else f"{checked:g} a second"
    await _say(journal, name, SetPace(name, checked), told)


async def budget(
    name: str,
    amount: Sum,
    /,
    *,
    max_price: Sum | None = None,
    journal: JournalPlace = DEFAULT_JOURNAL,
) -> None:
    """Change what all calls of a campaign may cost together.

    Where the journal is a database, whoever dials heeds it at once. Where it is a file, a run that
    goes on keeps to what it began with: stop it with Ctrl-C, and run it again.

    Parameters
    ----------
    name
        The campaign; `alphasms campaign status` lists all.
    amount
        The sum, what was spent already included, such as 500.00.
    max_price
        What one call, or one part of a text, may cost; without it that stays as it is.
    journal
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    """
    allowed = check_sum("the budget", amount)
    told = f"may cost {money(allowed)} in all"
    each = None
    if max_price is not None:
        dearest = check_sum("--max-price", max_price)
        each = f"{dearest:f}"
        told += f", {money(dearest)} each"
    async with look_into(journal) as opened:
        record = await opened.campaign(name)
        spent, work = (await opened.money(record.id)).spent, await at_work(opened, record)
    if allowed < spent:
        told += f", less than the {money(spent)} that is spent: nobody more is dialled"
    if work.holder is not None:
        told += ", from its next run on"
    await _say(journal, name, SetBudget(name, f"{allowed:f}", each), told)


async def _say(journal: Path | str, name: str, command: Command, told: str) -> None:
    """Have a command done, having seen that it can be."""
    async with look_into(journal) as opened:
        record = await opened.campaign(name)
    record.check_going_on()
    if await tell(journal, [command]) is Told.DONE:
        answers.print(f"{name}: {told}")
    else:
        # In a database they are done at once: this is a file.
        whom = holder_of(Path(journal)) or "whoever writes the journal next"
        notes.print(f"{name}: {told}, as soon as it is read by {whom}")
