"""`Counting`: keeps a run's progress true, by what the run moves and by what the journal counts."""

from collections import Counter
from collections.abc import Callable

import anyio
from attrs import define, field

from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.patience import Patience, Recount
from alphasms_async.campaigns.progress import Hold, Progress
from alphasms_async.campaigns.purse import Purse
from alphasms_async.campaigns.records import Money, Tally
from alphasms_async.campaigns.throttle import Throttle

__all__ = ["Counting"]


@define
class Counting:
    """Where a run stands, and for how long outcomes are waited for."""

    journal: Journal
    progress: Progress
    purse: Purse
    throttle: Throttle
    patience: Patience
    on_change: Callable[[], None] | None
    """Called whenever the progress is another. `None`: nobody looks."""
    id: int = field(default=0, init=False)
    """The campaign's."""
    is_counted: bool = field(default=False, init=False)
    """Whether the progress tells where all recipients stand, and not only how they have moved."""
    _recount: Recount = field(factory=Recount, init=False)
    _lock: anyio.Lock = field(factory=anyio.Lock, init=False)

    def is_due(self) -> bool:
        """Return whether it is time to count anew, if there may be news."""
        is_awaited = self.progress.hold is Hold.OUTCOMES
        return self._recount.is_due(anyio.current_time(), is_awaited=is_awaited)

    async def recount(self, money: Money | None = None) -> Tally:
        """Count how many recipients stand where, and return that.

        Args:
            money: What the campaign has cost. `None`: it is asked for where that may change.
        """
        # One at a time: what moves meanwhile is added to a count, and another count is no move.
        async with self._lock:
            began, before = anyio.current_time(), Counter(self.progress.states)
            tally = await self.journal.tally(self.id)
            if money is None and self.purse.is_unsure:
                # Dearer than counting, and there is nothing else to learn than what others have
                # spent, and events that prove a lost call.
                money = await self.journal.money(self.id)
            if money is not None:
                self.progress.count_unpriced(money)
                if self.purse.is_shared:
                    self.purse.count(money)
            now = anyio.current_time()
            self._recount.counted(began, now)
            self.patience.look(tally, now)
            self.progress.take(tally, before)
            self.is_counted = True
        self.refresh()
        return tally

    def refresh(self) -> None:
        """Show the money and the pace as they are now."""
        self.progress.budget = self.purse.whole
        self.progress.spent = self.purse.spent
        self.progress.held = self.purse.held
        self.progress.kept = self.purse.kept
        self.progress.per_second = self.throttle.rate
        self.progress.slowed = self.throttle.slowed
        if self.on_change is not None:
            self.on_change()

    async def awaiting_seconds(self) -> float:
        """Return for how long outcomes are still waited for, 0 or more."""
        if not self.patience.seconds:
            return 0.0
        left = self.patience.left(anyio.current_time())
        if not (left and self.progress.awaited):
            # What came since the last count may change it.
            await self.recount()
            left = self.patience.left(anyio.current_time())
        return left if self.progress.awaited else 0.0
