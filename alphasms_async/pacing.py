"""A smooth number of starts per second, without a burst at the beginning or after a pause."""

import anyio

__all__ = ["Pace"]

_SLEEPS_LATE_SECONDS = 0.02


class Pace:
    """Gives out start times that are at least one interval apart.

    Time that passes unused is not saved up: a gateway that was slow for a minute must not get a
    minute's worth of calls at once.
    """

    def __init__(self, per_second: float | None) -> None:
        self._last = float("-inf")
        self.set(per_second)

    def set(self, per_second: float | None) -> None:
        """Change the rate; the next start is one new interval after the last one taken.

        Args:
            per_second: Starts per second, above 0. `None`: no limit.
        """
        self._interval = 0.0 if per_second is None else 1.0 / per_second

    def delay(self, now: float) -> float:
        """Return how many seconds from `now` the next start is, 0 or more, without taking it."""
        return max(now, self._last + self._interval) - now

    def reserve(self, now: float) -> float:
        """Return how many seconds from `now` the next start is, 0 or more, and take it."""
        start = max(now, self._last + self._interval)
        self._last = start
        return start - now

    def start(self, now: float) -> None:
        """Take a start that is due by `now`.

        A sleep ends a little late every time. That lateness is not added up, or the pace would
        fall behind by it with each start; more than a moment of it is time that passed unused.
        """
        due = self._last + self._interval
        late = now - due
        self._last = due if 0 <= late < min(self._interval, _SLEEPS_LATE_SECONDS) else max(now, due)

    async def wait(self) -> None:
        """Wait until the next start."""
        delay = self.reserve(anyio.current_time())
        if delay > 0:
            await anyio.sleep(delay)
