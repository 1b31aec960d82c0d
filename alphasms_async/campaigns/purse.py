"""A campaign's money: what is reserved for a call, what it costs, and when to stop for it."""

from decimal import Decimal
from typing import Self

from attrs import define

from alphasms_async.campaigns.attempts import End
from alphasms_async.campaigns.budget import Budget
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.exact import exact
from alphasms_async.campaigns.halts import Halt, HaltReason
from alphasms_async.campaigns.records import CampaignRecord, Money
from alphasms_async.campaigns.states import Verdict

__all__ = ["Purse"]


@define
class Purse:
    """The budget of a campaign, with what its kind of call tells of prices."""

    campaign: Campaign
    budget: Budget
    parts: int
    """The most prices that one call costs."""
    is_unsure: bool = False
    """Whether there are calls of which nobody knows what they cost, or whether they did."""

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
        return cls(campaign, budget, record.parts, bool(money.held or money.unpriced))

    @classmethod
    def unused(cls, campaign: Campaign) -> Self:
        """Return the purse of a campaign in which nobody was dialled."""
        return cls(campaign, Budget(campaign.budget, max_price=campaign.max_price), 1)

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
        if self.budget.worst is None and self.budget.held:
            return Halt(
                HaltReason.UNPRICED,
                "no price is known, so a call whose outcome is unknown holds all of the budget "
                f"that is left ({self.budget.held}): tell what a call may cost at most, with "
                "--max-price, to go on",
            )
        kept = self.budget.held
        held = f", {kept} held for unknown outcomes or prices" if kept else ""
        at_most = "" if self.campaign.kind.tells_price else "at most "
        return Halt(
            HaltReason.BUDGET,
            f"the budget of {self.campaign.budget} is used up: {at_most}{self.budget.spent} "
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
