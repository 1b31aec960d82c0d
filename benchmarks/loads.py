"""What is to be carried: how many calls, how many at once, and how long a recording each has."""

from attrs import frozen

from benchmarks.sounds import size_name

__all__ = ["KEY", "Case", "Load"]

KEY = "5d41402abc4b2a76b9719d911017c592"
"""The key that every call is placed with."""


@frozen
class Case:
    """What is measured, over and over."""

    rival: str
    """Who places the calls, one of the `RIVALS`."""
    sound_bytes: int
    """How much sound the recording has."""
    in_flight: int
    """How many calls are in flight at once."""

    def __str__(self) -> str:
        return f"{self.rival}, {size_name(self.sound_bytes)}, {self.in_flight} in flight"


@frozen
class Load:
    """The calls of one measurement."""

    url: str
    """The gateway's base URL."""
    sound_bytes: int
    """How much sound the recording has, an even number, 2 or more."""
    in_flight: int
    """How many workers place calls, each its next when it has its answer, 1 or more."""
    calls: int
    """How many calls are measured, 1 or more."""
    warm_up: int
    """How many are placed before, for what is imported, made and connected once; 1 or more."""
    authority: str | None = None
    """The file with the certificate that the gateway's is trusted by. `None`: httpx's own."""
