"""How long a request may take: each phase, and all of it together."""

import sys

import httpx
from attrs import frozen

from alphasms_async.errors import ConfigurationError

__all__ = ["TimeoutTypes", "Timeouts", "check_timeout"]

TimeoutTypes = float | httpx.Timeout | None
"""Seconds for the whole request, an `httpx.Timeout` with a limit for each phase, or `None` for
the defaults: connect 10 s, write 30 s plus the body at 64 KB a second, read 60 s."""

_CONNECT, _WRITE, _READ = 10.0, 30.0, 60.0
# Patient on purpose: each read that is given up becomes an unknown, and an unknown is a person's
# work.
_SPARE = 10.0
_LARGEST = sys.float_info.max
_BYTES_PER_SECOND = 64 * 1024


@frozen
class Timeouts:
    """The limits of one request, in seconds; `None` is no limit."""

    connect: float | None
    write: float | None
    read: float | None
    total: float | None
    """For the request with its repeats. A server that drips its answer never trips `read`."""

    @classmethod
    def of(cls, timeout: TimeoutTypes, body_bytes: int) -> "Timeouts":
        """Return the limits for a request with a body of so many bytes."""
        if isinstance(timeout, httpx.Timeout):
            phases = (timeout.connect, timeout.write, timeout.read)
        elif timeout is not None:
            return cls(timeout, timeout, timeout, total=timeout)
        else:
            phases = (_CONNECT, _WRITE + body_bytes / _BYTES_PER_SECOND, _READ)
        limits = [phase for phase in phases if phase is not None]
        return cls(*phases, total=sum(limits) + _SPARE if len(limits) == len(phases) else None)

    def as_extension(self) -> dict[str, float | None]:
        """Return the phases as httpx transports take them.

        Waiting for a pool, be it that of the reads or one handed in, has no limit of its own.
        """
        return {
            "connect": self.connect,
            "write": self.write,
            "read": self.read,
            "pool": self.total,
        }


def check_timeout(timeout: TimeoutTypes) -> TimeoutTypes:
    """Return the timeout, or raise `ConfigurationError` when it is no number above 0."""
    if isinstance(timeout, httpx.Timeout):
        for phase in timeout.as_dict().values():
            _check_seconds(phase)
        return timeout
    return _check_seconds(timeout)


def _check_seconds(seconds: float | None) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        kind = type(seconds).__name__
        raise ConfigurationError(f"timeout is seconds or an httpx.Timeout, not {kind}")
    if not 0 < seconds <= _LARGEST:
        raise ConfigurationError(f"timeout is a number of seconds above 0, not {seconds}")
    return float(seconds)
