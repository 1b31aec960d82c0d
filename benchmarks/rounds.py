"""Rivals measured in turns, so that whatever else the machine does falls on all of them alike."""

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from statistics import median, quantiles
from typing import Self

from attrs import frozen

__all__ = ["Rival", "Spread", "interleaved", "latencies", "ratios"]

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
            return _shown(self.median)
        return f"{_shown(self.median)} ({_shown(self.low)} to {_shown(self.high)})"


async def interleaved(rounds: int, rivals: Mapping[str, Rival]) -> dict[str, list[float]]:
    """Measure each rival once a round, and return the figures of each, one for every round.

    Args:
        rounds: How many there are, 1 or more.
        rivals: What is measured, by name. Every other round takes them from the end.
    """
    figures: dict[str, list[float]] = {name: [] for name in rivals}
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


def _shown(figure: float) -> str:
    return (
        f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"
    )
