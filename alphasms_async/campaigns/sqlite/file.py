"""A journal in a file: `SqliteJournal`, and `tell`, which speaks to whoever writes it."""

import logging
import os
import socket
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import anyio
import anyio.to_thread

from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.dsn import is_dsn
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.shares import Share
from alphasms_async.campaigns.sql.writer import Work, Writer
from alphasms_async.campaigns.sqlite.connection import FAILURES, SqliteConnection, journal_error
from alphasms_async.campaigns.sqlite.guard import Guard
from alphasms_async.campaigns.sqlite.inbox import Inbox, InboxError, Letters
from alphasms_async.campaigns.sqlite.letters import apply_letters
from alphasms_async.campaigns.sqlite.lock import BRIEF, FileLock
from alphasms_async.campaigns.sqlite.one_writer import OneWriterJournal
from alphasms_async.campaigns.sqlite.opening import (
    check_place,
    check_whole,
    connect_file,
    connect_read_only,
    count_attempts,
    prepare,
    show_owner,
)
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["DEFAULT_JOURNAL", "SqliteJournal", "Told", "tell"]

T = TypeVar("T")

DEFAULT_JOURNAL = Path("alphasms.journal")
"""The journal of the commands, in the folder they run in."""

_log = logging.getLogger("alphasms_async")

_TELL_SECONDS = 2.0
_LOOK_SECONDS = 0.05
# Each look but the first is for what came during the one before.
_MOST_LOOKS = 3


