"""How fast a run goes, and when it will be over, from looks at how many it has begun."""

from collections import deque

from attrs import Factory, define

from alphasms_async.cli.terminal import lasting

__all__ = ["Speed"]

_RATE_SECONDS = 10.0
_STARTS_MEASURED = 5


@define
class Speed:
    """What the looks of the last seconds tell."""

    limit: float | None = None
    """How many may be begun a second just now. `None`: there is no limit."""
    _looks: deque[tuple[float, int]] = Factory(deque[tuple[float, int]])

    def look(self, now: float, count: int, limit: float | None) -> None:
        """Note how many there are by now.

        Args:
            now: The seconds of any clock that only goes forward.
            count: How many were begun, or are done.
            limit: How many may be begun a second. `None`: there is no limit.
        """
        self.limit = limit
        span = max(_RATE_SECONDS, _STARTS_MEASURED / limit) if limit else _RATE_SECONDS
        self._looks.append((now, count))
        while self._looks[0][0] < now - span:
            self._looks.popleft()

    def forget(self) -> None:
        """Begin anew: what goes on behind a pause is as fast as it was before it."""
        self._looks.clear()

    def told(self, left: int, *, slowed: bool = False) -> list[str]:
        """Return the rate and the time left, in words, as far as they can be told yet.

        Args:
            left: How many are to be dialled still.
            slowed: Whether the limit is the gateway's wish.
        """
        rate = self._rate()
        if rate is None:
            return []
        told = _per(rate)
        if self.limit is not None:
            told += f" (limit {self.limit:g})" if rate >= 1 else f" (limit {_per(self.limit)})"
        if slowed:
            told += ", slowed by the gateway"
        return [told, f"about {lasting(left / rate)} left"] if left else [told]

    def _rate(self) -> float | None:
        (first, begun), (last, ended) = self._looks[0], self._looks[-1]
        if last - first < 1 or ended == begun:
            return None
        rate = (ended - begun) / (last - first)
        # A limit that was lowered since holds for all that are left.
        return rate if self.limit is None else min(rate, self.limit)


def _per(rate: float) -> str:
    return f"{rate:.1f} a second" if rate >= 1 else f"{rate * 60:.1f} a minute"
