"""`CampaignWorker`: a process that works on the campaigns of a journal, one after another."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import anyio
import psycopg
from procrastinate import App
from procrastinate.exceptions import ProcrastinateException
from procrastinate.manager import JobManager

from alphasms_async.campaigns.dsn import shown
from alphasms_async.campaigns.hooks import CallHooks
from alphasms_async.checks import check_count
from alphasms_async.client import AlphaSMS
from alphasms_async.clock import Clock
from alphasms_async.errors import JournalError
from alphasms_async.workers.engine import check_journal, engine, prepare_engine, reaching
from alphasms_async.workers.jobs import QUEUE, WATCH_QUEUE, end_job
from alphasms_async.workers.recordings import Recordings
from alphasms_async.workers.runner import Work, tell_nobody
from alphasms_async.workers.tasks import CampaignTasks

__all__ = ["CampaignWorker"]

_AGAIN_SECONDS = 2.0
_POLL_SECONDS = 0.5
_OLD_HOURS = 24 * 30


class CampaignWorker:
    """Works on the campaigns of a journal in PostgreSQL, beside any number of others like it.

    It takes one campaign at a time; a campaign that wants several runners gets as many workers.
    The journal decides who is called by whom: however many workers there are, and whichever of
    them is killed, nobody is called twice and nobody is forgotten. A database that is lost is
    waited for. It runs on asyncio alone, as procrastinate does.

        worker = CampaignWorker("postgresql://user@host/database", concurrency=64)
        await worker.run()

    Args:
        dsn: The journal, like `postgresql://user@host/database`.
        alphasms: The client, which is opened and closed here. `None`: one made of the environment.
        concurrency: How many calls it places at once, 1 or more. `None`: as each campaign says.
        audio_dir: A folder with the recordings, for those that do not lie where they were planned
            from; their names do not matter. `None`: there is none.
        hooks: What gives each call its own signed hook. `None`: the campaign's, or the account's.
        tell: Is told in one line what is taken up, how it ended, and that the database is lost.
        lease_seconds: After how many seconds of silence the calls of this process are uncertain.
        heartbeat_seconds: How often it says that it is alive, so that its job is its own.
        stalled_seconds: After how many seconds without that its job is given to another.
        watch_seconds: How often it looks for campaigns that want runners, 1 to 59 seconds.
        clock: Returns the time of day, aware. `None`: the clocks of this machine and the database.

    Raises:
        JournalError: The journal is a file, or a DSN that cannot be read.
        InvalidRequest: A number is none.
        ConfigurationError: There is no client, and the environment makes none.
    """

    def __init__(
        self,
        dsn: str,
        *,
        alphasms: AlphaSMS | None = None,
        concurrency: int | None = None,
        audio_dir: Path | None = None,
        hooks: CallHooks | None = None,
        tell: Callable[[str], None] = tell_nobody,
        lease_seconds: float = 30.0,
        heartbeat_seconds: float = 10.0,
        stalled_seconds: float = 30.0,
        watch_seconds: int = 5,
        clock: Clock | None = None,
    ) -> None:
        self._work = Work(
            dsn=check_journal(dsn),
            alphasms=AlphaSMS() if alphasms is None else alphasms,
            concurrency=None if concurrency is None else check_count("concurrency", concurrency),
            recordings=Recordings(audio_dir),
            hooks=hooks,
            lease_seconds=lease_seconds,
            tell=tell,
            clock=clock,
        )
        self._heartbeat_seconds = heartbeat_seconds
        self._stalled_seconds = stalled_seconds
        self._watch_seconds = watch_seconds
        self._tasks = self._new_tasks()
        self._stopping = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Take up nothing more, and dial nobody more; `run` ends when the calls in flight have."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._tasks.stop()
            if self._life is not None:
                self._life.cancel()

    async def run(self) -> None:
        """Work until `stop`; the calls in flight are waited for, and how they ended is written.

        Cancelling it cuts them off, and what had begun to leave is uncertain.

        Raises:
            JournalError: The database cannot be used, at the beginning; or its jobs are those of
                another version of procrastinate.
        """
        # A task of its own: procrastinate ends well when its task is cancelled once, and not when
        # that is repeated at each step, as a scope of anyio does.
        work = asyncio.create_task(self._run())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self.stop()
            self._tasks.cut_off()
            with anyio.CancelScope(shield=True):
                # Whatever it ends with, it was told to end.
                await asyncio.gather(work, return_exceptions=True)
            raise

    async def _run(self) -> None:
        async with self._work.alphasms:
            await self._prepare()
            self._work.tell(f"at work on the campaigns of {shown(self._work.dsn)}")
            while not self._stopping.is_set():
                await self._live_once()
                if not self._stopping.is_set():
                    await self._recover()

    async def _prepare(self) -> None:
        """See that both the journal's tables and the jobs' can be used."""
        async with self._work.journal():
            pass
        await prepare_engine(self._work.dsn)

    async def _live_once(self) -> None:
        """Take jobs until the worker is to stop, or the database is lost."""
        life = self._life = asyncio.create_task(self._live())
        await asyncio.wait([life])
        self._life = None
        error = None if life.cancelled() else life.exception()
        if error is not None and not isinstance(
            error, JournalError | ProcrastinateException | psycopg.Error
        ):
            raise error

    async def _live(self) -> None:
        left, self._tasks = self._tasks.latest_job, self._new_tasks()
        # An app of its own each time: its connections may be lost, and tasks join one app only.
        async with engine(self._work.dsn) as app:
            self._tasks.add_to(app)
            await self._tidy_up(app.job_manager, left)
            await self._take_jobs(app)

    async def _take_jobs(self, app: App) -> None:
        """Take jobs of both kinds, the watch beside a campaign that may last for hours."""
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=[queue],
                    concurrency=1,
                    install_signal_handlers=False,
                    # Asked for, and not listened for: that takes a connection for each queue, and
                    # one that is given up while it waits may keep the next from being heard.
                    listen_notify=False,
                    fetch_job_polling_interval=_POLL_SECONDS,
                    # At once: a runner that is cancelled ends when its calls have their answers.
                    shutdown_graceful_timeout=0,
                    delete_jobs="successful",
                    update_heartbeat_interval=self._heartbeat_seconds,
                    stalled_worker_timeout=self._stalled_seconds,
                )
            )
            for queue in (QUEUE, WATCH_QUEUE)
        ]
        # Asked beside being cancelled, which a step on the way here may have taken for its own.
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([*workers, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await _shielded(self._end(workers))
        for worker in workers:
            if not worker.cancelled():
                worker.result()

    async def _end(self, workers: Sequence["asyncio.Task[None]"]) -> None:
        """Have procrastinate's workers end, and wait until they have.

        They end well when they are cancelled once. One that is just beginning may miss it, and is
        told again; not while calls are in flight, which that would cut off.
        """
        pending = set(workers)
        for worker in pending:
            worker.cancel()
        while pending:
            _, pending = await asyncio.wait(pending, timeout=_AGAIN_SECONDS)
            if not self._tasks.are_at_work:
                for worker in pending:
                    worker.cancel()

    async def _tidy_up(self, jobs: JobManager, left: int | None) -> None:
        """End the job that this process had when it lost the database, and forget old ones."""
        with reaching(self._work.dsn):
            if left is not None:
                await end_job(jobs, left)
            await jobs.delete_old_jobs(
                _OLD_HOURS,
                include_failed=True,
                include_cancelled=True,
                include_aborted=True,
            )

    async def _recover(self) -> None:
        """Wait until the database can be used, if it is that which could not."""
        is_told = False
        while not self._stopping.is_set():
            try:
                await self._prepare()
            except JournalError as error:
                if not is_told:
                    self._work.tell(f"the database is lost, waiting until it is back: {error}")
                is_told = True
            else:
                if is_told:
                    self._work.tell("the database is back")
                return
            finally:
                # Also before it is gone on with, so that a fault that stays is no busy loop.
                with anyio.move_on_after(_AGAIN_SECONDS):
                    await self._stopping.wait()

    def _new_tasks(self) -> CampaignTasks:
        return CampaignTasks(
            self._work, watch_seconds=self._watch_seconds, stalled_seconds=self._stalled_seconds
        )


async def _shielded(work: Coroutine[Any, Any, None]) -> None:
    """Do work to its end, also where this is cancelled meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
