"""What measured calls are told as: tables, aims, the panels of a chart."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Final, TypeAlias

from benchmarks.aims import Aim, aims_table
from benchmarks.calling import Measured
from benchmarks.chart import Line, Panel
from benchmarks.loads import Case
from benchmarks.rounds import Spread, ratios
from benchmarks.sounds import size_name
from benchmarks.tables import Cell, Table

__all__ = ["COMPARED", "Cases", "aims", "chart_panels", "tables"]

_Figure: TypeAlias = Callable[[Measured], float]


Cases: TypeAlias = Mapping[Case, Sequence[Measured]]
"""What was measured, round by round."""


def _speed(one: Measured) -> float:
    return one.calls_a_second


def _cpu(one: Measured) -> float:
    return one.cpu_milliseconds


def _peak(one: Measured) -> float:
    return one.peak_megabytes


_SPEED: Final = "calls a second"
_CPU: Final = "CPU"
_FIGURES: Final[Mapping[str, _Figure]] = {
    _SPEED: _speed,
    "CPU of a call, ms": _cpu,
    "peak of memory resident, MB": _peak,
}
_OURS: Final = "AlphaSMS"
# Each beside the rival that does as it does with its connections.
_ALIKE: Final = {
    "AlphaSMS, aiohttp": "bare aiohttp, no reuse",
    "AlphaSMS, aiohttp, reuse": "bare aiohttp",
}
# What each line of the chart looks like: its hue, and whether it is dashed.
_LOOKS: Final = {
    "AlphaSMS": ("blue", False),
    "AlphaSMS, reuse": ("blue", True),
    "AlphaSMS, aiohttp": ("green", False),
    "AlphaSMS, aiohttp, reuse": ("green", True),
    "httpx by hand": ("red", False),
    "httpx, pool per worker": ("red", True),
    "aiohttp by hand": ("amber", False),
    "bare aiohttp": ("violet", True),
    "bare aiohttp, no reuse": ("violet", False),
    "bare streams": ("grey", False),
}
COMPARED: Final = tuple(_LOOKS)
"""Who is set against each other, ours first."""

# Of the speed of bare aiohttp.
_AIMED_SHARES: Final = {40_000: 0.6, 1_000_000: 1.0, 5_000_000: 1.0}


def tables(cases: Cases) -> Iterator[Table]:
    """Return four tables for each size: three figures in their medians, and how ours compares."""
    for size in _sizes(cases):
        for what, figure in _FIGURES.items():
            yield Table(f"{size_name(size)}: {what}", _medians(cases, size, figure))
        title = f"{size_name(size)}: in calls a second, {_OURS} is … times"
        yield Table(title, _compared(cases, size))


def aims(cases: Cases) -> Sequence[Table]:
    """Return the table of those aims whose cases were measured; nothing, if none was."""
    told = [*_of_default_transport(cases), *_of_aiohttp(cases)]
    return [aims_table(told)] if told else []


def chart_panels(cases: Cases) -> Sequence[Panel]:
    """Return a panel for each size: what a call costs each rival, by what is in flight."""
    return [
        Panel(size_name(size), [_line(rival, row) for rival, row in _rows(cases, size).items()])
        for size in _sizes(cases)
    ]


def _line(rival: str, row: Mapping[int, Sequence[Measured]]) -> Line:
    hue, is_dashed = _LOOKS[rival]
    points = {many: Spread.of([*map(_cpu, rounds)]) for many, rounds in row.items()}
    return Line(rival, hue, is_dashed, is_strong=rival.startswith(_OURS), points=points)


def _sizes(cases: Cases) -> Sequence[int]:
    return list(dict.fromkeys(case.sound_bytes for case in cases))


def _rows(cases: Cases, size: int) -> Mapping[str, Mapping[int, Sequence[Measured]]]:
    """Return what was measured with a size, by rival and by how many are in flight."""
    rows: dict[str, dict[int, Sequence[Measured]]] = {}
    for case, rounds in cases.items():
        if case.sound_bytes == size:
            rows.setdefault(case.rival, {})[case.in_flight] = rounds
    return rows


def _medians(cases: Cases, size: int, figure: _Figure) -> Sequence[Mapping[str, Cell]]:
    return [
        {"in flight": rival}
        | {f"{many:,}": median(map(figure, rounds)) for many, rounds in row.items()}
        for rival, row in _rows(cases, size).items()
    ]


def _compared(cases: Cases, size: int) -> Sequence[Mapping[str, Cell]]:
    rows = _rows(cases, size)
    return [
        {"in flight": rival}
        | {f"{many:,}": _times(rows[_OURS][many], rounds)[_SPEED] for many, rounds in row.items()}
        for rival, row in rows.items()
        if rival != _OURS
    ]


def _times(ours: Sequence[Measured], theirs: Sequence[Measured]) -> Mapping[str, Spread]:
    """Return how many times as good as theirs ours is, by the clock and by what it costs."""
    return {
        _SPEED: ratios([*map(_speed, ours)], [*map(_speed, theirs)]),
        _CPU: ratios([*map(_cpu, theirs)], [*map(_cpu, ours)]),
    }


def _of_default_transport(cases: Cases) -> Iterator[Aim]:
    alone, crowd = (cases.get(Case(_OURS, 40_000, many)) for many in (1, 500))
    by_hand = cases.get(Case("httpx by hand", 40_000, 500))
    if crowd and by_hand:
        what = f"{_OURS}, 40 KB, 500 in flight: 10 times httpx by hand"
        yield Aim(what, _times(crowd, by_hand), at_least=10)
    if alone and crowd:
        what = f"{_OURS}, 40 KB: a call costs at 500 in flight at most 1.5 times what it does at 1"
        growth = ratios([*map(_cpu, crowd)], [*map(_cpu, alone)])
        yield Aim(what, {_CPU: growth}, at_most=1.5)


def _of_aiohttp(cases: Cases) -> Iterator[Aim]:
    for size, share in _AIMED_SHARES.items():
        for many in (50, 500):
            for ours, theirs in _ALIKE.items():
                case = Case(ours, size, many)
                mine, other = cases.get(case), cases.get(Case(theirs, size, many))
                if mine and other:
                    what = f"{case}: {share} of {theirs}"
                    yield Aim(what, _times(mine, other), at_least=share)
