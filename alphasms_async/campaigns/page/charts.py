"""Charts over time: bars that are stacks, and an area below a line.

A drawing is stretched to whatever place there is; its labels are texts beside it, which keep
their size. What is to be seen is also said in words, for whoever cannot see it.
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from alphasms_async.campaigns.page.axes import CountAxis, Mark
from alphasms_async.campaigns.page.markup import Markup, element, joined

__all__ = ["Frame", "Level", "Series", "area", "stacks"]

_HIGH = 100
_GAP = 0.16
# Nearer than that to an end of the axis, a label would stand out over the edge.
_EDGE = 0.04


@frozen(kw_only=True)
class Frame:
    """What there is around a chart."""

    title: str
    """What it shows, in a few words."""
    description: str
    """What is to be seen in it, in a sentence."""
    counts: CountAxis
    """The upright axis."""
    times: Sequence[Mark]
    """The marks of the axis of time."""
    steps: int
    """How many steps of equal length the axis of time has: as many as are drawn, or more."""


@frozen
class Series:
    """One layer of the stacks."""

    tone: str
    """Which of the page's colours it has."""
    counts: Sequence[int]
    """Its height in each step."""


@frozen
class Level:
    """A line across the chart."""

    at: float
    """How high it is, as a number of the upright axis."""
    label: str
    """What it is."""


def stacks(frame: Frame, layers: Sequence[Series], notes: Sequence[str]) -> Markup:
    """Return a bar for each step of time, made up of layers.

    Args:
        frame: What there is around it.
        layers: From the bottom up.
        notes: What is told of each step when a pointer rests on it.
    """
    bottoms = [0] * len(notes)
    drawn: list[Markup] = []
    for layer in layers:
        drawn.append(element("path", class_=layer.tone, d=_blocks(frame, layer, bottoms)))
        bottoms = [low + more for low, more in zip(bottoms, layer.counts, strict=True)]
    return _chart(frame, *drawn, *_hints(notes))


def area(
    frame: Frame, tone: str, heights: Sequence[float], notes: Sequence[str], level: Level | None
) -> Markup:
    """Return the area below a line that begins at 0.

    Args:
        frame: What there is around it.
        tone: Which of the page's colours it has.
        heights: How high the line is at the end of each step.
        notes: What is told of each step when a pointer rests on it.
        level: A line across, to compare with. `None`: without one.
    """
    tops = [f"{at} {_y(frame, height)}" for at, height in enumerate(heights, start=1)]
    line = f"M0 {_HIGH}L{'L'.join(tops)}"
    drawn = [
        element("path", class_=f"area {tone}", d=f"{line}V{_HIGH}Z"),
        element("path", class_=f"line {tone}", d=line),
    ]
    label = None
    if level is not None:
        drawn.append(element("path", class_="level", d=_across(frame, _y(frame, level.at))))
        label = element("span", level.label, class_="level", style=f"top:{_y(frame, level.at)}%")
    return _chart(frame, *drawn, *_hints(notes), beside=label)


def _chart(frame: Frame, *drawn: Markup, beside: Markup | None = None) -> Markup:
    grid = "".join(_across(frame, _rounded(_HIGH * (1 - mark.at))) for mark in frame.counts.marks)
    drawing = element(
        "svg",
        element("title", frame.title),
        element("desc", frame.description),
        element("path", class_="grid", d=grid),
        *drawn,
        viewBox=f"0 0 {frame.steps} {_HIGH}",
        preserveAspectRatio="none",
        role="img",
    )
    counts = element("div", *_count_labels(frame.counts), class_="counts", aria_hidden="true")
    times = element("div", *_time_labels(frame.times), class_="times", aria_hidden="true")
    return element("div", counts, drawing, beside, times, class_="chart")


def _blocks(frame: Frame, layer: Series, bottoms: Sequence[int]) -> str:
    """Return all bars of one layer as one path, which is a fraction of as many rectangles."""
    path: list[str] = []
    for step, (low, count) in enumerate(zip(bottoms, layer.counts, strict=True)):
        if count:
            height = _rounded(_HIGH * count / frame.counts.top)
            left, width = _rounded(step + _GAP / 2), _rounded(1 - _GAP)
            path.append(f"M{left} {_y(frame, low)}v-{height}h{width}v{height}z")
    return "".join(path)


def _hints(notes: Sequence[str]) -> Iterator[Markup]:
    for step, note in enumerate(notes):
        if note:
            told = element("title", note)
            yield element("rect", told, class_="hint", x=step, width=1, height=_HIGH)


def _count_labels(axis: CountAxis) -> Iterator[Markup]:
    for mark in axis.marks:
        yield element("span", mark.label, style=f"top:{_rounded(_HIGH * (1 - mark.at))}%")


def _time_labels(marks: Sequence[Mark]) -> Iterator[Markup]:
    for number, mark in enumerate(marks):
        classes = (
            "first" if mark.at < _EDGE else "last" if mark.at > 1 - _EDGE else "",
            # Where there is little room, every other label is left out.
            "odd" if number % 2 else "",
        )
        yield element(
            "span",
            joined(mark.label, element("small", mark.day) if mark.day else None),
            class_=" ".join(filter(None, classes)) or None,
            style=f"left:{_rounded(100 * mark.at)}%",
        )


def _across(frame: Frame, y: str) -> str:
    return f"M0 {y}H{frame.steps}"


def _y(frame: Frame, height: float) -> str:
    return _rounded(_HIGH * (1 - height / frame.counts.top))


def _rounded(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
