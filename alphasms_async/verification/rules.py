"""What a verifier is set up with, checked once."""

from datetime import timedelta
from typing import Self

from attrs import frozen

from alphasms_async.checks import check_count, is_whole
from alphasms_async.errors import InvalidRequest

__all__ = ["Rules"]

_LONGEST = timedelta(days=1)
_MOST_ATTEMPTS = 10
_MOST_RESENDS = 20


@frozen(kw_only=True)
class Rules:
    """How long, how often, and what comes next."""

    channels: int
    """How many channels there are, the flash call included."""
    attempts: int
    """How many wrong codes end a verification."""
    most_resends: int
    """How often another code may be asked for."""
    ttl_seconds: float
    """How long a code is accepted."""
    fallback_seconds: float
    """After how long without news the next channel is sent."""
    resend_seconds: float
    """How long after a send nobody may ask for another."""

    @property
    def most_sends(self) -> int:
        """How many sends a verification has at most: each channel once, and what is asked for."""
        return self.channels + self.most_resends

    @classmethod
    def of(
        cls,
        *,
        channels: int,
        attempts: int,
        most_resends: int,
        ttl: timedelta,
        fallback_after: timedelta,
        resend_after: timedelta,
    ) -> Self:
        """Return the rules.

        Raises:
            InvalidRequest: One of them is out of its range.
        """
        zero = timedelta(0)
        return cls(
            channels=channels,
            attempts=_count("attempts", attempts, _MOST_ATTEMPTS),
            most_resends=_resends(most_resends),
            ttl_seconds=_seconds("ttl", ttl, above=zero),
            fallback_seconds=_seconds("fallback_after", fallback_after, above=zero),
            resend_seconds=_seconds("resend_after", resend_after),
        )


def _count(name: str, count: int, most: int) -> int:
    if check_count(name, count) > most:
        raise InvalidRequest(f"{name} is at most {most}, not {count}")
    return count


def _resends(count: object) -> int:
    if not is_whole(count) or not 0 <= count <= _MOST_RESENDS:
        raise InvalidRequest(
            f"most_resends is a whole number from 0 to {_MOST_RESENDS}, not {count!r}"
        )
    return count


def _seconds(name: str, span: object, above: timedelta | None = None) -> float:
    if not isinstance(span, timedelta):
        kind = type(span).__name__
        raise InvalidRequest(f"{name} is a timedelta, such as timedelta(seconds=40), not {kind}")
    if above is not None and span <= above:
        raise InvalidRequest(f"{name} is above 0, not {span}")
    if not timedelta(0) <= span <= _LONGEST:
        raise InvalidRequest(f"{name} is 0 or more and at most a day, not {span}")
    return span.total_seconds()
