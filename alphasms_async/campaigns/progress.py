"""How far a run has got, for whoever shows it."""

from collections import Counter
from decimal import Decimal
from enum import StrEnum

from attrs import Factory, define

from alphasms_async.campaigns.costs import Cost
from alphasms_async.campaigns.records import Money, Tally
from alphasms_async.campaigns.states import RowState

__all__ = ["Hold", "Progress"]


class Hold(StrEnum):
    """Why nobody is dialled just now."""

    PAUSED = "paused"
    """A person paused the campaign."""
    STARTS_LATER = "starts later"
    """Its first moment has not come."""
    WINDOW = "outside the window"
    """Phones may not ring at this time of day."""
    PACE = "pacing"
    """The next start is a moment away."""
    RATE_LIMITED = "the gateway asks to wait"
    UNREACHABLE = "the gateway cannot be reached"
    """It is tried with one recipient now and then."""
    BUDGET = "the budget is held by calls in flight"
    RESTING = "the rest is due later"
    """Only redials and those who wait for the gateway are left."""
    OTHERS = "the last calls of other dialers are awaited"
    """Nobody is planned, but whom another dialer calls just now may yet come back."""
    OUTCOMES = "the outcomes of the last calls are awaited"
    """Everybody is dialled; who is not reached may be called again."""


@define
class Progress:
    """Where a run stands; it changes while the run goes on."""

    states: Counter[RowState] = Factory(Counter[RowState])
    """How many recipients stand where, in the whole campaign."""
    in_flight: int = 0
    """How many calls are being placed."""
    begun: int = 0
    """How many attempts this run has begun."""
    spent: Decimal = Decimal(0)
    """What the campaign's accepted calls cost, earlier runs included."""
    held: Decimal = Decimal(0)
    """What is reserved for calls in flight, for unknown outcomes and for unknown prices."""
    kept: Decimal = Decimal(0)
    """How much of `held` is not for calls in flight."""
    unpriced: int = 0
    """How many calls were charged without a price being told, when that was last counted."""
    unpriced_held: Decimal = Decimal(0)
    """How much of `held` is theirs."""
    tells_price: bool = True
    """Whether the gateway tells what such calls cost; else `spent` is the most it may be."""
    budget: Decimal | None = None
    """What may be spent. `None`: no limit."""
    per_second: float | None = None
    """The pace that holds just now. `None`: no limit."""
    slowed: bool = False
    """Whether that is slower than a person set, because the gateway asked for it."""
    hold: Hold | None = None
    """Why nobody is dialled just now. `None` while somebody is."""
    hold_seconds: float | None = None
    """For how long that is known to last. `None`: not known."""

    @property
    def total(self) -> int:
        """How many recipients there are, without the skipped."""
        return self.states.total() - self.states[RowState.SKIPPED]

    @property
    def done(self) -> int:
        """How many of them need not be dialled any more."""
        return self.total - self.states[RowState.PLANNED] - self.states[RowState.DIALING]

    @property
    def accepted(self) -> int:
        """How many the gateway has a call for, or had."""
        return self.states[RowState.ACCEPTED] + self.states[RowState.DONE]

    @property
    def cost(self) -> Cost:
        """What all calls have cost and may have cost, without those in flight."""
        kept = max(self.kept, self.unpriced_held)
        return Cost(self.spent, kept, self.unpriced, self.unpriced_held)

    @property
    def told(self) -> int:
        """How many of those have an outcome, as far as it was counted."""
        return self.states[RowState.DONE]

    @property
    def awaited(self) -> int:
        """Of how many an event may yet tell; an uncertain one may have been called."""
        return self.states[RowState.ACCEPTED] + self.states[RowState.UNCERTAIN]

    def take(self, tally: Tally, before: Counter[RowState]) -> None:
        """Begin from what the journal counts.

        Args:
            tally: What it counted.
            before: The states here when it began to; who has moved since is counted as well.
        """
        moved = Counter(self.states)
        moved.subtract(before)
        moved.update(tally.states)
        self.states = Counter({state: count for state, count in moved.items() if count})

    def count_unpriced(self, money: Money) -> None:
        """Learn from the journal which calls were charged at a price that nobody tells."""
        self.unpriced, self.unpriced_held = money.unpriced, money.unpriced_held

    def move(self, before: RowState, after: RowState) -> None:
        """Count one recipient elsewhere."""
        self.states[before] -= 1
        self.states[after] += 1
