"""The lease of one dialling process: taken with its first claim, and prolonged while it lives."""

import logging
import os
import socket
from collections.abc import Callable
from threading import Lock, Timer

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from alphasms_async.campaigns.postgres.clock import DatabaseClock
from alphasms_async.campaigns.postgres.connection import PostgresConnection, connect
from alphasms_async.campaigns.postgres.failures import FAILURES, journal_error
from alphasms_async.campaigns.postgres.leases import beat
from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["Lease"]

_log = logging.getLogger("alphasms_async")

_BEATS_A_LEASE = 6


class Lease:
    """Says now and then, through a connection of its own, that this process lives.

    Of its own, for what is read or written elsewhere may take longer than a lease.

    Args:
        dsn: The database.
        name: The journal's name, for errors.
        seconds: How long after a sign of life the process is taken to live, above 0.
        clock: What learns the database's time on the way.
        on_silence: Called in a thread of its own when the database has said nothing for a lease.
    """

    def __init__(
        self,
        dsn: str,
        name: str,
        seconds: float,
        clock: DatabaseClock,
        on_silence: Callable[[], None],
    ) -> None:
        self._dsn = dsn
        self._name = name
        self._seconds = seconds
        self.owner: int = 0
        """The number that the database knows this process by. 0: none was needed yet."""
        self.is_kept: bool = False
        """Whether it was taken, and is prolonged."""
        self._clock = clock
        self._on_silence = on_silence
        self._connection: PostgresConnection | None = None
        self._turn = anyio.Lock()
        self._registering = Lock()
        # Made where it is entered, for a journal may be made where no event loop runs.
        self._scope: anyio.CancelScope | None = None
        self._is_ended = False
        self._limiter = anyio.CapacityLimiter(1)

    @property
    def interval_seconds(self) -> float:
        """How long it is from one sign of life to the next."""
        return self._seconds / _BEATS_A_LEASE

    async def take(self, group: TaskGroup) -> None:
        """Take the lease, and have it kept; once, however often this is asked for.

        Args:
            group: What it is kept in, until `end` is called.

        Raises:
            JournalError: The database cannot be used.
        """
        async with self._turn:
            # Whoever is cancelled by the loop's own means leaves the thread behind, which goes on.
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._register, limiter=self._limiter)
            if not self.is_kept:
                self.is_kept = True
                group.start_soon(self._keep)

    async def _keep(self) -> None:
        """Prolong the lease, until it is lost or `end` is called."""
        has_failed = False
        with anyio.CancelScope() as self._scope:
            while not self._is_ended:
                await anyio.sleep(self.interval_seconds)
                try:
                    await anyio.to_thread.run_sync(self._beat, limiter=self._limiter)
                    has_failed = False
                except JournalLocked:
                    # Whoever claims next is told.
                    return
                except JournalError as error:
                    if not has_failed:
                        _log.warning("%s; trying again", error)
                    has_failed = True

    def end(self) -> None:
        """Prolong it no more."""
        self._is_ended = True
        if self._scope is not None:
            self._scope.cancel()

    def close(self) -> None:
        """Close its connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _register(self) -> None:
        told = {"host": socket.gethostname(), "pid": os.getpid(), "lease": self._seconds}
        # A thread that was left behind may be about it still.
        with self._registering:
            if self.owner:
                return
            try:
                (self.owner,) = self._connected().execute("add_owner", told).fetchone()
            except FAILURES as error:
                raise journal_error(error, self._name) from None

    def _beat(self) -> None:
        # It waits for nobody's lock: where it has no answer, no other statement will have one.
        silence = Timer(self._seconds, self._break_off)
        silence.start()
        try:
            self._clock.look(beat(self._connected(), self.owner, self._name))
        except FAILURES as error:
            raise journal_error(error, self._name) from None
        finally:
            silence.cancel()

    def _break_off(self) -> None:
        if self._connection is not None:
            self._connection.break_off()
        self._on_silence()

    def _connected(self) -> PostgresConnection:
        if self._connection is None or self._connection.is_broken:
            self._connection = connect(self._dsn, self._name)
        return self._connection
