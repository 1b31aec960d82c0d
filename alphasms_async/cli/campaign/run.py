"""`alphasms campaign run`: dial what is planned, and go on where an earlier run ended."""

from collections.abc import Mapping
from pathlib import Path

from alphasms_async import AlphaSMS, InvalidRequest
from alphasms_async.campaigns import (
    DEFAULT_JOURNAL,
    CampaignRecord,
    CampaignState,
    Dialer,
    Journal,
    RowState,
)
from alphasms_async.cli.campaign.distributed import Spread, run_distributed
from alphasms_async.cli.campaign.ended import is_fresh, print_end
from alphasms_async.cli.campaign.live import exit_code_of_run, run_with_progress
from alphasms_async.cli.campaign.outcomes import Awaited, Hooked, outcomes_of, received
from alphasms_async.cli.campaign.stored import campaign_of
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.journals import JournalPlace, book, command_line
from alphasms_async.cli.terminal import ExitCode, Flag, agreed, counted, hint, notes

__all__ = ["dial_campaign", "run"]


async def run(
    name: str,
    /,
    *,
    audio: Path | None = None,
    hooked: Hooked | None = None,
    spread: Spread | None = None,
    no_wait: Flag = False,
    journal: JournalPlace = DEFAULT_JOURNAL,
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

    With --distributed it dials nobody itself: it has workers of a journal in PostgreSQL do it,
    `alphasms worker` on any machine, and shows how far they are. Ctrl-C only stops looking.

    ```
    alphasms campaign run spring --distributed --workers 4
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
        Journal the campaign was planned in: a file, or postgresql://user@host/database.
    yes
        Do not ask before the first call. Where there is no terminal, as in cron, nobody is asked.
    json
        Print how it ended as JSON.
    """
    if spread is not None and spread.is_asked_for:
        if audio is not None or hooked is not None or no_wait:
            raise InvalidRequest(
                "with --distributed the workers dial: start them with --audio-dir and --hook-url, "
                "and have `alphasms listen --journal` take the events"
            )
        return await run_distributed(name, spread, journal, yes=yes, json=json)
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
        question = f"Dial {counted(tally.states[RowState.PLANNED], 'phone')}?"
        if is_fresh(tally) and not agreed(question, yes=yes):
            notes.print("nothing was dialled")
            return ExitCode.INTERRUPTED
        dialer = outcomes.dialer(client, opened, campaign, wait=not no_wait)
        return await dial_campaign(opened, record, dialer, client, awaited=awaited, json=json)


async def dial_campaign(
    journal: Journal,
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
        hint("paused", command_line("resume", record.name, journal.place))
    async with client:
        ended, interrupted = await run_with_progress(record.name, dialer)
    tally = await print_end(journal, record, ended, meanings=meanings, is_kept=is_kept, json=json)
    left = tally.states[RowState.ACCEPTED]
    if left and awaited is not None:
        told = f"{counted(left, 'recipient')} without an outcome yet"
        hint(told, command_line("poll", record.name, journal.place))
        awaited.tell_silence()
    return exit_code_of_run(ended, interrupted=interrupted)
