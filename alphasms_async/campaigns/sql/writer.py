"""One writer, one commit at a time: what is asked for during a commit goes into the next.

So a commit costs one flush of the disk however many calls it is for, and none of them waits
longer than for the commit before its own.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from attrs import define, field

from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.errors import AlphaSMSError, JournalError

__all__ = ["Alone", "Fence", "SharedWork", "Work", "Writer"]

A = TypeVar("A")
T = TypeVar("T")

# How many turns of the loop a commit waits for company; those of an idle loop are over at once.
_TURNS_TO_JOIN = 2
_MOST_TRIES = 5

Work = Callable[[Connection], T]
"""What is done inside a transaction. It may raise an `AlphaSMSError` before it writes anything."""

SharedWork = Callable[[Connection, Sequence[A]], Sequence[T]]
"""Work done at once for all who ask for it one after the other: takes what each of them asks, and
returns what each of them gets. An `AlphaSMSError` of it is told to all of them."""

Fence = Callable[[], JournalError | None]
"""Asked inside each transaction: why nothing may be begun any more, `None` while it may."""


@define(eq=False)
class Alone:
    """A transaction for one job, taken back if it fails or if whoever asked for it is cancelled."""

    keep: bool = True
    """Whether what it writes stays."""
    is_given_up: bool = False
    """Whether nobody waits for it any more."""
    is_durable: bool = False
    """Whether it was committed."""


@define(eq=False)
class _Job(Generic[T]):
    """A piece of work, and what it came to."""

    work: SharedWork[Any, T]
    asked: Any
    fenced: bool
    """Whether it is refused once the journal is another process's, or its file another one."""
    alone: Alone | None
    """Its own transaction. `None`: it shares one."""
    result: T = field(init=False)
    error: Exception | None = None

    @property
    def stays(self) -> bool:
        alone = self.alone
        return alone is None or (alone.keep and not alone.is_given_up and self.error is None)


@define(eq=False)
class _Batch:
    """Jobs that share a transaction."""

    jobs: list[_Job[Any]] = field(factory=list[_Job[Any]])
    # One for all of them: each would be dear by the hundred.
    done: anyio.Event = field(factory=anyio.Event)


