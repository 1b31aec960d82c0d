"""How many codes may be sent, against those who have codes sent for money."""

from collections.abc import Iterator
from datetime import timedelta

from attrs import frozen

from alphasms_async.checks import is_number, is_whole
from alphasms_async.errors import InvalidRequest

__all__ = ["Limit", "Limits"]

_RANGE_DIGITS = 4


@frozen
class Limit:
    """At most `count` sends in any `seconds` seconds.

    Raises:
        InvalidRequest: One of the two is not above 0.
    """

    count: int
    """How many, 1 or more."""
    seconds: float
    """In how many seconds, above 0; the window slides."""

    def __attrs_post_init__(self) -> None:
        count, seconds = self.count, self.seconds
        if not is_whole(count) or count < 1:
            raise InvalidRequest(f"the count of a limit is a whole number above 0, not {count!r}")
        if not is_number(seconds) or seconds <= 0:
            raise InvalidRequest(f"the seconds of a limit are a number above 0, not {seconds!r}")


_HOUR = timedelta(hours=1).total_seconds()


@frozen(kw_only=True)
class Limits:
    """How many sends are allowed; each counts that may be paid, resends and fallbacks too."""

    starts: Limit | None = Limit(1, 30)
    """To begin with one phone, so that a page that is sent twice rings once. `None`: no limit."""
    per_phone: Limit | None = Limit(10, _HOUR)
    """To one phone. `None`: no limit."""
    per_range: Limit | None = Limit(50, _HOUR)
    """To the 10,000 numbers that differ in their last 4 digits only, which is how those who are
    paid for traffic rent them. `None`: no limit."""
    overall: Limit | None = Limit(1000, _HOUR)
    """To all phones together. `None`: no limit."""

    def __attrs_post_init__(self) -> None:
        for limit in (self.starts, self.per_phone, self.per_range, self.overall):
            if limit is not None and not isinstance(limit, Limit):
                kind = type(limit).__name__
                raise InvalidRequest(f"a limit is Limit(count, seconds) or None, not {kind}")

    def over(self, phone: str, *, is_first: bool = False) -> Iterator[tuple[str, Limit]]:
        """Yield what a send to a phone counts against, with the limit.

        Args:
            phone: The recipient, digits.
            is_first: Whether a verification begins with it.
        """
        if is_first and self.starts is not None:
            yield f"start {phone}", self.starts
        if self.per_phone is not None:
            yield f"phone {phone}", self.per_phone
        if self.per_range is not None:
            yield f"range {phone[:-_RANGE_DIGITS]}", self.per_range
        if self.overall is not None:
            yield "overall", self.overall
