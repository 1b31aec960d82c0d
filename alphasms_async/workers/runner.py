"""`Runner`: one dialer at work on a campaign, as one job of a worker."""

import asyncio
import logging
from collections.abc import Callable
from traceback import format_tb

from attrs import define, field, frozen

from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.hooks import CallHooks
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.records import CampaignRecord, CampaignState
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.states import RowState
from alphasms_async.client import AlphaSMS
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import InvalidRecording, InvalidRequest, JournalError
from alphasms_async.workers.recordings import Recordings

__all__ = ["Runner", "Work", "tell_nobody"]

_logger = logging.getLogger("alphasms_async.workers")


def tell_nobody(line: str) -> None:
    """Say nothing."""


@frozen(kw_only=True)
class Work:
    """What all runners of one process work with."""

    dsn: str = field(repr=False)
    """The journal in PostgreSQL."""
    alphasms: AlphaSMS = field(repr=False)
    """The client of the process, open."""
    concurrency: int | None = None
    """How many calls one runner places at once, 1 or more. `None`: as the campaign says."""
    recordings: Recordings = field(factory=Recordings)
    """Where the recordings are."""
    hooks: CallHooks | None = None
    """What gives each call its own signed hook. `None`: the campaign's, or the account's."""
    lease_seconds: float = 30.0
    """After how many seconds of silence the calls of this process are uncertain."""
    tell: Callable[[str], None] = tell_nobody
    """Is told in one line what is taken up, and how it ended."""
    clock: Clock | None = None
    """Returns the time of day, aware. `None`: the clocks of this machine and of the database."""

    _left: set[str] = field(factory=set[str], init=False, repr=False, eq=False)

    def is_left_anew(self, name: str) -> bool:
        """Note that a campaign is left to other workers; return whether that is news."""
        is_new = name not in self._left
        self._left.add(name)
        return is_new

    @property
    def now(self) -> Clock:
        """What tells the time of day on this machine."""
        return self.clock or utc_now

    def journal(self) -> PostgresJournal:
        """Return a journal, to be entered: each runner has one, and with it a lease of its own."""
        return PostgresJournal(self.dsn, lease_seconds=self.lease_seconds, clock=self.clock)


@define(eq=False)
class Runner:
    """Dials one campaign until nobody is left, it would have to wait, or it is told to stop.

    Others may be at the same campaign: the journal gives each recipient to one of them. A job that
    is delivered twice is one more of them, and rings nobody twice.
    """

    name: str
    """The campaign."""
    work: Work
    _dialer: Dialer | None = field(default=None, init=False)
    _task: "asyncio.Task[None] | None" = field(default=None, init=False)
    _is_stopped: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Dial; when it is cancelled, as an engine does that stops, end well before that is so.

        Whoever is being called then is waited for, and how it ended is written. Cancelled once
        more, or told to by `cut_off`, it waits for nobody, and they are uncertain.

        Raises:
            JournalError: The journal cannot be read or written; what was in flight is uncertain.
            RuntimeError: It failed in a way that nobody foresaw; the campaign is halted.
        """
        self._task = asyncio.ensure_future(self._run())
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            if self._task.cancelled():
                raise
            self.stop()
            await self._task
            raise

    def stop(self) -> None:
        """Dial nobody more; what is in flight goes on, and how it ends is written."""
        self._is_stopped = True
        if self._dialer is not None:
            self._dialer.stop()

    def cut_off(self) -> None:
        """Wait for nobody any more: what had begun to leave is uncertain."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            async with self.work.journal() as journal:
                await self._find_and_dial(journal)
        except JournalError as error:
            self._tell(f"broken off: {error}")
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told here
            # What its text says may be anything, so it is known by its kind and its place alone.
            kind = type(error).__name__
            where = "".join(format_tb(error.__traceback__))
            _logger.error("%s: a runner failed with %s\n%s", self.name, kind, where)  # noqa: TRY400 - for the same reason
            self._tell(f"stopped by a fault: {kind}")
            raise RuntimeError(f"a runner failed with {kind}") from None

    async def _find_and_dial(self, journal: PostgresJournal) -> None:
        await journal.catch_up()
        try:
            record = await journal.campaign(self.name)
        except InvalidRequest as error:
            self._tell(str(error))
            return
        # Else it was over, paused or halted before this job's turn came.
        if record.state is CampaignState.READY and record.halted is None:
            await self._dial(journal, record)

    async def _dial(self, journal: PostgresJournal, record: CampaignRecord) -> None:
        campaign = await self._campaign(journal, record)
        if campaign is None:
            return
        try:
            dialer = self._dialer = Dialer(
                self.work.alphasms,
                journal,
                campaign,
                hooks=self.work.hooks,
                wait=False,
                joins=True,
                concurrency=self.work.concurrency,
                clock=self.work.now,
            )
            if self._is_stopped:
                return
            self._tell("taken up")
            run = await dialer.run()
        except InvalidRequest as error:
            # Whichever worker took it next would fare no better, so a person is asked.
            await self._halt(journal, record, error)
        except JournalError:
            raise
        except Exception as error:
            # Taken up again by itself it would do the same, with one more call unknown each time.
            kind = type(error).__name__
            await journal.halt(record.id, f"a worker failed with {kind}, see its log")
            raise
        else:
            self._tell(_ended(run, dialer.progress.begun))

    async def _campaign(self, journal: PostgresJournal, record: CampaignRecord) -> Campaign | None:
        """Return what is to be dialled. `None`: that cannot be told here."""
        try:
            return await self.work.recordings.campaign_of(record)
        except (InvalidRequest, InvalidRecording) as error:
            if not await journal.dialers(record.id):
                await self._halt(journal, record, error)
            elif self.work.is_left_anew(self.name):
                # Who is at work on it has what this machine lacks.
                self._tell(f"left to the other workers: {error}")
            return None

    async def _halt(
        self, journal: PostgresJournal, record: CampaignRecord, error: Exception
    ) -> None:
        self._tell(f"stopped: {error}")
        await journal.halt(record.id, str(error))

    def _tell(self, line: str) -> None:
        self.work.tell(f"{self.name}: {line}")


def _ended(run: Run, begun: int) -> str:
    """Return how a runner's part ended, and where the whole campaign stands."""
    ended = f"ended after {begun} {'call' if begun == 1 else 'calls'}: {_why(run)}"
    if not run.is_counted:
        return ended
    states = run.tally.states
    counts = {"accepted": run.tally.accepted} | {
        state.value: states[state]
        for state in (RowState.REFUSED, RowState.UNCERTAIN)
        if states[state]
    }
    left = run.tally.to_dial
    so_far = ", ".join(f"{count} {word}" for word, count in counts.items())
    more = f"; {left} still to dial" if left else ""
    return f"{ended} ({so_far}{more})"


def _why(run: Run) -> str:
    if run.is_finished:
        return f"the campaign is {run.campaign.state}"
    if run.stopped:
        return "told to stop"
    if run.halt is not None:
        return str(run.halt).replace("stopped instead of waiting", "no use to wait here", 1)
    return "halted" if run.campaign.halted else "nobody is left for this worker"
