"""How many requests came in the last second."""

from collections import deque
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from alphasms_async.clock import Clock

_SECOND: Final = timedelta(seconds=1)


class Rate:
    """Lets so many requests through in any second of a clock's. Safe to use from several threads.

    Args:
        clock: What time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._times: deque[datetime] = deque()

    def admits(self, most: float) -> bool:
        """Say whether one more is within `most` a second, and if so count it."""
        with self._lock:
            now = self._clock()
            # A clock that was set back would else hold everybody up until it has caught up.
            while self._times and not now - _SECOND < self._times[0] <= now:
                self._times.popleft()
            if len(self._times) + 1 > most:
                return False
            self._times.append(now)
            return True

    def forget(self) -> None:
        """Let the second begin anew."""
        with self._lock:
            self._times.clear()