class Writer:
    """The only way to write through a connection.

    Args:
        connection: The connection, which nobody else writes through.
        name: The journal's name, for errors.
        fence: What tells whether the journal is still this process's to begin something in.
        committed: Called after each commit, in the thread that made it; what fails in it ends the
            writing, and takes nothing back.
        in_thread: Whether commits are made in a worker thread, for a disk makes them wait.
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        *,
        fence: Fence,
        committed: Callable[[], None],
        in_thread: bool = True,
    ) -> None:
        self._connection = connection
        self._name = name
        self._fence = fence
        self._committed = committed
        self._in_thread = in_thread
        self._batches = deque[_Batch]()
        self._batch = _Batch()
        self._news = anyio.Event()
        self._closing = False
        self._failure: JournalError | None = None
        self._limiter = anyio.CapacityLimiter(1)
        self._ended = anyio.Event()

    @property
    def failure(self) -> JournalError | None:
        """Why nothing is written any more, `None` while all is well."""
        return self._failure

    async def run(self) -> None:
        """Commit what is asked for, until the writer is closed."""
        # Shielded: somebody who is cancelled still writes how far he got.
        with anyio.CancelScope(shield=True):
            try:
                while await self._wait():
                    # A commit is dear whatever is in it: whoever is ready to ask shares it.
                    for _ in range(_TURNS_TO_JOIN):
                        await anyio.lowlevel.cancel_shielded_checkpoint()
                    self._batch = self._batches.popleft()
                    jobs = self._batch.jobs
                    if self._in_thread or jobs[0].alone:
                        await anyio.to_thread.run_sync(self._commit, jobs, limiter=self._limiter)
                    else:
                        self._commit(jobs)
                    self._batch.done.set()
            finally:
                self._end()

    async def write(self, work: Work[T], *, fenced: bool = True, alone: Alone | None = None) -> T:
        """Do a piece of work in a transaction; return its result once that is durable.

        Raises:
            JournalError: As `share` does.
        """
        return await self.share(
            lambda connection, _: [work(connection)], None, fenced=fenced, alone=alone
        )

    async def share(
        self,
        work: SharedWork[A, T],
        asked: A,
        *,
        fenced: bool = True,
        alone: Alone | None = None,
    ) -> T:
        """Do work in a step that others may share; return what it gets once that is durable.

        It is not cut off by cancellation, unless it is alone.

        Raises:
            JournalError: It could not be written, or an earlier write failed.
            JournalLocked: Another process has taken the journal over.
        """
        if self._closing:
            raise self._closed()
        job = _Job(work, asked, fenced, alone)
        done = self._put(job)
        try:
            with anyio.CancelScope(shield=alone is None):
                await done.wait()
        except BaseException:
            if alone is not None:
                alone.is_given_up = True
                with anyio.CancelScope(shield=True):
                    await done.wait()
            raise
        if job.error is not None:
            raise job.error
        return job.result

    async def aclose(self) -> None:
        """Commit what was asked for, then stop."""
        self._closing = True
        self._news.set()
        with anyio.CancelScope(shield=True):
            await self._ended.wait()

    def _end(self) -> None:
        """Leave nobody waiting, even if the loop itself has ended the writer before its time."""
        self._closing = True
        for batch in (self._batch, *self._batches):
            if not batch.done.is_set():
                for job in batch.jobs:
                    job.error = self._closed()
                batch.done.set()
        self._ended.set()

    def _closed(self) -> JournalError:
        return JournalError(f"the journal {self._name} is closed")

    async def _wait(self) -> bool:
        while not self._batches:
            if self._closing:
                return False
            self._news = anyio.Event()
            await self._news.wait()
        return True

    def _put(self, job: _Job[Any]) -> anyio.Event:
        """Have a job share the next transaction, if it may; return what tells when it is done."""
        if not self._batches or job.alone or self._batches[-1].jobs[0].alone:
            self._batches.append(_Batch())
        self._batches[-1].jobs.append(job)
        self._news.set()
        return self._batches[-1].done

    def _commit(self, batch: list[_Job[Any]]) -> None:
        if self._failure is not None or not self._is_done(batch):
            # Fail-stop: what cannot be written down must not be done.
            for job in batch:
                job.error = self._failure
            self._tell_late([job for job in batch if not job.fenced and job.alone is None])
            return
        try:
            self._committed()
        except self._connection.failures as error:
            # These jobs are durable; the next ones are not begun.
            self._failure = self._connection.error(error, self._name)

    def _is_done(self, batch: list[_Job[Any]]) -> bool:
        """Do what is asked for; return whether that could be done."""
        try:
            self._try_to_transact(batch)
        except self._connection.failures as error:
            self._failure = self._connection.error(error, self._name)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing of it is durable
            self._failure = JournalError(f"the journal {self._name} cannot be used: {error!r}")
        return self._failure is None

    def _tell_late(self, jobs: list[_Job[Any]]) -> None:
        """Write what has happened all the same, if the database comes back for that."""
        failures: tuple[type[Exception], ...] = (*self._connection.failures, AlphaSMSError)
        if jobs and self._connection.revive():
            try:
                self._try_to_transact(jobs)
            except failures:
                for job in jobs:
                    job.error = self._failure

    def _try_to_transact(self, batch: list[_Job[Any]]) -> None:
        for _ in range(_MOST_TRIES - 1):
            try:
                return self._transact(batch)
            except self._connection.failures as error:
                # One job alone reads what cannot be read twice.
                if batch[0].alone is not None or not self._connection.passes(error):
                    raise
        return self._transact(batch)

    def _transact(self, batch: list[_Job[Any]]) -> None:
        self._connection.begin()
        try:
            lost = self._fence()
            for job in batch:
                job.error = lost if job.fenced else None
            allowed = [job for job in batch if job.error is None]
            for work, jobs in groupby(allowed, attrgetter("work")):
                self._do(work, [*jobs])
            stays = all(job.stays for job in batch)
            if stays:
                self._connection.commit()
            else:
                self._connection.rollback()
            if batch[0].alone is not None:
                batch[0].alone.is_durable = stays
        except BaseException:
            self._connection.rollback()
            raise

    def _do(self, work: SharedWork[Any, Any], jobs: Sequence[_Job[Any]]) -> None:
        """Do the work of those who share it."""
        try:
            results = work(self._connection, [job.asked for job in jobs])
        except self._connection.failures:
            raise
        except Exception as error:
            if not jobs[0].alone and not isinstance(error, AlphaSMSError):
                raise
            for job in jobs:
                job.error = error
        else:
            for job, result in zip(jobs, results, strict=True):
                job.result = result
