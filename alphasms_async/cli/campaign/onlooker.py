"""Looking on while workers elsewhere dial: the same live progress as of a run of one's own."""

from contextlib import suppress

import anyio
from attrs import define, field
from rich.text import Text

from alphasms_async import JournalError
from alphasms_async.campaigns import (
    CampaignRecord,
    Halt,
    HaltReason,
    Hold,
    Journal,
    Progress,
    RowState,
    Run,
)
from alphasms_async.cli.campaign.screen import Screen
from alphasms_async.cli.campaign.standing import Standing
from alphasms_async.cli.machines import worker_line, workers_running
from alphasms_async.cli.terminal import counted, endings, hint, notes
from alphasms_async.clock import utc_now

__all__ = ["look_on"]

_SHOW_SECONDS = 0.25
_LOOK_SECONDS = 0.5
# So much of the time looking may take; the database has more to do.
_SHARE = 0.1
# For so long nobody may be at it before that is said: a free worker takes it up at once, or, when
# it could not be dialled for a while, with the watch's next look.
_SILENT_SECONDS = 3.0
_BUSY_SECONDS = 12.0
_BUDGET = ": raise it to go on"


async def look_on(journal: Journal, record: CampaignRecord) -> Run | None:
    """Show how far the workers are until the campaign is over, or halted, or a person has enough.

    Args:
        journal: The journal, in PostgreSQL, entered.
        record: What it has of the campaign.

    Returns:
        How it ended. `None`: a person does not watch any more, and the workers go on.

    Raises:
        JournalError: The journal cannot be read.
    """
    onlooker = _Onlooker(journal, record)
    # Before the first frame, which else would say that nobody was called.
    await onlooker.look()
    with _Screen(record.name, onlooker.progress, onlooker) as screen:
        async with anyio.create_task_group() as group:
            group.start_soon(_heed, group.cancel_scope)
            group.start_soon(_show, screen)
            group.start_soon(onlooker.watch, group.cancel_scope)
    if onlooker.failure is not None:
        raise onlooker.failure
    return onlooker.run


async def _heed(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(*endings()) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _show(screen: Screen) -> None:
    while True:
        screen.show()
        await anyio.sleep(_SHOW_SECONDS)


@define
class _Onlooker:
    """Reads the journal again and again, and says when nobody takes the campaign up."""

    journal: Journal
    record: CampaignRecord
    progress: Progress = field(factory=Progress, init=False)
    dialers: int = field(default=0, init=False)
    run: Run | None = field(default=None, init=False)
    failure: Exception | None = field(default=None, init=False)
    _is_away: bool = field(default=False, init=False)
    _alone_since: float | None = field(default=None, init=False)
    _said: str | None = field(default=None, init=False)

    async def watch(self, scope: anyio.CancelScope) -> None:
        """Look until the campaign has ended, and end all that goes on beside it."""
        try:
            while self.run is None:
                began = anyio.current_time()
                await self._look_or_wait()
                took = anyio.current_time() - began
                if self.run is None:
                    await anyio.sleep(max(_LOOK_SECONDS, took / _SHARE))
        except Exception as error:  # noqa: BLE001 - raised again, outside the group of tasks
            self.failure = error
        scope.cancel()

    async def _look_or_wait(self) -> None:
        """Look, unless the database is away: then the workers wait for it, and so does this."""
        try:
            await self.look()
        except JournalError as error:
            if not self._is_away:
                notes.print(f"{error}; it is waited for")
            self._is_away = True
        else:
            if self._is_away:
                notes.print("the database is back")
            self._is_away = False

    async def look(self) -> None:
        """See how far the workers are.

        Raises:
            JournalError: The journal cannot be read.
        """
        # What a worker that is gone left in flight is uncertain, also where no other is left. Once
        # the database was away, that is for the workers to see to.
        with suppress(JournalError):
            await self.journal.drain()
        standing = await Standing.of(self.journal, await self.journal.campaign(self.record.name))
        self.record, self.dialers = standing.record, standing.work.dialers
        await self._take(standing)
        in_flight = standing.tally.states[RowState.DIALING]
        if not (self.dialers or in_flight) and (
            self.record.state.is_over or self.record.halted is not None
        ):
            self.run = _run(standing)
        else:
            await self._tell_nobody_comes(self._alone_seconds(standing))

    async def _take(self, standing: Standing) -> None:
        """Put into the progress what the journal has."""
        progress, record, money = self.progress, standing.record, standing.money
        progress.states = standing.tally.states
        progress.in_flight = standing.tally.states[RowState.DIALING]
        progress.begun = progress.done + progress.in_flight
        progress.spent, progress.held = money.spent, money.held
        progress.kept = money.settled.held
        progress.count_unpriced(money)
        progress.tells_price, progress.budget = record.is_priced, record.budget
        progress.per_second = record.per_second
        progress.hold, progress.hold_seconds = await self._holding(standing)

    async def _holding(self, standing: Standing) -> tuple[Hold | None, float | None]:
        """Return why nobody is dialled just now, and for how long that is known to last."""
        now = utc_now()
        waits = standing.waits(now)
        if waits is not None:
            hold, until = waits
            return hold, None if until is None else (until - now).total_seconds()
        if self.dialers or standing.record.state.is_over:
            return None, None
        due = await self.journal.next_due(standing.record.id)
        if due is not None and due > now:
            return Hold.RESTING, (due - now).total_seconds()
        return None, None

    def _alone_seconds(self, standing: Standing) -> float:
        """Return for how long nobody has come, though somebody is to be dialled."""
        now = anyio.current_time()
        is_waiting = not self.dialers and self.progress.hold is None
        if not is_waiting or not standing.tally.to_dial:
            self._alone_since = None
            return 0.0
        self._alone_since = now if self._alone_since is None else self._alone_since
        return now - self._alone_since

    async def _tell_nobody_comes(self, seconds: float) -> None:
        """Say why nobody takes it up, once for each reason."""
        if seconds < _SILENT_SECONDS:
            return
        place = str(self.journal.place)
        running = await workers_running(place)
        said = "busy" if running else "none"
        if said == self._said or (running and seconds < _BUSY_SECONDS):
            return
        self._said = said
        if running:
            told = counted(running, "worker")
            notes.print(f"none of {told} is free for it: they may be at other campaigns")
            hint("start one more", worker_line(place))
        else:
            hint("no worker is running: start one with", worker_line(place))


class _Screen(Screen):
    """The progress, with how many workers are at it."""

    def __init__(self, name: str, progress: Progress, onlooker: _Onlooker) -> None:
        super().__init__(name, progress)
        self._onlooker = onlooker

    def _now(self) -> Text:
        return Text.assemble(f"{counted(self._onlooker.dialers, 'worker')}, ", super()._now())


def _run(standing: Standing) -> Run:
    """Return how it ended, as if it had been a run of one's own."""
    halted, halt = standing.record.halted, None
    if halted is not None and not standing.record.state.is_over:
        # The journal keeps the line alone; of the reasons, this one is told what to do next.
        is_budget = halted.endswith(_BUDGET)
        halt = Halt(HaltReason.BUDGET if is_budget else HaltReason.WAITING, halted)
    return Run(standing.record, standing.tally, standing.money, halt, stopped=False)
