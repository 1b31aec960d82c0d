"""How long a run waits for outcomes, and how often it may count how many have come."""

from attrs import define, field

from alphasms_async.campaigns.records import Tally
from alphasms_async.checks import is_number
from alphasms_async.errors import InvalidRequest

__all__ = ["Patience", "Recount"]

# A count may take so much of a run's time: of a million rows it takes a second.
_SHARE = 0.02
_SELDOM_SECONDS, _OFTEN_SECONDS = 5.0, 0.25


def _check_seconds(seconds: float) -> float:
    if not is_number(seconds) or seconds < 0:
        raise InvalidRequest(f"outcomes_seconds is a number of seconds, 0 or more, not {seconds!r}")
    return float(seconds)


@define
class Patience:
    """How long the outcomes of accepted calls are waited for. All times are handed in."""

    seconds: float = field(converter=_check_seconds)
    """How long after the last call or the last event, 0 or more."""
    _since: float = field(default=0.0, init=False)
    _told: tuple[object, ...] = field(default=(), init=False)

    def renew(self, now: float) -> None:
        """Begin anew: somebody was just called, or something was just told."""
        self._since = now

    def look(self, tally: Tally, now: float) -> None:
        """Begin anew if events have told anything since the last count."""
        told = (tally.outcomes, tally.digits)
        if told != self._told:
            self._told = told
            self.renew(now)

    def left(self, now: float) -> float:
        """Return how many seconds of it are left, 0 or more."""
        return max(0.0, self._since + self.seconds - now)


@define
class Recount:
    """When a campaign is counted anew: the dearer that is, the more seldom."""

    _ended: float = field(default=0.0, init=False)
    _took: float = field(default=0.0, init=False)

    def is_due(self, now: float, *, is_awaited: bool) -> bool:
        """Return whether to count now.

        Args:
            now: The seconds of a clock that never goes back.
            is_awaited: Whether the run waits for what the count tells.
        """
        least = _OFTEN_SECONDS if is_awaited else _SELDOM_SECONDS
        return now >= self._ended + max(least, self._took / _SHARE)

    def counted(self, began: float, ended: float) -> None:
        """Learn how long a count took."""
        self._took, self._ended = ended - began, ended
