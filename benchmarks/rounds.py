"""Rivals measured in turns, so that whatever else the machine does falls on all of them alike."""

import gc
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from statistics import median, quantiles
from typing import Self, TypeVar

from attrs import frozen

__all__ = ["Rival", "Spread", "interleaved", "latencies", "ratios", "shown"]

Name = TypeVar("Name", bound=Hashable)
Figure = TypeVar("Figure")

Rival = Callable[[], Awaitable[float]]
"""Does one round of what is measured, and returns the figure."""


@frozen
class Spread:
    """A figure measured several times. Only the middle one is worth a comparison."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Self:
        """Return the spread of at least one figure."""
        return cls(median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        # One round has no spread to show.
        if self.low == self.high:
            return shown(self.median)
        return f"{shown(self.median)} ({shown(self.low)} to {shown(self.high)})"


async def interleaved(
    rounds: int, rivals: Mapping[Name, Callable[[], Awaitable[Figure]]]
) -> dict[Name, list[Figure]]:
    """Measure each rival once a round, and return the figures of each, one for every round.

    Args:
        rounds: How many there are, 1 or more.
        rivals: What is measured, by name. Every other round takes them from the end.
    """
    figures: dict[Name, list[Figure]] = {name: [] for name in rivals}
    for number in range(rounds):
        order = list(rivals)
        for name in order if number % 2 == 0 else reversed(order):
            # What one has left behind is not to be cleaned up at the next one's cost.
            gc.collect()
            figures[name].append(await rivals[name]())
    return figures


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return how many times their figure ours is, compared within each round."""
    return Spread.of([mine / other for mine, other in zip(ours, theirs, strict=True)])


def latencies(rounds: Sequence[Sequence[float]]) -> Mapping[str, Spread]:
    """Return the median and the 99th percentile of what was waited for, in ms, of every round.

    Args:
        rounds: For each round the waits, in seconds.
    """
    cuts = [quantiles(waits, n=100) for waits in rounds]
    at = {"median ms": 49, "p99 ms": 98}
    return {name: Spread.of([1000 * cut[place] for cut in cuts]) for name, place in at.items()}


def shown(figure: float) -> str:
    """Return a figure with as many digits as are worth to be read."""
    places = 0 if figure >= 100 else 1 if figure >= 10 else 2 if figure >= 0.1 else 3
    return f"{figure:,.{places}f}"
