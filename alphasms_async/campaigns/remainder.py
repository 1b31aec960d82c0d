"""`Remainder`: whoever is left to dial, and what a run waits for while nobody is due."""

from datetime import datetime

from attrs import define, field

from alphasms_async.campaigns.counting import Counting
from alphasms_async.campaigns.course import Course
from alphasms_async.campaigns.gate import Holding
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.states import RowState
from alphasms_async.clock import Clock

__all__ = ["Remainder"]

_MISSED_SECONDS = 0.25


@define
class Remainder:
    """The recipients of a campaign that are yet to be dialled."""

    journal: Journal
    course: Course
    counting: Counting
    clock: Clock
    waits: bool
    """Whether the run waits for whoever is due later."""
    is_shared: bool = field(default=False, init=False)
    """Whether other dialers may be at the campaign."""
    _is_dry: bool = field(default=False, init=False)
    """Whether nobody was due when one was last asked for."""
    _misses: int = field(default=0, init=False)
    """How often that was so since somebody was found."""

    @property
    def may_be_none(self) -> bool:
        """Whether to ask if anybody is due, before one is asked for."""
        counting = self.counting
        return self._is_dry or (
            counting.is_counted and counting.progress.states[RowState.PLANNED] <= 0
        )

    def found(self) -> None:
        """Learn that one was asked for, and was there."""
        self._misses = 0

    def missed(self) -> None:
        """Learn that one was asked for, and nobody was there."""
        self._is_dry = True
        self._misses += 1

    def renew(self) -> None:
        """Learn that somebody may be due again."""
        self._is_dry = False

    async def expire(self) -> Holding | None:
        """Skip everybody, the campaign's time being over; return what is still waited for."""
        await self.journal.expire(self.counting.id)
        holding = await self._ending()
        if holding is None:
            self.course.end()
        return holding

    async def none_left(self) -> bool:
        """Return whether nobody is planned, now or later, whatever the counts say."""
        if await self.journal.next_due(self.counting.id) is not None:
            return False
        self._is_dry = True
        return True

    async def holding(self) -> Holding | None:
        """Return how long to wait for a recipient to be due.

        Returns:
            `None` when somebody is due, or the run is over.
        """
        due = await self._next_due()
        if due is None:
            holding = await self._ending()
            if holding is not None:
                return holding
            # Whose outcome was awaited may have come back since. Now nobody is who could.
            due = await self._next_due()
        if due is None:
            self.course.end()
            return None
        return await self._until((due - self.clock()).total_seconds())

    async def _until(self, seconds: float) -> Holding | None:
        if seconds <= 0:
            self._is_dry = False
            # Whoever is due is another dialer's in a moment, or the journal's clock is behind.
            is_missed = self.is_shared and self._misses > 1
            return Holding(Hold.OTHERS, _MISSED_SECONDS) if is_missed else None
        # Also a run that waits for nothing else waits for outcomes.
        left = 0.0 if self.waits else await self.counting.awaiting_seconds()
        if left:
            return Holding(Hold.OUTCOMES, min(left, seconds))
        return Holding(Hold.RESTING, seconds)

    async def _next_due(self) -> datetime | None:
        """Return when the next recipient is due, with all in it who were in flight and are not."""
        progress = self.counting.progress
        while True:
            was_dialling = progress.in_flight > 0
            due = await self.journal.next_due(self.counting.id)
            if progress.in_flight or not was_dialling:
                return due

    async def _ending(self) -> Holding | None:
        """Return what the run still waits for when nobody is left to dial. `None`: nothing."""
        if self.counting.progress.in_flight:
            # Who may yet come back to planned, or be accepted.
            return Holding(Hold.RESTING)
        left = await self.counting.awaiting_seconds()
        if left:
            return Holding(Hold.OUTCOMES, left)
        # Whom another dialer is calling may come back to planned, or be left by one that dies.
        if self.is_shared and not await self.journal.finish(self.counting.id):
            return Holding(Hold.OTHERS)
        return None
