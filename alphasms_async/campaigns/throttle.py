"""The pace a dialer really keeps: a person's, and slower by itself while the gateway asks for it.

Asking for a start and taking it are two steps, `delay` and `start`. A start given out ahead of
its time could not be called back, so whoever waits for one would ignore a pause or a slower rate
that came meanwhile. Who waits therefore holds nothing, and asks again:

    while (seconds := throttle.delay(clock())) > 0:
        await sleep(min(seconds, 0.25))
    throttle.start(clock())

Nothing may be awaited between the last `delay` and `start`, or two would take the same start.
"""

from collections import deque

from alphasms_async.checks import check_rate
from alphasms_async.pacing import Pace

__all__ = ["Throttle"]

_OBSERVED_SECONDS = 5.0
_LEAST_FIRST_RATE = 0.5
_LEAST_RATE = 0.1
_LONGEST_PAUSE_SECONDS = 600.0
_QUIET_SECONDS = 30.0
_GROWTH = 0.1
_GROWTH_SECONDS = 10.0
_DOUBLING_SECONDS = 30.0
_ENOUGH = 10.0
# A sum of tenths may fall short of the whole by a rounding.
_ALMOST = 1 - 1e-9
_NEVER = float("-inf")


class Throttle:
    """The rate a person sets, halved at each slowdown the gateway asks for, and grown back.

    It starts to grow after 30 quiet seconds, counted from when dialling goes on: by a tenth of
    the person's rate every 10 s, until it is that again. Where no rate is set, it doubles every
    30 s until it is 10 times what was dialled when the gateway first complained; then there is no
    limit again.

    All times are seconds of one clock that never goes back, like `anyio.current_time()`.
    """

    def __init__(self, per_second: float | None) -> None:
        self._wanted = check_rate("per_second", per_second)
        self._slow: float | None = None
        self._enough = 0.0
        self._starts: deque[float] = deque()
        self._slowed_at = _NEVER
        self._paused_until = _NEVER
        self._grows_at = 0.0
        self._backoff_seconds = 1.0
        self._pace = Pace(self._wanted)

    @property
    def rate(self) -> float | None:
        """The starts per second as of the last question or answer. `None`: no limit."""
        if self._wanted is None or self._slow is None:
            return self._slow or self._wanted
        return min(self._wanted, self._slow)

    @property
    def slowed(self) -> bool:
        """Whether the rate is below the person's, as of the last question or answer."""
        return self.rate != self._wanted

    @property
    def observed(self) -> float:
        """The starts per second in the last five seconds before the last start."""
        return len(self._starts) / _OBSERVED_SECONDS

    def is_paused(self, at: float) -> bool:
        """Return whether the gateway has asked to wait until then, or longer."""
        return at <= self._paused_until

    def set(self, per_second: float | None) -> None:
        """Change the person's rate; it holds for the very next start.

        A slowdown outlives it: the rate grows back to the new one instead.

        Args:
            per_second: Starts per second, above 0. `None`: no limit.

        Raises:
            InvalidRequest: The rate is not a number above 0.
        """
        self._wanted = check_rate("per_second", per_second)
        self._pace.set(self.rate)

    def delay(self, now: float) -> float:
        """Return how many seconds from `now` the next start is, 0 or more, without taking it."""
        self._grow(now)
        return max(self._pace.delay(now), self._paused_until - now)

    def start(self, now: float) -> None:
        """Take the start that `delay` said is due: the next one is an interval later."""
        self._pace.start(now)
        self._starts.append(now)
        while self._starts[0] <= now - _OBSERVED_SECONDS:
            self._starts.popleft()

    def rate_limited(self, now: float, retry_after: float | None, *, began: float) -> None:
        """Pause and slow down, for the gateway answered that there are too many requests.

        Calls that were in flight at the last slowdown say nothing new: they neither halve the
        rate again nor lengthen the backoff. A longer pause that one of them asks for is kept.

        Args:
            now: When the answer came.
            retry_after: Seconds that the gateway asks to wait, 0 or more; at most 600 are waited.
                `None`: it does not say, and 1, 2, 4 … s are waited.
            began: When the call that was answered had begun.
        """
        self._grow(now)
        if retry_after is not None:
            self._pause(now, retry_after)
        if began > self._slowed_at:
            if retry_after is None:
                self._pause(now, self._backoff_seconds)
            self._slow_down(now)
        self._grows_at = max(now, self._paused_until) + _QUIET_SECONDS

    def _pause(self, now: float, seconds: float) -> None:
        until = now + min(seconds, _LONGEST_PAUSE_SECONDS)
        self._paused_until = max(self._paused_until, until)

    def _slow_down(self, now: float) -> None:
        self._slowed_at = now
        self._backoff_seconds = min(2 * self._backoff_seconds, _LONGEST_PAUSE_SECONDS)
        rate = self.rate
        if rate is None:
            # The seconds before the last start, not before now: a gateway that took long to
            # answer had all slots waiting, and nothing started since.
            self._slow = max(self.observed / 2, _LEAST_FIRST_RATE)
            self._enough = 2 * self._slow * _ENOUGH
        else:
            self._slow = max(rate / 2, _LEAST_RATE)
            self._enough = self._enough or rate * _ENOUGH
        self._pace.set(self.rate)

    def _grow(self, now: float) -> None:
        """Take the steps back to the person's rate that are due by now."""
        while self._slow is not None and now >= self._grows_at:
            self._backoff_seconds = 1.0
            if self._wanted is None:
                self._slow *= 2
                self._grows_at += _DOUBLING_SECONDS
            else:
                self._slow += self._wanted * _GROWTH
                self._grows_at += _GROWTH_SECONDS
            goal = self._enough if self._wanted is None else self._wanted
            if self._slow >= goal * _ALMOST:
                self._slow, self._enough = None, 0.0
            self._pace.set(self.rate)
