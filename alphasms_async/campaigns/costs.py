"""What calls have cost: some prices nobody tells, some are only reckoned, and some are held."""

from decimal import Decimal
from typing import Self

from attrs import evolve, frozen

from alphasms_async.campaigns.exact import exact

__all__ = ["Cost"]

_NOTHING = Decimal(0)


@frozen
class Cost:
    """What calls have cost, and may have cost."""

    spent: Decimal
    """The prices of all accepted attempts whose price is told, or is reckoned."""
    held: Decimal
    """What is reserved for attempts of which nobody knows whether they cost anything, or how much.
    It stays so until that is known."""
    unpriced: int = 0
    """How many attempts were accepted, as the gateway says or an event has proven, without a price
    being told: they were charged."""
    unpriced_held: Decimal = _NOTHING
    """How much of `held` is theirs."""

    @property
    @exact
    def doubtful(self) -> Decimal:
        """How much of `held` is for attempts that may have cost nothing, 0 or more."""
        return max(_NOTHING, self.held - self.unpriced_held)

    def bounded(self, *, is_priced: bool) -> tuple[str, Self]:
        """Return what to say of `spent`, `at least` or `at most`, and the sums it is said of.

        Args:
            is_priced: Whether the gateway tells what such calls cost. Else each counts as dear as
                it may be, those among them that an event has proven.

        Returns:
            The words, empty where the sum is known.
        """
        if is_priced:
            return ("at least" if self.unpriced else ""), self
        reckoned = self._reckoned()
        return ("at most" if reckoned.spent else ""), reckoned

    @exact
    def _reckoned(self) -> Self:
        spent = self.spent + self.unpriced_held
        return evolve(self, spent=spent, held=self.doubtful, unpriced=0, unpriced_held=_NOTHING)
