"""A journal in PostgreSQL: `PostgresJournal`, and `tell_postgres`, which commands speak through."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from decimal import Decimal
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

import anyio
import anyio.to_thread
import psycopg
from attrs import frozen

from alphasms_async.campaigns.commands import (
    AddDoNotCall,
    Cancel,
    Command,
    Pause,
    RecordEvent,
    RemoveDoNotCall,
)
from alphasms_async.campaigns.dsn import check_dsn, shown
from alphasms_async.campaigns.events import CallEvent, Recorded
from alphasms_async.campaigns.journal import Planned
from alphasms_async.campaigns.postgres.claiming import Front
from alphasms_async.campaigns.postgres.clock import DatabaseClock
from alphasms_async.campaigns.postgres.connection import PostgresConnection, connect
from alphasms_async.campaigns.postgres.failures import FAILURES, journal_error
from alphasms_async.campaigns.postgres.lease import Lease
from alphasms_async.campaigns.postgres.leases import leave, leave_share, renew, sweep_gone
from alphasms_async.campaigns.postgres.migrating import migrate
from alphasms_async.campaigns.postgres.planning import Listing
from alphasms_async.campaigns.postgres.settling import settle
from alphasms_async.campaigns.postgres.shares import PostgresShare, open_share
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.shares import Share
from alphasms_async.campaigns.sql.claiming import Claim
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.journal import SqlJournal
from alphasms_async.campaigns.sql.moves import can_be_kept, forget_old_early, sweep
from alphasms_async.campaigns.sql.planning import NewCampaign, add_campaign
from alphasms_async.campaigns.sql.reading import read_moment
from alphasms_async.campaigns.sql.settling import Settling
from alphasms_async.campaigns.sql.taking import shorten_rests
from alphasms_async.campaigns.sql.writer import SharedWork, Work
from alphasms_async.campaigns.states import RowState
from alphasms_async.checks import check_count, is_number
from alphasms_async.clock import Clock
from alphasms_async.errors import InvalidRequest, JournalError

__all__ = ["Enlisted", "PostgresJournal", "tell_postgres"]

T = TypeVar("T")

_MOST_WORKERS = 1000
# A transaction waits for this process a few milliseconds, and others may wait for it.
_AWAY_SECONDS = 2.0


@frozen
class Enlisted:
    """A campaign that workers are wanted for, and that somebody is left to dial in."""

    name: str
    workers: int
    """How many runners are wanted, 1 or more."""
    next_due: datetime | None
    """When the next recipient may be dialled."""


class PostgresJournal(SqlJournal):
    """A journal in a PostgreSQL database, for many dialers at once, on any number of machines.

    Each recipient is claimed by one of them, in a commit that is durable before the request may
    leave. A dialer lives by a lease, on the database's clock: it is prolonged with every claim and
    six times a lease. Who loses it begins nothing more, whom it was calling is uncertain, and what
    it held of the budget comes back, less what its calls may have cost. Any process may write
    commands and events at any time.

    The tables stand in the schema `alphasms`, are made by whoever comes first, and are brought up
    to date by whoever comes with a newer package. PostgreSQL 14 or newer. Needs the extra
    `postgres`. Works on asyncio and trio.

    Args:
        dsn: The database, such as `postgresql://user@host/database`. A password is better left to
            PGPASSWORD or a password file; here it is shown nowhere.
        must_exist: Whether there must be a journal in the database already; without it, one is
            made.
        lease_seconds: How long a dialer that says nothing more is taken to live, above 0.
        clock: Returns the time, aware; leases have the database's all the same. `None`: what the
            database's clock shows. Tests set it.

    Raises:
        JournalError: The DSN cannot be read. Nothing of a password is shown.
        InvalidRequest: `lease_seconds` is no number above 0.
    """

    def __init__(
        self,
        dsn: str,
        *,
        must_exist: bool = False,
        lease_seconds: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        check_dsn(dsn)
        self._time = DatabaseClock()
        super().__init__(shown(dsn), clock or self._time)
        self._dsn = dsn
        self._must_exist = must_exist
        self._lease_seconds = _check_lease(lease_seconds)
        self._lease = self._new_lease()
        self._connection: PostgresConnection | None = None
        self._reader: PostgresConnection | None = None
        self._reading = anyio.CapacityLimiter(1)
        self._front = Front()
        self._swept_at = 0.0

    @property
    def place(self) -> str:
        """The DSN, password and all."""
        return self._dsn

    @property
    def lease_seconds(self) -> float:
        """How long a dialer that says nothing more is taken to live."""
        return self._lease_seconds

    @property
    def statements(self) -> int:
        """How many statements this journal has written with, for whoever counts what a call costs.

        Those that begin and end transactions are among them, those that read are not.
        """
        return 0 if self._connection is None else self._connection.statements

    async def __aenter__(self) -> Self:
        if self._connection is not None:
            raise RuntimeError("the journal is entered already: make another one of the same DSN")
        self._lease = self._new_lease()
        return await super().__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        owner, now = self._lease.owner, self._now()
        try:
            if owner:
                # A database that is away will find the lease lapsed.
                with suppress(JournalError):
                    await self._write(
                        lambda connection: leave(connection, owner, now), fenced=False
                    )
        finally:
            self._lease.end()
            await super().__aexit__(exc_type, exc_value, traceback)

    @asynccontextmanager
    async def taken_up(self, campaign: int) -> AsyncGenerator[Share | None]:
        await self._take_lease()
        async with super().taken_up(campaign) as share:
            try:
                yield share
            finally:
                with suppress(JournalError):
                    await self._write(
                        lambda connection: leave_share(connection, campaign, self._lease.owner),
                        fenced=False,
                    )

    async def claim(
        self, campaign: int, *, client_id: int | None = None, reserved: Decimal | None = None
    ) -> Claimed | None:
        if not self._lease.is_kept:
            await self._take_lease()
        return await super().claim(campaign, client_id=client_id, reserved=reserved)

    async def apply(self, command: Command) -> int:
        if isinstance(command, Cancel):
            # Nobody is claimed while the rows are skipped, of which there may be millions.
            await super().apply(Pause(command.campaign))
        return await super().apply(command)

    async def drain(self) -> int:
        """Take dialers that are gone for gone; return how many calls are uncertain for that.

        Commands need no draining: any process does them itself.
        """
        if monotonic() - self._swept_at < self._lease.interval_seconds:
            return 0
        self._swept_at, now = monotonic(), self._now()
        return await self._write(lambda connection: sweep_gone(connection, now))

    async def enlist(self, name: str, workers: int) -> None:
        """Note how many runners are wanted on a campaign, and take an older halt note away.

        Args:
            name: The campaign's.
            workers: How many, 0 to 1000. 0: none, which ends no run and leaves the note.

        Raises:
            InvalidRequest: There is none of that name, it is over, or `workers` is no such number.
            JournalError: The journal cannot be written.
        """
        if workers and check_count("workers", workers) > _MOST_WORKERS:
            raise InvalidRequest(f"workers is {_MOST_WORKERS} at most, not {workers}")
        told = {"name": name, "workers": workers}
        (await self.campaign(name)).check_going_on()
        await self._write(lambda connection: connection.execute("set_workers", told))

    async def enlisted(self) -> list[Enlisted]:
        """Return the campaigns that runners are wanted for: ready, not halted, somebody planned.

        Raises:
            JournalError: The journal cannot be read.
        """
        return await self._all(
            "enlisted", {}, lambda row: Enlisted(row[0], row[1], read_moment(row[2:]))
        )

    async def dialers(self, campaign: int) -> int:
        """Return how many dialers with a living lease are at work on a campaign.

        Args:
            campaign: Its `id`.

        Raises:
            JournalError: The journal cannot be read.
        """
        (count,) = await self._all("dialers", {"campaign": campaign}, lambda row: int(row[0]))
        return count

    def _new_lease(self) -> Lease:
        return Lease(self._dsn, self._name, self._lease_seconds, self._time, self._break_off)

    async def _take_lease(self) -> None:
        self._writing()
        assert self._group is not None  # noqa: S101 - entered, as the line above has seen
        await self._lease.take(self._group)
        self._owner = self._lease.owner

    def _take(self) -> Connection:
        try:
            # A process that is frozen in a transaction must not keep all others waiting.
            lease = self._lease_seconds
            connection = connect(
                self._dsn,
                self._name,
                away_seconds=min(lease, _AWAY_SECONDS),
                patience_seconds=lease,
            )
            self._connection = connection
            migrate(connection, self._name, must_exist=self._must_exist)
            self._time.look(connection.execute("time").fetchone()[0])
            # Whoever may only read leaves it to others.
            with suppress(psycopg.Error):
                self._sweep(connection)
        except FAILURES as error:
            self._let_go()
            raise journal_error(error, self._name) from None
        except BaseException:
            self._let_go()
            raise
        return connection

    def _sweep(self, connection: PostgresConnection) -> None:
        now = self._now()
        connection.begin()
        try:
            sweep_gone(connection, now)
            forget_old_early(connection, now)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise

    def _let_go(self) -> None:
        for connection in (self._reader, self._connection):
            if connection is not None:
                connection.close()
        self._reader = self._connection = None
        self._lease.close()

    def _break_off(self) -> None:
        """Take a database for lost that has said nothing for a lease."""
        for connection in (self._connection, self._reader):
            if connection is not None:
                connection.break_off()

    @property
    def _claiming(self) -> SharedWork[Claim, Claimed | None]:
        return self._claim

    def _claim(self, connection: Connection, claims: Sequence[Claim]) -> Sequence[Claimed | None]:
        renew(connection, self._lease.owner, self._name)
        return self._front.claim(connection, claims)

    @property
    def _settling(self) -> SharedWork[Settling, RowState]:
        return self._settle

    def _settle(self, connection: Connection, settlings: Sequence[Settling]) -> Sequence[RowState]:
        states = settle(connection, settlings)
        if RowState.PLANNED in states:
            self._front.look_back()
        return states

    def _plan(self, connection: Connection, new: NewCampaign, now: float) -> Planned:
        return add_campaign(connection, new, now, Listing())

    def _discard(self, connection: Connection, name: str) -> bool:
        # Whoever claims passes over what is locked here.
        connection.execute("lock_recipients", {"name": name})
        return super()._discard(connection, name)

    def _quote(
        self, connection: Connection, name: str, price: Decimal, currency: str | None
    ) -> None:
        # Like a command, it reads the definition that it changes.
        connection.execute("one_commands")
        super()._quote(connection, name, price, currency)

    def _record(self, connection: Connection, event: CallEvent, now: float) -> Recorded:
        if event.id is not None and can_be_kept(event):
            connection.execute("one_tells", {"gateway_ids": [event.id]})
        return super()._record(connection, event, now)

    def _apply(self, connection: Connection, command: Command, now: float) -> int:
        connection.execute("one_commands")
        if not isinstance(command, AddDoNotCall | RemoveDoNotCall | RecordEvent):
            # What is decided by its state must still be so when that is committed.
            connection.execute("lock_campaign_named", {"name": command.campaign})
        self._front.look_back()
        return super()._apply(connection, command, now)

    def _take_up(self, connection: Connection, campaign: int, now: float) -> Share | None:
        owner = self._lease.owner
        renew(connection, owner, self._name)
        sweep_gone(connection, now)
        # Whom an earlier dialer of this very process left.
        sweep(connection, now, campaign, owner)
        shorten_rests(connection, [campaign], now)
        open_share(connection, campaign, owner)
        return PostgresShare(campaign, owner, self._leased)

    async def _leased(self, work: Work[T]) -> T:
        def leased(connection: Connection) -> T:
            renew(connection, self._lease.owner, self._name)
            return work(connection)

        return await self._write(leased)

    async def _read(self, work: Work[T]) -> T:
        """Read beside the writes, through a connection that is opened anew when it broke."""
        self._writing()

        def read() -> T:
            reader, is_new = self._reader, False
            if reader is None or reader.is_broken:
                reader, is_new = connect(self._dsn, self._name), True
                self._reader = reader
            try:
                return work(reader)
            except FAILURES as error:
                # It may have broken while nobody used it, as when the database was started anew.
                if reader.is_broken and not is_new:
                    return read()
                raise journal_error(error, self._name) from None

        return await anyio.to_thread.run_sync(read, limiter=self._reading)


def _check_lease(seconds: float) -> float:
    if not is_number(seconds) or seconds <= 0:
        raise InvalidRequest(f"lease_seconds is a number of seconds above 0, not {seconds!r}")
    return float(seconds)


async def tell_postgres(
    dsn: str, commands: Sequence[Command], *, clock: Clock | None = None
) -> None:
    """Have commands done, at once, whoever is at work.

    Args:
        dsn: The database, which has a journal already.
        commands: What is asked; all of it is durable once this returns.
        clock: Returns the time, aware. `None`: what the database's clock shows.

    Raises:
        InvalidRequest: It has no campaign of that name, or one that is over; the commands before
            that are done.
        JournalError: The journal cannot be used.
    """
    if not commands:
        return
    async with PostgresJournal(dsn, must_exist=True, clock=clock) as journal:
        for command in commands:
            await journal.apply(command)
