"""What is aimed at, and whether it is reached; an aim that is missed is told and fails nothing."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from benchmarks.rounds import Spread
from benchmarks.tables import Cell, Table

__all__ = ["Aim", "aims_table"]


@frozen
class Aim:
    """A figure that is to be reached."""

    what: str
    """What is aimed at, with the figure in it."""
    measured: Mapping[str, Spread]
    """What was measured, by what it was measured with: one or more."""
    at_least: float = 0
    """The least that each median is to be."""
    at_most: float = float("inf")
    """The most that each median is to be."""

    @property
    def reached(self) -> str:
        """`yes` or `no`, or what it is reached by, where that is not all."""
        by = [
            name
            for name, figure in self.measured.items()
            if self.at_least <= figure.median <= self.at_most
        ]
        if len(by) in {0, len(self.measured)}:
            return "yes" if by else "no"
        return f"by {' and '.join(by)} only"


def aims_table(aims: Sequence[Aim]) -> Table:
    """Return the table of what is aimed at, what was measured, and whether that reaches it.

    Args:
        aims: One or more.
    """
    columns = list(dict.fromkeys(name for aim in aims for name in aim.measured))
    return Table("Aims", [_row(aim, columns) for aim in aims])


def _row(aim: Aim, columns: Sequence[str]) -> Mapping[str, Cell]:
    figures: dict[str, Cell] = {name: aim.measured.get(name, "") for name in columns}
    return {"aim": aim.what, **figures, "reached": aim.reached}
