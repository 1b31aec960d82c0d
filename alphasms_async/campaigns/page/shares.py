"""Charts of how a whole falls into parts: a ring, and a table of bars."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from alphasms_async.campaigns.page.figures import number, share
from alphasms_async.campaigns.page.markup import Markup, element

__all__ = ["Part", "bars", "legend", "ring", "swatch"]

# The circle of a ring has this circumference, so that an arc is as long as its percentage.
_AROUND = 100
_GAP = 0.35


@frozen
class Part:
    """One part of a whole."""

    name: str
    """What it is called."""
    tone: str
    """Which of the page's colours it has."""
    count: int
    """How much it is, 0 or more."""
    note: str = ""
    """What its name means, in a few words; empty when that is plain."""


def ring(title: str, parts: Sequence[Part], label: str) -> Markup:
    """Return a ring whose arcs are as long as the parts, with the whole in its middle.

    Args:
        title: What it shows, for whoever cannot see it.
        parts: Clockwise from the top.
        label: What the whole is of.
    """
    whole = sum(part.count for part in parts)
    told = ", ".join(f"{part.name} {number(part.count)}" for part in parts if part.count)
    track = element("circle", class_="track", cx=20, cy=20, r=15.92)
    drawing = element(
        "svg",
        element("title", title),
        element("desc", told or "nobody"),
        track,
        *_arcs(parts, whole),
        viewBox="0 0 40 40",
        role="img",
    )
    middle = element("p", element("b", number(whole)), label)
    return element("div", drawing, middle, class_="donut")


def legend(parts: Sequence[Part], caption: str) -> Markup:
    """Return a table that names the parts' colours, with numbers and percentages."""
    whole = sum(part.count for part in parts)
    rows = (
        element(
            "tr",
            element(
                "th",
                swatch(part.tone),
                part.name,
                element("small", part.note) if part.note else None,
                scope="row",
            ),
            element("td", number(part.count)),
            element("td", share(part.count, whole), class_="quiet"),
        )
        for part in parts
    )
    unseen = element("caption", caption, class_="unseen")
    return element("table", unseen, element("tbody", *rows), class_="legend")


def bars(parts: Sequence[Part], caption: str) -> Markup:
    """Return a table whose rows have bars as long as their numbers."""
    whole = sum(part.count for part in parts)
    longest = max((part.count for part in parts), default=0) or 1
    rows = (
        element(
            "tr",
            element("th", part.name, scope="row"),
            element("td", _bar(part.tone, 100 * part.count / longest), class_="bar"),
            element("td", number(part.count)),
            element("td", share(part.count, whole), class_="quiet"),
        )
        for part in parts
    )
    unseen = element("caption", caption, class_="unseen")
    return element("table", unseen, element("tbody", *rows), class_="bars")


def swatch(tone: str) -> Markup:
    """Return the mark that stands for a colour of a chart."""
    return element("i", class_=f"swatch {tone}")


def _arcs(parts: Sequence[Part], whole: int) -> Iterator[Markup]:
    begun = 0.0
    for part in parts:
        if part.count:
            length = _AROUND * part.count / whole
            # A gap would eat an arc that is hardly longer itself, and there is none in a whole.
            drawn = length - _GAP if 2 * _GAP < length < _AROUND else length
            yield element(
                "circle",
                class_=part.tone,
                cx=20,
                cy=20,
                r=15.92,
                pathLength=_AROUND,
                stroke_dasharray=f"{drawn:.2f} {_AROUND - drawn:.2f}",
                stroke_dashoffset=-begun,
            )
            begun += length


def _bar(tone: str, percent: float) -> Markup:
    return element(
        "svg",
        element("rect", class_="track", width="100%", height="100%", rx=3),
        element("rect", class_=tone, width=f"{percent:.2f}%", height="100%", rx=3),
        aria_hidden="true",
    )