class SqliteJournal(OneWriterJournal):
    """A journal in one file, which survives `kill -9` and power cuts at any moment.

    It is written in WAL mode and flushed to the disk at every commit; one process writes it at a
    time, held apart by a lock that dies with its holder, and any number may read it. On Linux and
    macOS, on a local disk. Beside it lie `<name>.lock`, `<name>.inbox` and, while it is open,
    SQLite's own `-wal` and `-shm`; a copy needs the file and its `-wal`. All links to it are one
    journal. When it is moved, deleted or copied over while it is open, nothing more is begun in
    it, and what was in flight is still written down.

    Args:
        path: The file, made when it is not there, readable for its owner alone.
        read_only: Only read, beside the process that writes it. Its writes raise `JournalError`.
        purpose: What it is opened for; a process that is refused is told so.
        clock: Returns the time, aware. Tests set it.

    Raises:
        JournalError: The path is the address of a database.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] = DEFAULT_JOURNAL,
        *,
        read_only: bool = False,
        purpose: str = "",
        clock: Clock = utc_now,
    ) -> None:
        if is_dsn(path):
            # As a path it would be shown, password and all.
            raise JournalError("a journal in PostgreSQL is a PostgresJournal: open_journal tells")
        self.path: Path = Path(path)
        """Where it lies."""
        super().__init__(str(self.path), clock)
        self._read_only = read_only
        self._is_brief = purpose is BRIEF
        self._lock = FileLock(self._name, purpose)
        self._inbox = Inbox(self.path)
        # Whether somebody was told that the inbox cannot be used.
        self._is_told = False
        self._connection: SqliteConnection | None = None
        self._reader: SqliteConnection | None = None
        self._reading = anyio.CapacityLimiter(1)
        self._attempts = 0

    @property
    def place(self) -> str | Path:
        """Where it lies."""
        return self.path

    @property
    def is_read_only(self) -> bool:
        """Whether it is open for reading only, so that its writer must be told what to write."""
        return self._read_only

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await super().__aexit__(exc_type, exc_value, traceback)
        if exc_type is None and not self._read_only and not self._is_brief:
            with suppress(JournalError):
                await _take_what_is_left(self.path, self._clock)

    async def drain(self, *, strict: bool = False) -> int:
        """Do what waits in the inbox; return how many commands that were.

        Args:
            strict: Whether an inbox that cannot be used is an error. Without it, it is told of
                once and looked into again the next time: nobody is dialled wrongly for it.

        Raises:
            JournalError: The journal cannot be written, or the inbox cannot be used.
        """
        try:
            done = await self._do_what_waits()
        except InboxError as error:
            if strict:
                raise
            if not self._is_told:
                _log.warning("%s; the dialling goes on", error)
            self._is_told = True
            return 0
        self._is_told = False
        return done

    async def claim(
        self, campaign: int, *, client_id: int | None = None, reserved: Decimal | None = None
    ) -> Claimed | None:
        claimed = await super().claim(campaign, client_id=client_id, reserved=reserved)
        self._attempts += claimed is not None
        return claimed

    @asynccontextmanager
    async def taken_up(self, campaign: int) -> AsyncGenerator[Share | None]:
        try:
            async with super().taken_up(campaign) as share:
                self._lock.tell(dialled=self._taken_up)
                yield share
        finally:
            self._lock.tell(dialled=self._taken_up)

    async def _do_what_waits(self) -> int:
        letters = await anyio.to_thread.run_sync(self._waiting)
        if letters is None:
            return 0
        now = self._now()
        done = await self._write(lambda connection: apply_letters(connection, letters, now))
        # Durable here first; what is read twice after a crash in between is known by its number.
        await anyio.to_thread.run_sync(self._inbox.forget, letters.bodies[-1][0])
        return done

    def _waiting(self) -> Letters | None:
        # Also when it was an event's: a run that waits for more of them would wait in vain.
        failure = self._guard.failure() or super()._writing().failure
        if failure is not None:
            raise failure
        self._lock.tell(attempts=self._attempts)
        return self._inbox.waiting()

    def _take(self) -> SqliteConnection:
        place = check_place(self.path, must_exist=self._read_only)
        if self._read_only:
            self._reader = SqliteConnection(connect_read_only(place, self._name))
            return self._reader
        # Whoever comes by another link finds the same lock, and leaves its commands here too.
        self._inbox = Inbox(place)
        check_whole(place, self._name)
        self._lock.acquire(place)
        try:
            opened = connect_file(place, self._name)
            self._connection = SqliteConnection(opened)
            prepare(opened, self._name)
            self._attempts = count_attempts(opened, self._name)
            self._lock.check_seen(self._attempts)
            self._begin(self._connection, socket.gethostname(), os.getpid())
            show_owner(opened, self._name)
            self._guard = Guard(self._name, place)
            self._reader = SqliteConnection(connect_read_only(place, self._name))
        except BaseException:
            self._let_go()
            raise
        return self._connection

    def _let_go(self) -> None:
        self._inbox.close()
        if self._connection is not None:
            # Without that it is whole all the same, but cannot be moved by itself.
            with suppress(sqlite3.Error):
                self._connection.execute("wait_for_nobody")
                self._connection.execute("leave", {"owner": self._owner})
            self._lock.tell(attempts=self._attempts)
        for connection in (self._reader, self._connection):
            if connection is not None:
                connection.close()
        self._reader = self._connection = None
        self._lock.release()

    def _writing(self) -> Writer:
        if self._read_only:
            raise JournalError(f"the journal {self._name} is open for reading only")
        return super()._writing()

    async def _read(self, work: Work[T]) -> T:
        reader = self._reader
        if reader is None:
            raise RuntimeError("enter the journal first: async with SqliteJournal(…) as journal")

        def read() -> T:
            try:
                return work(reader)
            except FAILURES as error:
                raise journal_error(error, self._name) from error

        return await anyio.to_thread.run_sync(read, limiter=self._reading)


class Told(StrEnum):
    """What became of a command."""

    DONE = "done"
    """The journal has it."""
    LEFT = "left"
    """It waits in the inbox: whoever writes the journal is busy, and will find it."""


async def tell(
    path: str | os.PathLike[str],
    commands: Sequence[Command],
    *,
    clock: Clock = utc_now,
    is_awaited: bool = True,
) -> Told:
    """Have commands done by whoever writes a journal, or do them here when nobody does.

    Args:
        path: The journal, which is there already.
        commands: What is asked; all of them survive once this returns.
        clock: Returns the time, aware.
        is_awaited: Whether to wait a moment for whoever writes the journal to do them. Without
            it, this returns as soon as they survive.

    Raises:
        InvalidRequest: Nobody writes the journal, and it has no campaign of that name, or one
            that is over.
        JournalError: Journal or inbox cannot be used.
    """
    if not commands:
        return Told.DONE
    journal = SqliteJournal(path, clock=clock, purpose=BRIEF)
    try:
        async with journal:
            # What was asked earlier comes first.
            await _drain(journal)
            for command in commands:
                await journal.apply(command)
            await _drain(journal)
    except JournalLocked:
        return await _leave(journal.path, commands, clock, is_awaited=is_awaited)
    # What was asked for is done, whatever comes of others' letters.
    with suppress(JournalError):
        await _take_what_is_left(journal.path, clock)
    return Told.DONE


async def _leave(
    path: Path, commands: Sequence[Command], clock: Clock, *, is_awaited: bool
) -> Told:
    """Leave the commands in the inbox, and see for a moment whether somebody takes them."""
    with closing(Inbox(check_place(path))) as inbox:
        last = await anyio.to_thread.run_sync(inbox.put, commands)
        # From here on it waits, even if it cannot be seen any more.
        with suppress(InboxError), anyio.move_on_after(_TELL_SECONDS):
            if not is_awaited:
                await _take_what_is_left(path, clock)
                return Told.LEFT
            while await anyio.to_thread.run_sync(inbox.has, last):
                await anyio.sleep(_LOOK_SECONDS)
                # Whoever wrote the journal may have ended without a look at the inbox.
                await _drain_if_free(path, clock)
            return Told.DONE
    return Told.LEFT


async def _drain_if_free(path: Path, clock: Clock) -> None:
    try:
        async with SqliteJournal(path, clock=clock, purpose=BRIEF) as journal:
            await _drain(journal)
    except JournalLocked:
        return


async def _take_what_is_left(path: Path, clock: Clock) -> None:
    """Take what was left while the journal was not free; nobody else may come for a long time.

    Whoever leaves something tries the lock after that, and whoever lets go of the lock looks here
    after that: one of the two sees the other.
    """
    for _ in range(_MOST_LOOKS):
        if not await anyio.to_thread.run_sync(_has_mail, path):
            return
        await _drain_if_free(path, clock)


def _has_mail(path: Path) -> bool:
    with closing(Inbox(check_place(path))) as inbox:
        return inbox.waiting() is not None


async def _drain(journal: SqliteJournal) -> None:
    """Drain the inbox to its end; each look takes some hundreds of letters."""
    while await journal.drain(strict=True):
        pass
