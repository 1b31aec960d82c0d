"""`Allowance`: keeps a dialer within what it was given of its campaign's budget and pace."""

from decimal import Decimal

import anyio
from attrs import define, field

from alphasms_async.campaigns.exact import exact
from alphasms_async.campaigns.gate import Holding
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.purse import Purse
from alphasms_async.campaigns.records import CampaignRecord
from alphasms_async.campaigns.shares import Share, Slots
from alphasms_async.campaigns.throttle import Throttle

__all__ = ["Allowance"]

_BLOCK_SECONDS = 0.5
_STALE_SECONDS = 1.0
_NOTHING = Decimal(0)
# While no price is known, any money is of use.
_LEAST = Decimal("0.000001")


@define
class Allowance:
    """The slots and the money that a dialer has in hand, got in blocks from its share.

    Whoever asks for more does so one at a time.
    """

    share: Share
    purse: Purse
    throttle: Throttle
    """The dialer's own pace; what it is slowed to on top of the campaign's."""
    concurrency: int
    """How many calls the dialer places at once, 1 or more."""
    is_used_up: bool = field(default=False, init=False)
    """Whether no call can be paid any more, as of the last time that money was asked for."""
    _is_lowered: bool = field(default=False, init=False)
    """Whether the campaign may spend less now than when money was last asked for."""
    _is_paced: bool = field(default=False, init=False)
    _next: float = field(default=0.0, init=False)
    """When the next slot in hand is, in seconds of the loop's clock."""
    _interval: float = field(default=0.0, init=False)
    _slots: int = field(default=0, init=False)
    """How many are in hand."""
    _per_second: float | None = field(default=None, init=False)
    _told: Decimal = field(default=_NOTHING, init=False)
    """The price that all dialers know."""
    _lock: anyio.Lock = field(factory=lambda: anyio.Lock(fast_acquire=True), init=False)
    """Money on its way to the journal or back is nobody's: nothing is concluded meanwhile."""

    def follow(self, record: CampaignRecord) -> None:
        """Do as the campaign's row says: its pace, its budget, and the price others have found."""
        self._is_paced = record.per_second is not None
        if record.per_second != self._per_second:
            self._per_second, self._slots = record.per_second, 0
        # What is given out is weighed against the row; what was may be too much by now.
        self._is_lowered = self._is_lowered or _is_less(record.budget, self.purse.whole)
        self.purse.whole = record.budget
        if record.quoted is not None:
            self._told = max(self._told, record.quoted)
            self.purse.hear(record.quoted)

    def is_due(self, now: float) -> bool:
        """Return whether a start is in hand that is due, or the campaign has no pace."""
        return not self._is_paced or (self._has_slot(now) and self._next <= now)

    def start(self) -> None:
        """Take the start that was due."""
        if self._slots:
            self._slots -= 1
            self._next += self._interval

    async def provide(self, free: int) -> Holding | None:
        """Get what the next call lacks, be it money or a start.

        Args:
            free: How many calls may begin now, 1 or more.

        Returns:
            What to wait for. `None`: look again.
        """
        self.is_used_up = False
        await self._tell_price()
        if not self.purse.fits:
            return await self._fund()
        if not self._is_paced:
            return None
        if not self._has_slot(anyio.current_time()):
            self._hold(await self.share.slots(self._block_of_slots(free)))
        delay = self._next - anyio.current_time()
        return Holding(Hold.PACE, delay) if self._slots and delay > 0 else None

    async def look(self, hold: Hold | None) -> None:
        """Tell what is new, and let go of money that is in nobody's way but others'.

        Args:
            hold: What the dialer waits for. `None`: nothing.
        """
        if hold in {None, Hold.PACE} and not self._is_lowered:
            await self.trim()
        else:
            await self._tell_price()
            await self._give_back()
            self._is_lowered = False

    async def trim(self) -> None:
        """Give back money that is more than two blocks, as after a first call that had it all."""
        # Whoever gets it should know what it is enough for.
        await self._tell_price()
        if self._surplus() > 0:
            async with self._lock:
                await self._return(self._surplus())

    def _has_slot(self, now: float) -> bool:
        """Drop what is too old, for whoever was kept from dialling must not catch up at once."""
        while self._slots and self._next < now - _STALE_SECONDS:
            self.start()
        return bool(self._slots)

    def _hold(self, slots: Slots | None) -> None:
        if slots is None:
            # The pace was taken away; so the row says at the next look too.
            self._is_paced = False
            return
        self._next = anyio.current_time() + slots.delay
        self._interval, self._slots = slots.interval, slots.count

    def _block_of_slots(self, free: int) -> int:
        """Return how many starts to ask for: no more than will be used, for nobody else has them.

        As many calls as may begin now, or as many as have lately begun in as long.
        """
        usable = max(free, self.throttle.observed * _BLOCK_SECONDS)
        rate = self.throttle.rate
        return max(1, int(usable if rate is None else min(rate * _BLOCK_SECONDS, usable)))

    async def _fund(self) -> Holding | None:
        async with self._lock:
            budget = self.purse.budget
            if self.purse.fits:
                # A call ended, and cost less, while money was on its way back.
                return None
            grant = await self.share.take(self._wanted(), least=self._lacking(), used=budget.used)
            if grant.quoted is not None:
                # Found since the last look: what was left by it may be too little for a call.
                self.purse.hear(grant.quoted)
            if grant.amount:
                budget.grow(grant.amount)
            if self.purse.fits:
                return None
            if budget.left:
                # Too little for a call here; with what others have left it may do for one.
                await self._return(budget.left)
                return None
            self.is_used_up = not (budget.in_flight or grant.others_hold)
            return Holding(Hold.BUDGET)

    async def _give_back(self) -> None:
        if self.purse.budget.left:
            async with self._lock:
                await self._return(self.purse.budget.left or _NOTHING)

    async def _return(self, amount: Decimal) -> None:
        if amount > 0:
            # First of all nobody here may use it any more.
            self.purse.budget.shrink(amount)
            await self.share.give_back(amount, used=self.purse.budget.used)

    async def _tell_price(self) -> None:
        seen = self.purse.seen
        if seen is not None and seen > self._told:
            self._told = seen
            await self.share.tell_price(seen)

    @exact
    def _block(self) -> Decimal | None:
        """Return the money for as many calls as may begin in the next second.

        Returns:
            `None` while no price is known.
        """
        rate = self.throttle.rate
        # The row that it is taken from is everybody's: it is not asked for more often than that.
        calls = max(self.concurrency, int(self.throttle.observed) + 1)
        calls = calls if rate is None else min(calls, int(rate) + 1)
        return None if self.purse.one is None else self.purse.one * calls

    @exact
    def _lacking(self) -> Decimal:
        """Return what is lacking for one call, above 0."""
        one, left = self.purse.one, self.purse.budget.left
        return _LEAST if one is None or left is None else one - left

    @exact
    def _wanted(self) -> Decimal | None:
        block, left = self._block(), self.purse.budget.left
        return None if block is None or left is None else block - left

    @exact
    def _surplus(self) -> Decimal:
        block, left = self._block(), self.purse.budget.left
        if block is None or left is None or left <= 2 * block:
            return _NOTHING
        return left - block


def _is_less(budget: Decimal | None, before: Decimal | None) -> bool:
    return budget is not None and before is not None and budget < before
