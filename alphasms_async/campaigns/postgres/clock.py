"""The database's clock, as this process knows it between two looks."""

from datetime import UTC, datetime
from time import monotonic

__all__ = ["DatabaseClock"]

_JITTER_SECONDS = 1.0


class DatabaseClock:
    """Tells what the database's clock shows, whatever this machine's own is set to.

    It steps back only when the database's clock was set back, not for what a look was off by.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def look(self, seconds: float) -> None:
        """Learn what the database's clock shows just now, in seconds since 1970."""
        ahead = seconds - monotonic()
        if self._ahead is None or not 0 <= self._ahead - ahead < _JITTER_SECONDS:
            self._ahead = ahead

    def __call__(self) -> datetime:
        """Return the time; this machine's own before the first look."""
        if self._ahead is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(monotonic() + self._ahead, UTC)
