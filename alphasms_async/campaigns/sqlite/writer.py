"""One writer, one commit at a time: what is asked for during a commit goes into the next.

So a commit costs one flush of the disk however many calls it is for, and none of them waits
longer than for the commit before its own.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

import anyio
import anyio.to_thread
from attrs import define, field

from alphasms_async.campaigns.sqlite.connection import Connection, journal_error
from alphasms_async.campaigns.sqlite.sql import QUERIES
from alphasms_async.errors import AlphaSMSError, JournalError, JournalLocked

__all__ = ["Work", "Writer"]

T = TypeVar("T")

Work = Callable[[Connection], T]
"""What is done inside a transaction. It may raise an `AlphaSMSError` before it writes anything."""


@define(eq=False)
class _Job(Generic[T]):
    """A piece of work, and what it came to."""

    work: Work[T]
    fenced: bool
    """Whether it is refused once another process has taken the journal over."""
    alone: bool
    """Whether it has a transaction of its own, which its error takes back."""
    keep: bool
    """Whether what it wrote stays."""
    done: anyio.Event = field(factory=anyio.Event)
    result: list[T] = field(factory=list[T])
    error: Exception | None = None

    def run(self, connection: Connection) -> None:
        try:
            self.result.append(self.work(connection))
        except sqlite3.Error:
            raise
        except Exception as error:
            if not self.alone and not isinstance(error, AlphaSMSError):
                raise
            self.error = error


class Writer:
    """The only way to write through a connection.

    Args:
        connection: The connection, which nobody else writes through.
        name: The journal's name, for errors.
        owner: The number of this owner; a newer one in the journal has taken it over.
        in_thread: Whether commits are made in a worker thread, for a disk makes them wait.
    """

    def __init__(
        self, connection: Connection, name: str, owner: int, *, in_thread: bool = True
    ) -> None:
        self._connection = connection
        self._name = name
        self._owner = owner
        self._in_thread = in_thread
        self._jobs: list[_Job[Any]] = []
        self._batch: list[_Job[Any]] = []
        self._news = anyio.Event()
        self._closing = False
        self._failure: JournalError | None = None
        self._limiter = anyio.CapacityLimiter(1)
        self._ended = anyio.Event()

    async def run(self) -> None:
        """Commit what is asked for, until the writer is closed."""
        # Shielded: somebody who is cancelled still writes how far he got.
        with anyio.CancelScope(shield=True):
            try:
                while await self._wait():
                    self._batch = batch = self._next_batch()
                    if self._in_thread or batch[0].alone:
                        await anyio.to_thread.run_sync(self._commit, batch, limiter=self._limiter)
                    else:
                        self._commit(batch)
                    for job in batch:
                        job.done.set()
            finally:
                self._end()

    async def write(
        self, work: Work[T], *, fenced: bool = True, alone: bool = False, keep: bool = True
    ) -> T:
        """Do a piece of work in a transaction; return its result once that is durable.

        Raises:
            JournalError: It could not be written, or an earlier write failed.
            JournalLocked: Another process has taken the journal over.
        """
        if self._closing:
            raise self._closed()
        job = _Job(work, fenced, alone, keep)
        self._jobs.append(job)
        self._news.set()
        with anyio.CancelScope(shield=True):
            await job.done.wait()
        if job.error is not None:
            raise job.error
        return job.result[0]

    async def aclose(self) -> None:
        """Commit what was asked for, then stop."""
        self._closing = True
        self._news.set()
        with anyio.CancelScope(shield=True):
            await self._ended.wait()

    def _end(self) -> None:
        """Leave nobody waiting, even if the loop itself has ended the writer before its time."""
        self._closing = True
        for job in (*self._batch, *self._jobs):
            if not job.done.is_set():
                job.error = self._closed()
                job.done.set()
        self._ended.set()

    def _closed(self) -> JournalError:
        return JournalError(f"the journal {self._name} is closed")

    async def _wait(self) -> bool:
        while not self._jobs:
            if self._closing:
                return False
            self._news = anyio.Event()
            await self._news.wait()
        return True

    def _next_batch(self) -> list[_Job[Any]]:
        """Take all that may share a transaction; one that must be alone waits for its turn."""
        size = next((place for place, job in enumerate(self._jobs) if job.alone), len(self._jobs))
        batch, self._jobs = self._jobs[: size or 1], self._jobs[size or 1 :]
        return batch

    def _commit(self, batch: list[_Job[Any]]) -> None:
        if self._failure is None:
            try:
                self._transact(batch)
            except sqlite3.Error as error:
                self._failure = journal_error(error, self._name)
            except Exception as error:  # noqa: BLE001 - whatever it was, nothing of it is durable
                self._failure = JournalError(f"the journal {self._name} cannot be used: {error!r}")
        if self._failure is not None:
            # Fail-stop: what cannot be written down must not be done.
            for job in batch:
                job.error = self._failure

    def _transact(self, batch: list[_Job[Any]]) -> None:
        self._connection.execute("begin immediate")
        try:
            lost = self._is_lost()
            for job in batch:
                if lost and job.fenced:
                    job.error = JournalLocked(
                        f"another process has taken over the journal {self._name}: "
                        "this one dials nobody more"
                    )
                else:
                    job.run(self._connection)
            stays = all(job.keep and not (job.alone and job.error) for job in batch)
            self._connection.execute("commit" if stays else "rollback")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("rollback")
            raise

    def _is_lost(self) -> bool:
        newest: int = self._connection.execute(QUERIES["newest_owner"]).fetchone()[0]
        return newest != self._owner
