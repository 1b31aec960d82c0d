"""A campaign's money: what is reserved for a call, what it costs, and when to stop for it."""

from decimal import Decimal
from typing import Self

from attrs import define, evolve, field, frozen

from alphasms_async.campaigns.attempts import End
from alphasms_async.campaigns.budget import Budget
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.exact import exact
from alphasms_async.campaigns.halts import Halt, HaltReason
from alphasms_async.campaigns.records import CampaignRecord, Money
from alphasms_async.campaigns.states import Verdict

__all__ = ["Purse"]

_NOTHING = Decimal(0)


@frozen
class _Elsewhere:
    """What other dialers and earlier runs have spent and hold, when that was last counted."""

    spent: Decimal
    held: Decimal
    kept: Decimal


@define
class Purse:
    """The budget of a campaign, with what its kind of call tells of prices."""

    campaign: Campaign
    budget: Budget
    parts: int
    """The most prices that one call costs."""
    whole: Decimal | None
    """What the campaign's calls may cost together. `None`: no limit."""
    is_unsure: bool = False
    """Whether there are calls of which nobody knows what they cost, or whether they did."""
    _elsewhere: _Elsewhere | None = field(default=None, init=False)
    """What is not in the budget's sums. `None`: nothing, for this dialer is the only one."""

    @classmethod
    def of(cls, campaign: Campaign, record: CampaignRecord, money: Money) -> Self:
        """Return the purse as earlier runs have left it."""
        # What texts cost is not told but reckoned, in parts: it says nothing of one price.
        highest = money.highest if campaign.kind.tells_price else None
        known = [price for price in (record.quoted, highest) if price is not None]
        budget = Budget(
            campaign.budget,
            max_price=campaign.max_price,
            quoted=max(known, default=None),
            spent=money.spent,
            held=money.held,
        )
        is_unsure = bool(money.held or money.unpriced)
        return cls(campaign, budget, record.parts, campaign.budget, is_unsure)

    @classmethod
    def shared(cls, campaign: Campaign, record: CampaignRecord, money: Money | None) -> Self:
        """Return the purse of one dialer of several: whatever it may spend is yet to be granted.

        Args:
            campaign: The campaign.
            record: What the journal has of it.
            money: What all have spent and hold. `None`: nobody asks.
        """
        told = money or Money(_NOTHING, _NOTHING, highest=None)
        purse = cls.of(campaign, record, evolve(told, spent=_NOTHING, held=_NOTHING))
        if campaign.budget is not None:
            purse.budget.shrink(campaign.budget)
        purse.is_unsure = True
        purse.count(told)
        return purse

    @classmethod
    def unused(cls, campaign: Campaign) -> Self:
        """Return the purse of a campaign in which nobody was dialled."""
        budget = Budget(campaign.budget, max_price=campaign.max_price)
        return cls(campaign, budget, 1, campaign.budget)

    @property
    def spent(self) -> Decimal:
        """What the whole campaign has spent, as far as that was counted."""
        spent = self.budget.spent
        return spent if self._elsewhere is None else _sum(spent, self._elsewhere.spent)

    @property
    def held(self) -> Decimal:
        """What is held for its calls in flight, and for those that may have cost something."""
        held = self.budget.held
        return held if self._elsewhere is None else _sum(held, self._elsewhere.held)

    @property
    def kept(self) -> Decimal:
        """How much of that is not for calls in flight."""
        kept = self.budget.kept
        return kept if self._elsewhere is None else _sum(kept, self._elsewhere.kept)

    @property
    @exact
    def one(self) -> Decimal | None:
        """What is reserved for one call. `None` while no price is known."""
        return None if self.budget.worst is None else self.budget.worst * self.parts

    @property
    def fits(self) -> bool:
        """Whether the next call can be paid."""
        return self.budget.fits(self.parts)

    @property
    def seen(self) -> Decimal | None:
        """The highest price that was charged here. `None`: none was, or nobody tells prices."""
        return self.budget.seen if self.campaign.kind.tells_price else None

    @property
    def is_shared(self) -> bool:
        """Whether other dialers spend the same campaign's money."""
        return self._elsewhere is not None

    def hear(self, price: Decimal) -> None:
        """Reckon with a price that somebody else was charged."""
        self.budget.quoted = max(self.budget.quoted or _NOTHING, price)

    @exact
    def count(self, money: Money) -> None:
        """Learn what the other dialers of the campaign, and earlier runs, have spent and hold."""
        budget = self.budget
        self._elsewhere = _Elsewhere(
            max(_NOTHING, money.spent - budget.spent),
            max(_NOTHING, money.held - budget.held),
            max(_NOTHING, money.settled.held - budget.kept),
        )

    def reserve(self) -> Decimal | None:
        """Hold what the next call may cost. `None` when that does not fit now."""
        return self.budget.reserve(self.parts)

    @exact
    def price_of(self, end: End) -> Decimal | None:
        """Return what a call costs; where the gateway does not tell, what it may cost at most.

        Returns:
            `None` for one that was not accepted, and where nothing tells.
        """
        if end.placed is None:
            return None
        if end.placed.price is not None or self.campaign.max_price is None:
            return end.placed.price
        return self.campaign.max_price * end.placed.parts

    def settle(self, end: End, reserved: Decimal) -> Halt | None:
        """Take the reservation back, or turn it into what the call costs.

        Returns:
            Why the run must stop. `None`: it goes on.
        """
        price = self.price_of(end)
        if end.placed is not None and price is not None:
            halt = self._overprice(price, end.placed.parts, reserved)
            self.budget.settle(reserved, price, end.placed.parts)
            return halt
        if end.placed is not None or end.verdict is Verdict.UNCERTAIN:
            # It was paid, or may have been, and nobody tells how much.
            self.budget.keep(reserved)
            self.is_unsure = True
        else:
            self.budget.give_back(reserved)
        return None

    def used_up(self) -> Halt | None:
        """Return why to stop when the next call cannot be paid.

        Returns:
            `None` while calls in flight may yet give back what is held for them.
        """
        if self.budget.in_flight:
            return None
        if self.budget.worst is None and self.held:
            return Halt(
                HaltReason.UNPRICED,
                "no price is known, so a call whose outcome is unknown holds all of the budget "
                f"that is left ({self.held}): tell what a call may cost at most, with "
                "--max-price, to go on",
            )
        kept = self.held
        held = f", {kept} held for unknown outcomes or prices" if kept else ""
        at_most = "" if self.campaign.kind.tells_price else "at most "
        return Halt(
            HaltReason.BUDGET,
            f"the budget of {self.whole} is used up: {at_most}{self.spent} "
            f"spent{held}, "
            f"and the next call may cost {self.budget.worst or 'anything'}: raise it to go on",
        )

    def _overprice(self, price: Decimal, parts: int, reserved: Decimal) -> Halt | None:
        is_limited = self.campaign.budget is not None or self.campaign.max_price is not None
        # A text may have more parts than planned: each as dear as reckoned with, all together not.
        is_dearer = price > reserved or self.budget.overprice(price, parts)
        if not is_limited or not is_dearer:
            return None
        return Halt(
            HaltReason.PRICE,
            f"a call cost {price}, more than was reckoned with ({reserved}): "
            "look at the prices, then run it again if that is right",
        )


@exact
def _sum(one: Decimal, other: Decimal) -> Decimal:
    return one + other
