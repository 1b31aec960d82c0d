"""Whether the next recipient may be dialled now, and if not, why and for how long."""

from datetime import datetime

from attrs import define, field, frozen

from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.states import Verdict
from alphasms_async.campaigns.throttle import Throttle
from alphasms_async.campaigns.window import Window

__all__ = ["Gate", "Holding"]

_PROBE_AFTER = 5
_FIRST_PROBE_SECONDS, _LONGEST_PROBE_SECONDS = 1.0, 60.0


@frozen
class Holding:
    """Why nobody is dialled, and for how long that is known to last."""

    hold: Hold
    seconds: float | None = None
    """Seconds, 0 or more. `None`: until somebody or something changes it."""


@define
class Gate:
    """Everything but money and rows that a call waits for. All times are handed in."""

    campaign: Campaign
    throttle: Throttle
    is_paused: bool = False
    """Whether a person holds the campaign."""
    goes_alone: bool = True
    """Whether only one recipient may be dialled at a time: the first of a run, until one is
    answered, for it finds the price, a wrong key, a bad recording or a redirect."""
    _not_sent: int = field(default=0, init=False)
    _probe_at: float = field(default=0.0, init=False)
    _found: tuple[datetime, datetime] | None = field(default=None, init=False)
    """When the next opening was last looked for, and when it is."""

    @property
    def is_probing(self) -> bool:
        """Whether the gateway could not be reached so often that it is only tried now and then."""
        return self._not_sent >= _PROBE_AFTER

    @property
    def is_single(self) -> bool:
        """Whether the next call must end before another begins."""
        return self.goes_alone or self.is_probing

    def holding(self, now: float, at: datetime) -> Holding | None:
        """Return what keeps the next call back.

        Args:
            now: The seconds of a clock that never goes back.
            at: The time of day, aware.

        Returns:
            `None` when nothing does.
        """
        if self.is_paused:
            return Holding(Hold.PAUSED)
        starts_at, window = self.campaign.starts_at, self.campaign.window
        if starts_at is not None and at < starts_at:
            return Holding(Hold.STARTS_LATER, (starts_at - at).total_seconds())
        if window is not None and not window.is_open(at):
            return Holding(Hold.WINDOW, (self._opening(window, at) - at).total_seconds())
        if self.is_probing and now < self._probe_at:
            return Holding(Hold.UNREACHABLE, self._probe_at - now)
        delay = self.throttle.delay(now)
        if delay <= 0:
            return None
        return Holding(Hold.RATE_LIMITED if self.throttle.slowed else Hold.PACE, delay)

    def has_expired(self, at: datetime) -> bool:
        """Return whether the campaign's time is over."""
        return self.campaign.expires_at is not None and at >= self.campaign.expires_at

    def is_shut(self, at: datetime) -> bool:
        """Return whether a recipient who was admitted before may not be dialled now."""
        window = self.campaign.window
        is_closed = window is not None and not window.is_open(at)
        return self.is_paused or is_closed or self.has_expired(at)

    def note(self, verdict: Verdict, now: float) -> None:
        """Learn from how an attempt ended whether the gateway can be reached."""
        if verdict is Verdict.NOT_SENT:
            # What was in flight together fails together: after the fifth it tells nothing new.
            if not self.is_probing or now >= self._probe_at:
                self._not_sent += 1
                self._probe_at = now + self._probe_seconds()
            return
        if verdict is not Verdict.PUT_BACK:
            self._not_sent = 0
            # Only an answer tells what the first call is to find out.
            self.goes_alone = self.goes_alone and verdict is Verdict.UNCERTAIN

    def _opening(self, window: Window, at: datetime) -> datetime:
        """Return the next opening. It is far to look for, and asked for several times a second."""
        if self._found is None or not self._found[0] <= at < self._found[1]:
            self._found = (at, window.next_opening(at))
        return self._found[1]

    def _probe_seconds(self) -> float:
        doublings = min(self._not_sent - _PROBE_AFTER, 10)
        return min(_LONGEST_PROBE_SECONDS, _FIRST_PROBE_SECONDS * 2.0**doublings)
