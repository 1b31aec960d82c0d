"""Several dialers over one journal in memory, each with its share of one pot and one row of slots.

What PostgreSQL does in its rows, done in a few lines on a clock that jumps.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import anyio
import httpx
from attrs import define, evolve, field

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.records import AttemptRecord, Claimed, Money, Settlement, Tally
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.shares import Grant, Share, Slots
from alphasms_async.campaigns.sqlite import MemoryJournal
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.clock import Clock
from alphasms_async.errors import JournalError, JournalLocked
from tests.campaigns.dialers import NOTHING, Desk, Wall, planned
from tests.campaigns.journals import NAME

LEASE_SECONDS = 30.0
CENT = Decimal("0.01")

Lag = Callable[[], float]
"""Returns how many seconds the next step of the way to the journal, or back, takes."""


@define(eq=False)
class Member:
    """One dialer as the journal knows it."""

    granted: Decimal = NOTHING
    used: Decimal = NOTHING
    reserved: dict[Ref, Decimal] = field(factory=dict[Ref, Decimal])
    """What is held for each of its attempts."""
    is_living: bool = True
    died_at: float | None = None
    """When it was killed, in seconds of the loop's clock; its lease lapses later."""

    def cost(self, ledger: dict[Ref, AttemptRecord]) -> Decimal:
        """Return what its calls have cost, may have cost, and may yet cost."""
        return sum((_cost(ledger[ref], held) for ref, held in self.reserved.items()), NOTHING)


def _cost(attempt: AttemptRecord, reserved: Decimal) -> Decimal:
    if attempt.verdict is Verdict.ACCEPTED and attempt.price is not None:
        return attempt.price
    is_free = attempt.verdict in {Verdict.REFUSED, Verdict.NOT_SENT, Verdict.PUT_BACK}
    return NOTHING if is_free else reserved


