"""What every benchmark can be told on its command line."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable

from attrs import frozen

from benchmarks.sounds import UNITS

__all__ = ["CallOptions", "Options", "read_call_options", "read_options"]


@frozen
class Options:
    """How long a benchmark is to take."""

    rows: int | None
    """How many recipients each measurement has. `None`: the benchmark's own number."""
    is_quick: bool
    """Whether to take seconds, for a look, instead of minutes, for a figure."""

    def rows_or(self, usual: int, quick: int) -> int:
        """Return how many recipients to take: as many as were asked for, else the usual number."""
        return self.rows or (quick if self.is_quick else usual)


@frozen
class CallOptions(Options):
    """What is measured of calls, and how often."""

    sizes: tuple[int, ...]
    """How much sound the recordings have, in bytes."""
    in_flight: tuple[int, ...]
    """How many calls are in flight at once."""
    rounds: int
    """How often each measurement is taken."""


def read_options(described: str | None) -> Options:
    """Read the command line of a benchmark; `described` is what its help says of it."""
    told = _parser(described).parse_args()
    return Options(told.rows, told.quick)


def read_call_options(described: str | None, usual: CallOptions, quick: CallOptions) -> CallOptions:
    """Read the command line of the benchmark of calls.

    Args:
        described: What its help says of it.
        usual: What it measures unless it is told otherwise.
        quick: What it measures when it is told to be quick.
    """
    parser = _parser(described)
    parser.add_argument("--sizes", type=_listed(_size), help="such as 40KB,1MB")
    parser.add_argument("--in-flight", type=_listed(_count), help="such as 1,50,500")
    parser.add_argument("--rounds", type=_count, help="how often each measurement is taken")
    told = parser.parse_args()
    own = quick if told.quick else usual
    return _told(told, own)


def _told(told: Namespace, own: CallOptions) -> CallOptions:
    return CallOptions(
        rows=told.rows,
        is_quick=told.quick,
        sizes=told.sizes or own.sizes,
        in_flight=told.in_flight or own.in_flight,
        rounds=told.rounds or own.rounds,
    )


def _parser(described: str | None) -> ArgumentParser:
    parser = ArgumentParser(description=described)
    parser.add_argument("--rows", type=_count, help="recipients in each measurement")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    return parser


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise ArgumentTypeError(f"a whole number, 1 or more, not {text!r}")
    return int(text)


def _size(text: str) -> int:
    number, unit = text[:-2], text[-2:].upper()
    if not (number.isdecimal() and int(number) and unit in UNITS):
        raise ArgumentTypeError(f"a size such as 40KB or 1MB, not {text!r}")
    return int(number) * UNITS[unit]


def _listed(read: Callable[[str], int]) -> Callable[[str], tuple[int, ...]]:
    return lambda text: tuple(read(each) for each in text.split(","))
