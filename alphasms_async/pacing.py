"""A smooth number of starts per second, without a burst at the beginning or after a pause."""

import anyio

__all__ = ["Pace"]


class Pace:
    """Gives out start times that are at least one interval apart.

    Time that passes unused is not saved up: a gateway that was slow for a minute must not get a
    minute's worth of calls at once.
    """

    def __init__(self, per_second: float | None) -> None:
        self._interval = 0.0 if per_second is None else 1.0 / per_second
        self._next = float("-inf")

    def reserve(self, now: float) -> float:
        """Return how many seconds from `now` the next start is, 0 or more, and take it."""
        start = max(now, self._next)
        self._next = start + self._interval
        return start - now

    async def wait(self) -> None:
        """Wait until the next start."""
        delay = self.reserve(anyio.current_time())
        if delay > 0:
            await anyio.sleep(delay)
