"""How far one accepted thing has come, as a value."""

from datetime import datetime
from enum import Enum

import attrs

from alphasms_async.sandbox.fate import Fate


class CallOver(Exception):
    """Something was to be done in a call that has ended."""


class Phase(Enum):
    """How far a call has come. A message is queued, then ended."""

    QUEUED = "queued"
    RINGING = "ringing"
    TALKING = "in call"
    ENDED = "ended"


@attrs.frozen
class Key:
    """A key that was pressed."""

    digit: str
    """0 to 9, `*` or `#`."""
    at: datetime
    """When, UTC."""


@attrs.frozen(kw_only=True)
class Line:
    """How far one accepted thing has come."""

    phase: Phase = Phase.QUEUED
    ringing_at: datetime | None = None
    """When it began to ring, UTC; None while it has not."""
    answered_at: datetime | None = None
    """When it was answered, UTC; None while it has not been."""
    ended_at: datetime | None = None
    """When it ended, UTC; None while it has not."""
    keys: tuple[Key, ...] = ()
    """The keys pressed so far, in order."""
    fate: Fate | None = None
    """How it ended, None while it has not."""

    @property
    def digits(self) -> str | None:
        """The keys pressed so far, None for none."""
        return "".join(key.digit for key in self.keys) or None

    def talked_seconds(self, now: datetime) -> int:
        """Return how long was talked by `now`, in whole seconds."""
        if self.fate is not None:
            return self.fate.talk_seconds
        return 0 if self.answered_at is None else round((now - self.answered_at).total_seconds())
