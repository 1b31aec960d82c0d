"""`Share`: what one of a campaign's dialers may spend, and how fast, of what all of them may."""

from abc import ABC, abstractmethod
from decimal import Decimal

from attrs import frozen

__all__ = ["Grant", "Share", "Slots"]


@frozen
class Slots:
    """The next starts in the campaign's row of them; they are nobody else's."""

    delay: float
    """Seconds from when this is returned to the first one, 0 or more. So none is early, however
    long the answer was on its way."""
    interval: float
    """Seconds from one to the next, above 0."""
    count: int
    """How many they are, 1 or more."""


@frozen
class Grant:
    """What is given out of a campaign's budget, and what stood beside that at the same moment."""

    amount: Decimal
    """This dialer's from now on. 0: nothing."""
    others_hold: bool
    """Whether another living dialer holds money that it has not used, and that may come back."""
    quoted: Decimal | None = None
    """The highest price of one unit that any dialer knows. `None`: nobody knows one."""


class Share(ABC):
    """One dialer's part in a campaign that several are at, from `Journal.taken_up` to its end.

    What all of them together are given out is never more than the campaign's budget, nor faster
    than its pace. When a dialer leaves, or its lease is lost, the journal takes back what it was
    given, less what its calls have cost, may have cost, or may yet cost.

    Each method returns when what it wrote is durable, and raises `JournalError` when the journal
    cannot be read or written, `JournalLocked` when this dialer's lease is lost.
    """

    @abstractmethod
    async def slots(self, count: int) -> Slots | None:
        """Reserve the next starts, in line behind those that were given out before.

        Time that passed unused is not saved up: none is given out that is past.

        Args:
            count: How many, 1 or more.

        Returns:
            `None` when the campaign has no pace.
        """

    @abstractmethod
    async def take(self, amount: Decimal | None, *, least: Decimal, used: Decimal) -> Grant:
        """Take money of the campaign's budget, which must have one, for calls of this dialer.

        Args:
            amount: How much is wanted, `least` or more; about half of what is left is given at
                most, but for `least`, so that the last of it does not lie with one dialer. `None`:
                all that is left.
            least: How much is of use, above 0: when less is left, nothing is given.
            used: How much of what was given so far the calls that have ended cost, or may have
                cost. Whoever has used all that it was given holds nothing.
        """

    @abstractmethod
    async def give_back(self, amount: Decimal, *, used: Decimal) -> None:
        """Give back money that this dialer does not need.

        Args:
            amount: How much, 0 or more; no more than was given and is neither used nor reserved.
            used: As for `take`.
        """

    @abstractmethod
    async def tell_price(self, price: Decimal) -> None:
        """Have the campaign's `quoted` be at least this, the price of one unit that was charged."""
