"""What may be spent: reserved at the worst known price before a call, settled by the real one."""

from decimal import ROUND_CEILING, Decimal

from attrs import define, field

from alphasms_async.campaigns.exact import check_digits, exact
from alphasms_async.checks import check_count
from alphasms_async.errors import InvalidRequest

__all__ = ["Budget"]

_NOTHING = Decimal(0)
_SMALLEST = Decimal("0.000001")


@define(kw_only=True, eq=False)
class Budget:
    """A limit that holds however many calls are in flight, to the kopiyka. Sums are exact.

    Every call takes a reservation with `reserve`, and ends it with one of `settle`, `give_back`
    and `keep`. While no price is known, the first call reserves all there is and so goes alone: it
    finds the price for the others.
    """

    limit: Decimal | None = field(kw_only=False)
    """What may be spent at most, above 0. `None`: there is no limit, money is only counted."""
    max_price: Decimal | None = None
    """The most that one unit may cost, above 0. `None`: any price is right."""
    quoted: Decimal | None = None
    """The price of one unit that the gateway told before. `None`: not asked."""
    _spent: Decimal = field(default=_NOTHING, alias="spent")
    """What is settled."""
    _kept: Decimal = field(default=_NOTHING, alias="held")
    """What calls with an unknown outcome may have cost, those of earlier runs among them."""
    _reserved: Decimal = field(default=_NOTHING, init=False)
    """What the calls in flight may cost."""
    _open: int = field(default=0, init=False)
    """How many calls are in flight."""
    _seen: Decimal | None = field(default=None, init=False)
    """The highest price of one unit that was settled. `None`: none was."""

    def __attrs_post_init__(self) -> None:
        for name, amount in (("limit", self.limit), ("max_price", self.max_price)):
            if amount is not None and not _checked(name, amount):
                raise InvalidRequest(f"{name} is an amount above 0, not {amount}")
        for name, amount in (("quoted", self.quoted), ("spent", self._spent), ("held", self._kept)):
            if amount is not None:
                _checked(name, amount)

    @property
    def spent(self) -> Decimal:
        """What is settled."""
        return self._spent

    @property
    @exact
    def held(self) -> Decimal:
        """What is reserved: for calls in flight, and for those with an unknown outcome."""
        return self._reserved + self._kept

    @property
    def kept(self) -> Decimal:
        """How much of that is for calls with an unknown outcome, or an unknown price."""
        return self._kept

    @property
    @exact
    def left(self) -> Decimal | None:
        """What is neither spent nor held, 0 or more. `None`: there is no limit."""
        if self.limit is None:
            return None
        return max(_NOTHING, self.limit - self._spent - self.held)

    @property
    def in_flight(self) -> int:
        """How many reservations are open. One that was kept is not."""
        return self._open

    @property
    def worst(self) -> Decimal | None:
        """The price of one unit to reckon with. `None` when nothing tells.

        It is the highest of those quoted and seen, or `max_price` while there is none. A price of
        0 counts as none: what was free once says nothing of what the next one costs.
        """
        known = max(self.quoted or _NOTHING, self._seen or _NOTHING)
        return known or self.max_price

    @property
    def seen(self) -> Decimal | None:
        """The highest price of one unit that was settled. `None`: none was."""
        return self._seen

    @property
    @exact
    def used(self) -> Decimal:
        """What is spent, or kept for calls with an unknown outcome: it comes back to nobody."""
        return self._spent + self._kept

    @property
    def is_spent(self) -> bool:
        """Whether not one unit more can be paid, and nothing in flight could change that."""
        return not self._open and self._amount(1) is None

    def fits(self, units: int) -> bool:
        """Return whether a call of so many prices can be reserved now."""
        return self._amount(units) is not None

    @exact
    def reserve(self, units: int = 1) -> Decimal | None:
        """Hold what a call may cost.

        Args:
            units: How many prices it costs, 1 or more, as for a text in several parts.

        Returns:
            The amount, to be handed to one of `settle`, `give_back` and `keep`. `None` when it
            does not fit now: for good when `in_flight` is 0.

        Raises:
            InvalidRequest: `units` is not a whole number above 0.
        """
        amount = self._amount(check_count("units", units))
        if amount is not None:
            self._open += 1
            self._reserved += amount
        return amount

    @exact
    def settle(self, reserved: Decimal, price: Decimal, units: int = 1) -> None:
        """End a reservation: the call was accepted at this price.

        Args:
            reserved: What `reserve` gave.
            price: What the call cost as a whole, 0 or more.
            units: How many prices that was, 1 or more.

        Raises:
            InvalidRequest: The price is no amount, or `units` is not a whole number above 0. The
                reservation stays.
            RuntimeError: There is no such reservation.
        """
        each = _each(_checked("price", price), check_count("units", units))
        self._end(reserved)
        self._spent += price
        self._seen = each if self._seen is None else max(self._seen, each)

    def give_back(self, reserved: Decimal) -> None:
        """End a reservation: the call was refused or not sent, so it costs nothing.

        Args:
            reserved: What `reserve` gave.

        Raises:
            RuntimeError: There is no such reservation.
        """
        self._end(reserved)

    @exact
    def keep(self, reserved: Decimal) -> None:
        """Keep a reservation for good: the call's outcome is unknown, so it may have cost that.

        Args:
            reserved: What `reserve` gave.

        Raises:
            RuntimeError: There is no such reservation.
        """
        self._end(reserved)
        self._kept += reserved

    @exact
    def grow(self, amount: Decimal) -> None:
        """Raise the limit: more was granted.

        Raises:
            RuntimeError: There is no limit.
        """
        if self.limit is None:
            raise RuntimeError("what has no limit grows by nothing")
        self.limit += amount

    @exact
    def shrink(self, amount: Decimal) -> None:
        """Lower the limit by money that is neither spent nor held: it is somebody else's now.

        Raises:
            RuntimeError: There is no limit, or less is left than that.
        """
        if self.limit is None or self.left is None or amount > self.left:
            raise RuntimeError(f"{amount} cannot be taken out: {self.left} is left")
        self.limit -= amount

    @exact
    def overprice(self, price: Decimal, units: int = 1) -> bool:
        """Tell whether a price is one that nobody reckoned with, which must end the dialling.

        Ask before `settle`, which learns the price and ends the reservation.

        Args:
            price: What the call cost as a whole.
            units: How many prices that was, 1 or more.

        Returns:
            Whether it is above `max_price`, or above what was reserved for so many units.
        """
        if self.max_price is not None and price > self.max_price * units:
            return True
        worst = self.worst
        if worst is not None:
            return price > worst * units
        # The call that finds the price goes alone, so all that is reserved is its own.
        return self.limit is not None and price > self._reserved

    @exact
    def _amount(self, units: int) -> Decimal | None:
        """Return what to reserve. `None` when it does not fit."""
        worst, left = self.worst, self.left
        if left is None:
            return _NOTHING if worst is None else worst * units
        if worst is None:
            # All of it, so that nobody else fits until this one has found the price.
            return left or None
        return worst * units if worst * units <= left else None

    @exact
    def _end(self, reserved: Decimal) -> None:
        if not self._open or reserved > self._reserved:
            raise RuntimeError(f"no reservation of {reserved} is open: end each one once")
        self._open -= 1
        self._reserved -= reserved


def _checked(name: str, amount: Decimal) -> Decimal:
    if not isinstance(amount, Decimal):
        kind = type(amount).__name__
        raise InvalidRequest(f'{name} is Decimal, like Decimal("0.405"), not {kind}')
    if not amount.is_finite() or amount < 0:
        raise InvalidRequest(f"{name} is an amount of 0 or more, not {amount}")
    return check_digits(name, amount)


def _each(price: Decimal, units: int) -> Decimal:
    """Return the price of one unit; rounded up, so that as many again never cost more."""
    if units == 1:
        return price
    return (price / units).quantize(_SMALLEST, ROUND_CEILING)