class Pool(MemoryJournal):
    """A journal of one campaign that several dialers are at, each by a door of its own."""

    def __init__(self, *, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.members: list[Member] = []
        self.slots: list[float] = []
        """When each slot was that was given out, in seconds of the loop's clock."""
        self.takes = 0
        """How often money was asked for."""
        self._next_slot = float("-inf")
        self._pace: float | None = None
        self._turn = anyio.Lock()

    def door(self, lag: Lag = lambda: 0.0) -> "Door":
        """Return the journal as one more dialer has it."""
        return Door(self, self._writing(), self._clock, lag)

    async def left(self) -> Decimal:
        """Return how much of the budget was not given to anybody who has it, or has used it."""
        budget = (await self.campaign(NAME)).budget
        assert budget is not None
        ledger = {one.ref: one for one in await self.attempts(1)}
        taken = (one.granted if one.is_living else one.cost(ledger) for one in self.members)
        return budget - sum(taken, NOTHING)

    async def take(
        self, member: Member, amount: Decimal | None, least: Decimal, used: Decimal
    ) -> Grant:
        """Give a member some of what is left."""
        self.takes += 1
        async with self._turn:
            left = await self.left()
            member.used = max(member.used, used)
            most = left if amount is None else min(amount, max(least, left / 2 // CENT * CENT))
            given = NOTHING if left < least else min(left, most)
            member.granted += given
            others = (one for one in self.members if one.is_living and one is not member)
            return Grant(given, any(one.granted > one.used for one in others))

    async def line_up(self, count: int) -> Slots | None:
        """Give out the next slots."""
        per_second = (await self.campaign(NAME)).per_second
        if per_second is None:
            return None
        now, interval = anyio.current_time(), 1 / per_second
        if per_second != self._pace:
            # A new pace counts from now on, not from the last slot of the old one.
            self._pace, self._next_slot = per_second, min(self._next_slot, now + interval)
        first = max(now, self._next_slot)
        self._next_slot = first + count * interval
        self.slots += [first + place * interval for place in range(count)]
        return Slots(first - now, interval, count)

    async def bury(self, member: Member) -> None:
        """Make uncertain whom a member was calling, and take its money back."""
        member.is_living = False
        ledger = {one.ref: one for one in await self.attempts(1)}
        for ref in member.reserved:
            if ledger[ref].verdict is None:
                await self.settle(Settlement(ref=ref, verdict=Verdict.UNCERTAIN, error="gone"))

    async def drain(self) -> int:
        """Bury whoever was killed so long ago that its lease has lapsed."""
        now = anyio.current_time()
        lapsed = [
            one
            for one in self.members
            if one.is_living and one.died_at is not None and now > one.died_at + LEASE_SECONDS
        ]
        for one in lapsed:
            await self.bury(one)
        return len(lapsed)


@define(eq=False)
class Part(Share):
    """One member's share."""

    door: "Door"

    async def slots(self, count: int) -> Slots | None:
        """Reserve the next slots."""
        async with self.door.way():
            # Counted from when the answer is there, none is early.
            return await self.door.pool.line_up(count)

    async def take(self, amount: Decimal | None, *, least: Decimal, used: Decimal) -> Grant:
        """Take money."""
        assert least > 0
        async with self.door.way():
            grant = await self.door.pool.take(self.door.member, amount, least, used)
            return evolve(grant, quoted=(await self.door.pool.campaign(NAME)).quoted)

    async def give_back(self, amount: Decimal, *, used: Decimal) -> None:
        """Give money back that was granted, and is not used."""
        async with self.door.way():
            member = self.door.member
            member.granted -= amount
            member.used = max(member.used, used)
            assert member.granted >= member.used

    async def tell_price(self, price: Decimal) -> None:
        """Raise what is quoted."""
        async with self.door.way():
            quoted = (await self.door.pool.campaign(NAME)).quoted
            await self.door.pool.quote(NAME, max(quoted or NOTHING, price))


class Door(MemoryJournal):
    """The pool as one dialer has it: its steps take time, and it may be killed between any two."""

    def __init__(self, pool: Pool, writer: Any, clock: Clock, lag: Lag) -> None:
        super().__init__(clock=clock)
        self.pool = pool
        self.member = Member()
        self.claims = 0
        """How often it has asked for a recipient."""
        self.counts = 0
        """How often it has counted the campaign, or its money."""
        self.is_late: Callable[[], bool] = lambda: False
        """Whether others are quicker just now: whoever is due is theirs."""
        self.lease = LEASE_SECONDS
        self._writer = writer
        self._lag = lag
        self._line = anyio.Lock(fast_acquire=True)

    @property
    def lease_seconds(self) -> float:
        """How long a claim stays its own."""
        return self.lease

    @asynccontextmanager
    async def way(self, *, lives: bool = True) -> AsyncGenerator[None]:
        """Go to the journal and come back, if its dialer was not killed and has its lease.

        Whoever goes first is there first, as with the real ones.
        """
        async with self._line:
            await anyio.sleep(self._lag())
            self.check(lives=lives)
            yield
        await anyio.sleep(self._lag())
        self.check(lives=False)

    def check(self, *, lives: bool) -> None:
        """Raise what a journal raises for one that is gone."""
        if self.is_dead:
            raise JournalError("killed")
        if lives and not self.member.is_living:
            raise JournalLocked("this dialer's lease is lost")

    @property
    def is_dead(self) -> bool:
        """Whether its dialer was killed."""
        return self.member.died_at is not None

    def kill(self) -> None:
        """Be gone: nothing is written any more."""
        self.member.died_at = anyio.current_time()

    @asynccontextmanager
    async def taken_up(self, campaign: int) -> AsyncGenerator[Share | None]:
        """Be a member from here on."""
        async with self.way():
            self.pool.members.append(self.member)
        try:
            yield Part(self)
        finally:
            if self.member.died_at is None and self.member.is_living:
                with anyio.CancelScope(shield=True):
                    await self.pool.bury(self.member)

    async def claim(
        self, campaign: int, *, client_id: int | None = None, reserved: Decimal | None = None
    ) -> Claimed | None:
        """Claim a recipient, and remember whose it is."""
        self.claims += 1
        async with self.way():
            if self.is_late():
                return None
            claimed = await self.pool.claim(campaign, client_id=client_id, reserved=reserved)
            if claimed is not None:
                self.member.reserved[claimed.ref] = reserved or NOTHING
            return claimed

    async def tally(self, campaign: int) -> Tally:
        """Count the recipients."""
        self.counts += 1
        return await self.pool.tally(campaign)

    async def money(self, campaign: int) -> Money:
        """Count the money."""
        self.counts += 1
        return await self.pool.money(campaign)

    async def settle(self, settlement: Settlement) -> RowState:
        """Settle an attempt, be it too late."""
        with anyio.CancelScope(shield=True):
            async with self._line:
                await anyio.sleep(self._lag())
                self.check(lives=False)
                return await self.pool.settle(settlement)
        raise AssertionError("shielded")

    async def drain(self) -> int:
        """Look for whoever is gone."""
        async with self.way(lives=False):
            return await self.pool.drain()

    async def halt(self, campaign: int, reason: str | None) -> None:
        """Note why the run has stopped itself."""
        async with self.way(lives=False):
            await self.pool.halt(campaign, reason)

    async def finish(self, campaign: int) -> bool:
        """Note that nobody is left."""
        async with self.way(lives=False):
            return await self.pool.finish(campaign)


@define
class Crew:
    """A campaign that several dialers are at."""

    pool: Pool
    desk: Desk
    runs: list[Run] = field(factory=list[Run])
    """How those ended that have ended, in that order."""

    def door(self, lag: Lag = lambda: 0.0) -> Door:
        """Return the journal as one more dialer has it."""
        return self.pool.door(lag)

    async def dial(
        self,
        gateway: httpx.AsyncBaseTransport | None = None,
        door: Door | None = None,
        **options: Any,
    ) -> Run:
        """Have one more dialer work on the campaign, to its end."""
        journal = self.door() if door is None else door
        run = await evolve(self.desk, journal=journal).dial(gateway, **options)
        self.runs.append(run)
        return run

    async def dial_together(self, *dialers: dict[str, Any]) -> list[Run]:
        """Have so many dialers work on the campaign, each with its options; return their runs."""
        runs = dict[int, Run]()

        async def dial(place: int, options: dict[str, Any]) -> None:
            runs[place] = await self.dial(**options)

        async with anyio.create_task_group() as group:
            for place, options in enumerate(dialers):
                group.start_soon(dial, place, options)
        return [runs[place] for place in range(len(dialers))]


@asynccontextmanager
async def crew(
    rows: int = 20,
    gateway: httpx.AsyncBaseTransport | None = None,
    quoted: Decimal | None = None,
    **limits: Any,
) -> AsyncGenerator[Crew]:
    """Plan a campaign that several dialers may be at, on a clock that goes as the loop's does."""
    wall = Wall()
    async with Pool(clock=wall) as pool:
        desk = await planned(pool, rows, gateway, wall, quoted, **limits)
        wall.start()
        yield Crew(pool, desk)
