"""`alphasms campaign run`: dial what is planned, and go on where an earlier run ended."""

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from alphasms_async import AlphaSMS
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    CampaignRecord,
    CampaignState,
    Dialer,
    HaltReason,
    Money,
    RowState,
    Run,
    SkipReason,
    SqliteJournal,
    Tally,
)
from alphasms_async.cli.campaign.answered import print_outcomes
from alphasms_async.cli.campaign.costs import NOT_TOLD, cell_of, unpriced_in_words
from alphasms_async.cli.campaign.live import exit_code_of_run, run_with_progress
from alphasms_async.cli.campaign.outcomes import Awaited, Hooked, outcomes_of, received
from alphasms_async.cli.campaign.standing import Standing, spent_in_words, stopped_in_words
from alphasms_async.cli.campaign.stored import JournalPath, book, campaign_of, command_line
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    agreed,
    answers,
    counted,
    hint,
    money,
    notes,
    print_json,
)

__all__ = ["dial_campaign", "print_tally", "run"]

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


async def run(
    name: str,
    /,
    *,
    audio: Path | None = None,
    hooked: Hooked | None = None,
    no_wait: Flag = False,
    journal: JournalPath = DEFAULT_JOURNAL,
    yes: Flag = False,
    json: Flag = False,
) -> ExitCode:
    """Dial a planned campaign, and go on with it after a stop, a crash or a power cut.

    Ctrl-C dials nobody more and waits for the calls in flight; a second one cuts them off, and
    they are uncertain. From another terminal `alphasms campaign pause`, `resume`, `pace` and
    `cancel` steer it. It waits while it is paused, outside its window, or while the gateway
    cannot be reached.

    With --hook-url the gateway tells what became of each call and which keys were pressed. The
    events come to your application, to `alphasms listen --journal`, or with --listen to this
    command, which then waits for them; Ctrl-C ends that at once, and `campaign poll` asks later.

    ```
    alphasms campaign run spring --hook-url https://app.example/hooks/alphasms --listen 8080
    ```

    Exit codes: 0 all accepted, 1 fault, 2 bad input, 3 some were not accepted, 4 it stopped itself
    and says why, 130 interrupted, or the question was answered with no.

    Parameters
    ----------
    name
        The campaign, as it was planned.
    audio
        Where the recording lies, when it was moved since.
    no_wait
        Stop, with exit code 4, where it would wait.
    journal
        File the campaign was planned in.
    yes
        Do not ask before the first call. Where there is no terminal, as in cron, nobody is asked.
    json
        Print how it ended as JSON.
    """
    client, outcomes = gateway(), outcomes_of(hooked)
    async with (
        book(journal, f"campaign run {name}") as opened,
        received(outcomes, opened) as awaited,
    ):
        # What was asked for since the last run holds for this one.
        await opened.catch_up()
        record = await opened.campaign(name)
        campaign = await campaign_of(record, audio)
        outcomes.check(campaign)
        tally = await opened.tally(record.id)
        is_fresh = not sum(tally.states[one] for one in _MEANING if one is not RowState.PLANNED)
        question = f"Dial {counted(tally.states[RowState.PLANNED], 'phone')}?"
        if is_fresh and not agreed(question, yes=yes):
            notes.print("nothing was dialled")
            return ExitCode.INTERRUPTED
        dialer = outcomes.dialer(client, opened, campaign, wait=not no_wait)
        return await dial_campaign(opened, record, dialer, client, awaited=awaited, json=json)


async def dial_campaign(
    journal: SqliteJournal,
    record: CampaignRecord,
    dialer: Dialer,
    client: AlphaSMS,
    *,
    meanings: Mapping[str, str] | None = None,
    awaited: Awaited | None = None,
    is_kept: bool = True,
    json: bool = False,
) -> ExitCode:
    """Run a campaign's dialer, print how it ended, and return what the shell is told.

    Args:
        journal: The journal, entered.
        record: What it has of the campaign.
        dialer: What dials it.
        client: The dialer's client, which is opened here, and closed at the end.
        meanings: What the keys stand for. `None`: nobody knows.
        awaited: What it waits for, so that what did not come is told. `None`: nothing.
        is_kept: Whether the journal is there afterwards, for the commands that go on with it.
        json: Print how it ended as JSON.
    """
    if record.state.is_over:
        notes.print(f"the campaign {record.name!r} is {record.state}: nobody is left to dial")
    if record.state is CampaignState.PAUSED and is_kept:
        hint("paused", command_line("resume", record.name, journal.path))
    async with client:
        ended, interrupted = await run_with_progress(record.name, dialer)
    tally, spent = await journal.tally(record.id), await journal.money(record.id)
    if json:
        now = await journal.campaign(record.name)
        print_json(Standing(now, tally, spent).as_json())
    else:
        print_tally(record, tally, spent)
        print_outcomes(tally, record.opt_out, meanings)
    _tell_why_stopped(ended)
    if is_kept:
        _tell_what_next(journal.path, record.name, tally, ended)
    left = tally.states[RowState.ACCEPTED]
    if left and awaited is not None:
        told = f"{counted(left, 'recipient')} without an outcome yet"
        hint(told, command_line("poll", record.name, journal.path))
        awaited.tell_silence()
    return exit_code_of_run(ended, interrupted=interrupted)


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


def _tell_what_next(journal: Path, name: str, tally: Tally, run: Run | None) -> None:
    if run is not None and run.halt is not None:
        if run.halt.reason is HaltReason.BUDGET:
            hint("raise it to go on", command_line("budget", name, journal, "SUM"))
        elif run.halt.reason is HaltReason.UNPRICED:
            limits = ("SUM", "--max-price", "PRICE")
            hint("limit it", command_line("budget", name, journal, *limits))
    for count, what, word in (
        (tally.to_dial, "still to dial", "run"),
        (tally.states[RowState.UNCERTAIN], "uncertain", "reconcile"),
        (tally.states[RowState.REFUSED], "refused, why", "report"),
    ):
        if count:
            hint(f"{counted(count, 'recipient')} {what}", command_line(word, name, journal))
