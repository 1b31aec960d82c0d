"""What every journal in SQLite does, wherever its database is."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from itertools import takewhile
from json import dumps
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup

from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.events import CallEvent, Recorded
from alphasms_async.campaigns.journal import Journal, Planned
from alphasms_async.campaigns.records import (
    AttemptRecord,
    Began,
    CampaignRecord,
    CampaignState,
    Claimed,
    Money,
    PlannedRow,
    RowRecord,
    Settlement,
    Span,
    Tally,
)
from alphasms_async.campaigns.shares import Share
from alphasms_async.campaigns.sql.applying import apply, named, quote
from alphasms_async.campaigns.sql.claiming import Claim
from alphasms_async.campaigns.sql.connection import Connection, Row
from alphasms_async.campaigns.sql.moves import record
from alphasms_async.campaigns.sql.planning import NewCampaign, discard
from alphasms_async.campaigns.sql.reading import (
    read_attempt,
    read_began,
    read_campaign,
    read_moment,
    read_money,
    read_row,
    read_span,
    read_tally,
)
from alphasms_async.campaigns.sql.settling import Settling
from alphasms_async.campaigns.sql.taking import shorten_rests
from alphasms_async.campaigns.sql.writer import Alone, SharedWork, Work, Writer
from alphasms_async.campaigns.states import RowState, SkipReason
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import InvalidRequest, JournalError

__all__ = ["SqlJournal"]

T = TypeVar("T")


class SqlJournal(Journal):
    """A journal whose database some class below opens, and whose claims it words."""

    _writes_in_thread = True

    def __init__(self, name: str, clock: Clock = utc_now) -> None:
        self._name = name
        self._clock = clock
        self._owner = 0
        self._writer: Writer | None = None
        self._group: TaskGroup | None = None
        self._taken_up = set[int]()
        # What the clock has shown at most, since it was last seen to have been set back.
        self._latest = 0.0

    async def __aenter__(self) -> Self:
        connection = await self._opened()
        self._writer = Writer(
            connection,
            self._name,
            fence=self._fence,
            committed=self._committed,
            in_thread=self._writes_in_thread,
        )
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._writer.run)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._group is not None  # noqa: S101 - entered, or we would not be here
        assert self._writer is not None  # noqa: S101 - likewise
        try:
            await self._writer.aclose()
        finally:
            try:
                await self._group.__aexit__(None, None, None)
            finally:
                # Nothing is awaited: whoever is cancelled here, as often as it may be by the
                # loop's own means, gives the lock back.
                self._let_go()

    async def plan(
        self,
        name: str,
        definition: Mapping[str, Any],
        rows: Iterable[PlannedRow],
        *,
        per_second: float | None = None,
        quoted: Decimal | None = None,
        recent_since: datetime | None = None,
        keep: bool = True,
        check: Callable[[Planned], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Planned:
        alone = Alone(keep)
        new = NewCampaign(
            name,
            definition,
            takewhile(lambda _: not alone.is_given_up, rows),
            per_second,
            None if quoted is None else f"{quoted:f}",
            None if recent_since is None else recent_since.timestamp(),
            check,
            on_progress,
        )
        now = self._now()
        try:
            return await self._write(
                lambda connection: self._plan(connection, new, now), alone=alone
            )
        except BaseException:
            if alone.is_durable:
                # Cancelled too late to be rolled back.
                with anyio.CancelScope(shield=True):
                    await self.discard(name)
            raise

    async def discard(self, name: str) -> bool:
        return await self._write(lambda connection: self._discard(connection, name))

    async def quote(self, name: str, price: Decimal, currency: str | None = None) -> None:
        await self._write(lambda connection: self._quote(connection, name, price, currency))

    async def campaigns(self) -> list[CampaignRecord]:
        return await self._all("campaigns", {}, read_campaign)

    async def campaign(self, name: str) -> CampaignRecord:
        return await self._read(lambda connection: named(connection, name))

    @asynccontextmanager
    async def taken_up(self, campaign: int) -> AsyncGenerator[Share | None]:
        if campaign in self._taken_up:
            raise InvalidRequest(
                "another dialer is at work on this campaign: stop it, or wait until it has ended"
            )
        self._taken_up.add(campaign)
        try:
            now = self._now()
            yield await self._write(lambda connection: self._take_up(connection, campaign, now))
        finally:
            self._taken_up.discard(campaign)

    async def claim(
        self, campaign: int, *, client_id: int | None = None, reserved: Decimal | None = None
    ) -> Claimed | None:
        asked = Claim(campaign, self._owner, self._now(), client_id, reserved)
        return await self._writing().share(self._claiming, asked)

    async def settle(self, settlement: Settlement) -> RowState:
        # Not fenced: what an attempt came to is true whoever writes the journal now.
        settling = Settling(settlement, self._now())
        return await self._writing().share(self._settling, settling, fenced=False)

    async def record(self, event: CallEvent) -> Recorded:
        now = self._now()
        # Fenced: what is answered here as kept, and lies in a file that is gone, is told by nobody.
        return await self._write(lambda connection: self._record(connection, event, now))

    async def apply(self, command: Command) -> int:
        now = self._now()
        return await self._write(lambda connection: self._apply(connection, command, now))

    async def drain(self) -> int:
        return 0

    async def next_due(self, campaign: int) -> datetime | None:
        now = self._now()
        if now < self._latest:
            self._latest, campaigns = now, tuple(self._taken_up)
            await self._write(lambda connection: shorten_rests(connection, campaigns, now))
        (due,) = await self._all("next_due", {"campaign": campaign}, read_moment)
        return due

    async def expire(self, campaign: int) -> int:
        fields = {"campaign": campaign, "reason": SkipReason.EXPIRED}
        return await self._write(
            lambda connection: len(connection.execute("skip_planned", fields).fetchall())
        )

    async def halt(self, campaign: int, reason: str | None) -> None:
        fields = {"campaign": campaign, "halted": reason}
        await self._write(lambda connection: connection.execute("set_campaign_halted", fields))

    async def finish(self, campaign: int) -> bool:
        fields = {
            "campaign": campaign,
            "state": CampaignState.FINISHED,
            "finished_at": self._now(),
        }

        def work(connection: Connection) -> bool:
            (state,) = connection.execute("campaign_state", fields).fetchone()
            if connection.execute("left_to_dial", fields).fetchone()[0]:
                return False
            if state not in {CampaignState.CANCELLED, CampaignState.FINISHED}:
                connection.execute("set_campaign_state", fields)
            return True

        return await self._write(work)

    async def tally(self, campaign: int) -> Tally:
        return await self._read(lambda connection: read_tally(connection, campaign))

    async def money(self, campaign: int) -> Money:
        return await self._read(lambda connection: read_money(connection, campaign))

    async def span(self, campaign: int) -> Span | None:
        (told,) = await self._all("span", {"campaign": campaign}, read_span)
        return told

    async def began(self, campaign: int, *, since: datetime, seconds: int) -> list[Began]:
        fields = {"campaign": campaign, "since": since.timestamp(), "seconds": seconds}
        return await self._all("began", fields, read_began)

    async def rows(
        self,
        campaign: int,
        *,
        after: int = 0,
        limit: int = 1000,
        states: Sequence[RowState] | None = None,
    ) -> list[RowRecord]:
        fields = {"campaign": campaign, "after": after, "limit": limit}
        if states is None:
            return await self._all("rows", fields, read_row)
        wanted = {**fields, "states": dumps([str(state) for state in states])}
        return await self._all("rows_in_states", wanted, read_row)

    async def attempts(
        self, campaign: int, *, after: tuple[int, int] = (0, 0), limit: int = 1000
    ) -> list[AttemptRecord]:
        recipient, number = after
        fields = {"campaign": campaign, "recipient": recipient, "n": number, "limit": limit}
        return await self._all("attempts", fields, read_attempt)

    async def do_not_call(self) -> list[str]:
        return await self._all("do_not_call", {}, lambda row: str(row[0]))

    async def _opened(self) -> Connection:
        """Open the database, and let go of it again for one who was cancelled meanwhile."""
        opened: list[Connection] = []
        failed: list[Exception] = []

        async def take() -> None:
            try:
                opened.append(await anyio.to_thread.run_sync(self._take))
            except Exception as error:  # noqa: BLE001 - it is raised below, as it is
                failed.append(error)

        try:
            # In a task of its own: no shield holds off what cancels this one by the loop's own
            # means, and the lock that the thread goes on to take would be nobody's.
            async with anyio.create_task_group() as group:
                group.start_soon(take)
        except BaseException:
            if opened:
                self._let_go()
            raise
        if failed:
            raise failed[0]
        return opened[0]

    @abstractmethod
    def _take(self) -> Connection:
        """Open the database and return what is written through; in a worker thread."""

    @abstractmethod
    def _let_go(self) -> None:
        """Close what `_take` opened."""

    @property
    @abstractmethod
    def _claiming(self) -> SharedWork[Claim, Claimed | None]:
        """What takes for each claim the next recipient that is due."""

    @property
    @abstractmethod
    def _settling(self) -> SharedWork[Settling, RowState]:
        """What writes how attempts ended."""

    @abstractmethod
    def _take_up(self, connection: Connection, campaign: int, now: float) -> Share | None:
        """Make a dialer the one of this journal that is at work on a campaign."""

    @abstractmethod
    def _plan(self, connection: Connection, new: NewCampaign, now: float) -> Planned:
        """Write a campaign with all its rows."""

    def _discard(self, connection: Connection, name: str) -> bool:
        return discard(connection, name)

    def _quote(
        self, connection: Connection, name: str, price: Decimal, currency: str | None
    ) -> None:
        quote(connection, name, price, currency)

    def _record(self, connection: Connection, event: CallEvent, now: float) -> Recorded:
        return record(connection, event, now)

    def _apply(self, connection: Connection, command: Command, now: float) -> int:
        return apply(connection, command, now)

    def _fence(self) -> JournalError | None:
        """Return why nothing may be begun here any more, `None` while it may."""
        return None

    def _committed(self) -> None:
        """Do what is to be done after a commit."""

    async def _write(self, work: Work[T], *, fenced: bool = True, alone: Alone | None = None) -> T:
        return await self._writing().write(work, fenced=fenced, alone=alone)

    def _writing(self) -> Writer:
        """Return what all writes go through."""
        if self._writer is None:
            raise RuntimeError("enter the journal first: async with SqliteJournal(…) as journal")
        return self._writer

    async def _read(self, work: Work[T]) -> T:
        """Read where the writes are: a database in memory has one connection."""
        return await self._write(work, fenced=False)

    async def _all(
        self, query: str, parameters: Mapping[str, Any], read: Callable[[Row], T]
    ) -> list[T]:
        """Return each row of an answer as the value that `read` makes of it, where it was read."""
        return await self._read(
            lambda connection: [read(row) for row in connection.execute(query, parameters)]
        )

    def _now(self) -> float:
        now = self._clock().timestamp()
        self._latest = max(self._latest, now)
        return now
