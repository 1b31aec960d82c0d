"""Whom to call again, how often and when: those who did not answer, those who were busy."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast

from attrs import field, frozen

from alphasms_async.campaigns.spans import seconds_of
from alphasms_async.checks import is_number, is_whole
from alphasms_async.errors import InvalidRequest

__all__ = ["RedialPolicy"]

_OUTCOMES = frozenset({"no_answer", "busy"})
_MOST_TIMES = 10
_LEAST_SECONDS = 60
_MOST_SECONDS = 30 * 86_400
_POLICY = re.compile(
    r"\s*(?P<times>[0-9]{1,3})(?:\s+after\s+(?P<after>[0-9dhms]+))?(?:\s+on\s+(?P<on>.+?))?\s*",
    re.IGNORECASE,
)
_LONGEST_SHOWN = 40


def _as_set(outcomes: Iterable[str]) -> frozenset[str]:
    return frozenset(outcomes)


@frozen
class RedialPolicy:
    """How often and when a recipient who was not reached is called again."""

    times: int
    """How many more calls there are at most after the first one, 1 to 10."""
    after_seconds: float = 1800.0
    """How long after a call that reached nobody the next one is due, 60 s to 30 days."""
    on: frozenset[str] = field(default=_OUTCOMES, converter=_as_set)
    """The outcomes that are followed by another call: `no_answer`, `busy` or both."""

    def __attrs_post_init__(self) -> None:
        if not is_whole(self.times) or not 1 <= self.times <= _MOST_TIMES:
            raise InvalidRequest(f"redial 1 to {_MOST_TIMES} times, not {self.times!r}")
        seconds = self.after_seconds
        if not is_number(seconds) or not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
            raise InvalidRequest(f"redial after 1 minute to 30 days, not after {seconds!r} seconds")
        if not self.on or not self.on <= _OUTCOMES:
            raise InvalidRequest(
                f"redial on no_answer, busy or both, not on {_shown(', '.join(sorted(self.on)))}"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy as a person writes it.

        Args:
            text: Like `2 after 30m`, `3 after 1h30m on busy` or `1`. Without `after` it is half
                an hour, without `on` both outcomes count; several are parted by commas.

        Raises:
            InvalidRequest: The text is no policy, or asks for more than there is.
        """
        match = _POLICY.fullmatch(text)
        if match is None:
            raise _wrong(text)
        facts: dict[str, Any] = {"times": int(match["times"])}
        if match["after"] is not None:
            seconds = seconds_of(match["after"])
            if seconds is None:
                raise _wrong(text)
            facts["after_seconds"] = float(seconds)
        if match["on"] is not None:
            facts["on"] = [_read_outcome(outcome) for outcome in match["on"].split(",")]
        return cls(**facts)

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Return the policy that `as_json` wrote down.

        Raises:
            InvalidRequest: `as_json` never wrote this.
        """
        times, after_seconds, on = (facts.get(name) for name in ("times", "after_seconds", "on"))
        if times is None or after_seconds is None or not _is_texts(on):
            raise InvalidRequest("a written redial policy holds times, after_seconds and a list on")
        return cls(times, after_seconds, on or ())

    def as_json(self) -> dict[str, int | float | list[str]]:
        """Return the policy as JSON can carry it, for `from_json`."""
        return {
            "times": self.times,
            "after_seconds": self.after_seconds,
            "on": sorted(self.on),
        }

    def due(self, outcome: str, done: int, at: datetime) -> datetime | None:
        """Return when to call again, in UTC.

        Args:
            outcome: How the call ended.
            done: How many calls to this recipient have ended with an outcome, this one included:
                1 or more.
            at: When it ended, in any time zone.

        Returns:
            The earliest moment for the next call. `None`: there is none to follow.

        Raises:
            InvalidRequest: `at` has no time zone, or `done` is below 1.
        """
        if at.utcoffset() is None:
            raise InvalidRequest("a moment has a time zone: write datetime.now(UTC), not now()")
        if done < 1:
            raise InvalidRequest(f"done counts this call too, so it is 1 or more, not {done}")
        if outcome not in self.on or done > self.times:
            return None
        return at.astimezone(UTC) + timedelta(seconds=self.after_seconds)


def _is_texts(value: object) -> bool:
    if not isinstance(value, list):
        return False
    return all(isinstance(text, str) for text in cast("list[object]", value))


def _read_outcome(text: str) -> str:
    return text.strip().lower().replace("-", "_").replace(" ", "_")


def _wrong(text: str) -> InvalidRequest:
    return InvalidRequest(
        f"the redial policy cannot be read: {_shown(text)}: "
        "write 2 after 30m, or 3 after 2h on busy, or 1"
    )


def _shown(text: str) -> str:
    """Return what a person wrote, on one line and not longer than it can be read."""
    return repr(text[:_LONGEST_SHOWN])
