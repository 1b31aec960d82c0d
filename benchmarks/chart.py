"""A chart of lines on logarithmic scales, as SVG, which is readable on light and on dark ground."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from itertools import product
from pathlib import Path
from typing import Final

from attrs import frozen

from benchmarks.rounds import Spread

__all__ = ["Line", "Panel", "write_chart"]


@frozen
class Line:
    """What one rival came to."""

    name: str
    """What the legend calls it; the same name has the same look in each panel."""
    hue: str
    """`blue`, `green`, `red`, `amber`, `violet` or `grey`."""
    is_dashed: bool
    """Whether it is dashed, which tells apart two of one hue."""
    is_strong: bool
    """Whether it is the one that is looked for first."""
    points: Mapping[int, Spread]
    """What was measured, by the number it was measured at; both above 0."""


@frozen
class Panel:
    """One of several charts side by side, all with the same scales."""

    title: str
    """What it is of."""
    lines: Sequence[Line]
    """One or more."""


_STYLE: Final = """
svg {
  --ground: #fff; --ink: #1b2330; --faint: #5d6876; --grid: #e4e8ed; --blue: #1f5fd6;
  --green: #0b8a62; --red: #c8323c; --amber: #b26a00; --violet: #8340c4; --grey: #7a8594;
  background: var(--ground); font: 13px system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  svg {
    --ground: #12161d; --ink: #e8ecf2; --faint: #9aa5b4; --grid: #2a313c; --blue: #6ea3ff;
    --green: #3fcf9c; --red: #ff7b82; --amber: #f0b04a; --violet: #c594ff; --grey: #96a1b0;
  }
}
text { fill: var(--ink) }
.faint { fill: var(--faint); font-size: 12px }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: var(--grid) }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round }
.strong { stroke-width: 3 }
.dashed { stroke-dasharray: 6 4 }
"""
_WIDTH, _HEIGHT = 1200, 520
_LEFT, _TOP, _RIGHT, _BOTTOM = 48, 78, 12, 116
_GAP = 28
_LEGEND_COLUMNS, _LEGEND_ROW = 5, 24
_STEPS = (1, 2, 5)

_Scale = Callable[[float], float]


def write_chart(path: Path, title: str, across: str, panels: Sequence[Panel]) -> None:
    """Write a chart.

    Args:
        path: The file, whose name ends in `.svg`.
        title: What it shows, and in which unit.
        across: What the numbers at the bottom are.
        panels: One or more.
    """
    path.write_text("\n".join(_drawn(title, across, panels)) + "\n", encoding="utf-8")


def _drawn(title: str, across: str, panels: Sequence[Panel]) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{escape(title)}">'
    )
    yield f"<style>{_STYLE}</style>"
    yield _text(_LEFT, 28, title, "title")
    lines = [line for panel in panels for line in panel.lines]
    numbers = sorted({number for line in lines for number in line.points})
    figures = [spread.median for line in lines for spread in line.points.values()]
    width = (_WIDTH - _LEFT - _RIGHT - _GAP * (len(panels) - 1)) / len(panels)
    down = _scale(min(figures) / 1.15, max(figures) * 1.15, _HEIGHT - _BOTTOM, _TOP)
    for place, panel in enumerate(panels):
        left = _LEFT + place * (width + _GAP)
        right = _scale(numbers[0] / 1.3, numbers[-1] * 1.3, left, left + width)
        yield _text(left, _TOP - 14, panel.title)
        for tick in _ticks(min(figures), max(figures)):
            yield _rule(left, down(tick), left + width, down(tick))
            if not place:
                yield _text(left - 8, down(tick) + 4, f"{tick:g}", "faint", "end")
        for number in numbers:
            yield _rule(right(number), _TOP, right(number), _HEIGHT - _BOTTOM)
            yield _text(right(number), _HEIGHT - _BOTTOM + 18, f"{number:,}", "faint", "middle")
        for line in panel.lines:
            yield from _line(line, right, down)
    yield _text(_WIDTH / 2, _HEIGHT - _BOTTOM + 38, across, "faint", "middle")
    yield from _legend({line.name: line for line in lines})
    yield "</svg>"


def _scale(low: float, high: float, start: float, end: float) -> _Scale:
    """Return what puts figures from low to high between two places, each tenfold as far."""
    span = math.log(high / low)
    return lambda figure: round(start + (end - start) * math.log(figure / low) / span, 1)


def _ticks(low: float, high: float) -> Sequence[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [step * 10.0**decade for decade, step in product(decades, _STEPS)]
    return [tick for tick in ticks if low <= tick <= high]


def _line(line: Line, right: _Scale, down: _Scale) -> Iterator[str]:
    places = {number: (right(number), down(each.median)) for number, each in line.points.items()}
    corners = " ".join(f"{x},{y}" for x, y in places.values())
    yield f'<polyline class="{_look(line)}" stroke="var(--{line.hue})" points="{corners}"/>'
    for number, (x, y) in places.items():
        told = escape(f"{line.name}, {number:,}: {line.points[number]}")
        size = 3.5 if line.is_strong else 2.5
        yield (
            f'<circle cx="{x}" cy="{y}" r="{size}" fill="var(--{line.hue})">'
            f"<title>{told}</title></circle>"
        )


def _legend(lines: Mapping[str, Line]) -> Iterator[str]:
    width = (_WIDTH - _LEFT - _RIGHT) / _LEGEND_COLUMNS
    for place, line in enumerate(lines.values()):
        row, column = divmod(place, _LEGEND_COLUMNS)
        x, y = _LEFT + column * width, _HEIGHT - 44 + row * _LEGEND_ROW
        yield (
            f'<line class="{_look(line)}" stroke="var(--{line.hue})" '
            f'x1="{x}" y1="{y}" x2="{x + 32}" y2="{y}"/>'
        )
        yield _text(x + 40, y + 4, line.name)


def _look(line: Line) -> str:
    return "line" + " strong" * line.is_strong + " dashed" * line.is_dashed


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _text(x: float, y: float, text: str, look: str = "", anchor: str = "start") -> str:
    return f'<text class="{look}" text-anchor="{anchor}" x="{x}" y="{y}">{escape(text)}</text>'
