"""What every benchmark can be told on its command line."""

from argparse import ArgumentParser, ArgumentTypeError

from attrs import frozen

__all__ = ["Options", "read_options"]


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


def read_options(described: str | None) -> Options:
    """Read the command line of a benchmark; `described` is what its help says of it."""
    parser = ArgumentParser(description=described)
    parser.add_argument("--rows", type=_count, help="recipients in each measurement")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    told = parser.parse_args()
    return Options(told.rows, told.quick)


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise ArgumentTypeError(f"a whole number, 1 or more, not {text!r}")
    return int(text)
