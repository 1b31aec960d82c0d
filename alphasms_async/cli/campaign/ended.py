"""How a run ended, in words: who stands where, what it cost, why it stopped, what to do next."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from alphasms_async.campaigns import (
    CampaignRecord,
    HaltReason,
    Journal,
    Money,
    RowState,
    Run,
    SkipReason,
    Tally,
)
from alphasms_async.cli.campaign.answered import print_outcomes
from alphasms_async.cli.campaign.costs import NOT_TOLD, cell_of, unpriced_in_words
from alphasms_async.cli.campaign.standing import Standing, spent_in_words, stopped_in_words
from alphasms_async.cli.journals import command_line
from alphasms_async.cli.terminal import answers, counted, hint, money, notes, print_json

__all__ = ["is_fresh", "print_end", "print_tally"]

_MEANING = {
    RowState.ACCEPTED: "queued, the phone will ring",
    RowState.DONE: "called, the outcome is known",
    RowState.REFUSED: "the gateway said no, nothing rings",
    RowState.UNCERTAIN: "may have rung: see reconcile",
    RowState.DROPPED: "uncertain, let go by a person",
    RowState.PLANNED: "to be dialled still",
    RowState.DIALING: "being dialled",
}
_SKIPPED = {
    SkipReason.INVALID: "cannot be called as it stands",
    SkipReason.DUPLICATE: "stood in the list before",
    SkipReason.DO_NOT_CALL: "on the do-not-call list",
    SkipReason.EXPIRED: "the time ended before its turn",
    SkipReason.CANCELLED: "cancelled before its turn",
}
_STYLES = {RowState.ACCEPTED: "green", RowState.DONE: "green", RowState.UNCERTAIN: "yellow"}


def is_fresh(tally: Tally) -> bool:
    """Return whether nobody of a campaign was dialled yet."""
    return not sum(tally.states[one] for one in _MEANING if one is not RowState.PLANNED)


async def print_end(
    journal: Journal,
    record: CampaignRecord,
    run: Run | None,
    *,
    meanings: Mapping[str, str] | None = None,
    is_kept: bool = True,
    how: Sequence[str] = (),
    json: bool = False,
) -> Tally:
    """Print how a run ended; return how many recipients stand where.

    Args:
        journal: The journal, entered.
        record: What it had of the campaign at the beginning.
        run: How it ended. `None`: it was cut off, or is not watched any more.
        meanings: What the keys stand for. `None`: nobody knows.
        is_kept: Whether the journal is there afterwards, for the commands that go on with it.
        how: The options with which another run goes on like this one.
        json: Print how it ended as JSON.
    """
    tally, spent = await journal.tally(record.id), await journal.money(record.id)
    if json:
        now = await journal.campaign(record.name)
        print_json(Standing(now, tally, spent).as_json())
    else:
        print_tally(record, tally, spent)
        print_outcomes(tally, record.opt_out, meanings)
    _tell_why_stopped(run)
    if is_kept:
        _tell_what_next(journal.place, record.name, tally, run, how)
    return tally


def print_tally(record: CampaignRecord, tally: Tally, spent: Money) -> None:
    """Print how many recipients stand where, and what it cost."""
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("state")
    table.add_column("recipients", justify="right")
    table.add_column("price", justify="right")
    table.add_column("what it means", style="dim")
    for state, meaning in _MEANING.items():
        if tally.states[state]:
            price = cell_of(spent.shares.get(state), is_priced=record.is_priced)
            style = _STYLES.get(state, "")
            table.add_row(state, str(tally.states[state]), price, meaning, style=style)
    for reason, meaning in _SKIPPED.items():
        if tally.reasons[reason]:
            shown = f"skipped: {reason.replace('_', '-')}"
            # Whoever was to be called again may have been skipped then.
            price = cell_of(spent.shares.get(reason), is_priced=record.is_priced)
            table.add_row(shown, str(tally.reasons[reason]), price, meaning)
    table.add_row("total", str(tally.total), _total(record, tally, spent), style="bold")
    answers.print(table)
    if unpriced := unpriced_in_words(spent, is_priced=record.is_priced):
        answers.print(unpriced)


def _total(record: CampaignRecord, tally: Tally, spent: Money) -> str:
    """Return the sum of all prices with its currency, and of all that is held, below it."""
    told, currency = spent_in_words(record, tally, spent), record.definition.get("currency")
    if currency and told != NOT_TOLD:
        told = f"{told} {currency}"
    _, cost = spent.bounded(is_priced=record.is_priced)
    return f"{told}\n{money(cost.held)} held" if cost.held else told


def _tell_why_stopped(run: Run | None) -> None:
    if run is not None and run.halt is not None:
        why = stopped_in_words(str(run.halt)).removesuffix(": raise it to go on")
        notes.print(why, style="red")


def _tell_what_next(
    journal: Path | str, name: str, tally: Tally, run: Run | None, how: Sequence[str]
) -> None:
    if run is not None and run.halt is not None:
        if run.halt.reason is HaltReason.BUDGET:
            hint("raise it to go on", command_line("budget", name, journal, "SUM"))
        elif run.halt.reason is HaltReason.UNPRICED:
            limits = ("SUM", "--max-price", "PRICE")
            hint("limit it", command_line("budget", name, journal, *limits))
    for count, what, word, more in (
        (tally.to_dial, "still to dial", "run", how),
        (tally.states[RowState.UNCERTAIN], "uncertain", "reconcile", ()),
        (tally.states[RowState.REFUSED], "refused, why", "report", ()),
    ):
        if count:
            line = command_line(word, name, journal, *more)
            hint(f"{counted(count, 'recipient')} {what}", line)
