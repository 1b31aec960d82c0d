"""What the page of a report is made of: escaping, axes, numbers, colours."""

import itertools
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.campaigns.page.axes import count_axis, time_marks
from alphasms_async.campaigns.page.figures import amount, counted, duration, share, span
from alphasms_async.campaigns.page.markup import bdi, element, joined, plain
from alphasms_async.campaigns.page.shares import Part, ring

KYIV = ZoneInfo("Europe/Kyiv")
CSS = files("alphasms_async.campaigns").joinpath("page/page.css").read_text("utf-8")
LIGHT, DARK = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    """Whatever a text holds, there is one element, and its attribute ends where it should."""
    html = element("p", text, title=text)
    inside = html.removeprefix('<p title="').removesuffix("</p>")
    assert "<" not in inside
    assert inside.count('">') == inside.count(">") == 1
    assert not re.search(r"&(?!amp;|lt;|gt;|quot;)", inside)


@given(st.text())
def test_attribute_holds_no_quote(text: str) -> None:
    """An attribute's value cannot end it."""
    assert element("i", title=text).count('"') == 2


def test_markup_is_put_in_as_it_is() -> None:
    """What was escaped once is not escaped again, and what is missing is left out."""
    html = element("p", bdi("a < b"), None, "&", class_="x", aria_hidden=None, x=1, y=0.5, z=2.0)
    assert html == '<p class="x" x="1" y="0.5" z="2"><bdi>a &lt; b</bdi>&amp;</p>'


def test_what_html_cannot_hold_is_replaced() -> None:
    """NUL, escapes and half characters are shown as what they are: unreadable."""
    assert joined("a\x00b\x1bc\ud800d\ne\tf") == "a\ufffdb\ufffdc\ufffdd\ne\tf"


def test_plain_text_has_no_marks_of_direction() -> None:
    """What turns the writing around is left out where it could not be kept in."""
    assert plain("a\u202eb\u2066c\u200fd") == "abcd"


@given(st.integers(0, 10**12))
def test_upright_axis_reaches_the_highest(highest: int) -> None:
    """The axis ends at a round number that is enough and not five times too much."""
    axis = count_axis(highest)
    assert highest <= axis.top <= max(2.5 * highest, 1)
    assert 2 <= len(axis.marks) <= 5
    assert (axis.marks[0].at, axis.marks[-1].at, axis.marks[0].label) == (0, 1, "0")
    assert all(len(mark.label) <= 9 for mark in axis.marks)


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0, "0 1"),
        (3, "0 1 2 3"),
        (182, "0 50 100 150 200"),
        (4500, "0 2,000 4,000 6,000"),
        (450_000, "0 200k 400k 600k"),
        (9_500_000, "0 5M 10M"),
    ],
)
def test_upright_axis_has_round_numbers(highest: int, labels: str) -> None:
    """Marks are at ones, twos and fives of some size."""
    assert [mark.label for mark in count_axis(highest).marks] == labels.split()


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - hypothesis wants it so
    st.floats(1, 10**9),
    st.sampled_from(["Europe/Kyiv", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "UTC"]),
)
def test_marks_of_time_are_few_and_in_order(naive: datetime, seconds: float, zone: str) -> None:
    """For any span in any zone there are marks, not too many, each later than the one before."""
    since = naive.replace(tzinfo=UTC)
    marks = time_marks(since, since + timedelta(seconds=seconds), ZoneInfo(zone))
    places = [mark.at for mark in marks]
    assert len(marks) <= 9
    assert all(0 <= place <= 1 for place in places)
    assert all(one < other for one, other in itertools.pairwise(places))


def marks(since: datetime, until: datetime) -> list[str]:
    return [
        f"{mark.label} {mark.day}".strip()
        for mark in time_marks(since.astimezone(UTC), until, KYIV)
    ]


def test_marks_of_time_are_round_on_the_wall_clock() -> None:
    """The day stands with its first mark."""
    since = datetime(2026, 6, 2, 9, 7, tzinfo=KYIV)
    assert marks(since, since + timedelta(hours=2)) == [
        "09:15 2 Jun",
        "09:30",
        "09:45",
        "10:00",
        "10:15",
        "10:30",
        "10:45",
        "11:00",
    ]


def test_marks_of_time_name_a_new_day_and_a_new_year() -> None:
    """Midnight brings a new day, and New Year a new year."""
    since = datetime(2026, 12, 31, 20, tzinfo=KYIV)
    assert marks(since, since + timedelta(hours=8)) == [
        *("20:00 31 Dec", "21:00", "22:00", "23:00", "00:00 1 Jan 2027", "01:00", "02:00"),
        *("03:00", "04:00"),
    ]


def test_marks_of_time_over_days_are_midnights() -> None:
    """Over weeks it is the days that count, over a clock change too."""
    since = datetime(2026, 3, 25, 9, tzinfo=KYIV)
    assert marks(since, since + timedelta(days=7)) == [
        *("26 Mar", "27 Mar", "28 Mar", "29 Mar", "30 Mar", "31 Mar", "1 Apr"),
    ]


def test_marks_of_time_skip_an_hour_that_is_not() -> None:
    """On the night the clocks go forward there is no 03:00, and 04:00 comes once."""
    since = datetime(2026, 3, 29, 1, tzinfo=KYIV)
    until = datetime(2026, 3, 29, 6, tzinfo=KYIV).astimezone(UTC)
    shown = marks(since, until)
    assert len(shown) == len(set(shown))
    assert not [mark for mark in shown if mark.startswith("03:")]


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "–"),
        (0, 5, "0 %"),
        (5, 5, "100 %"),
        (1, 100_000, "0.1 %"),
        (99_999, 100_000, "99.9 %"),
        (1, 3, "33.3 %"),
        (1, 2, "50.0 %"),
    ],
)
def test_share_is_never_rounded_to_none_or_all(part: int, whole: int, shown: str) -> None:
    """Somebody is more than 0 %, and all but one are less than 100 %."""
    assert share(part, whole).replace("\N{NARROW NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        ("0", "0.00"),
        ("0.4", "0.40"),
        ("3764.8", "3,764.80"),
        ("0.405", "0.405"),
        ("1E+3", "1,000.00"),
        ("12.3000", "12.30"),
    ],
)
def test_sums_are_exact(money: str, shown: str) -> None:
    """A sum has two decimals, and more only if it has."""
    assert amount(Decimal(money)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (16_920, "4 h 42 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, shown: str) -> None:
    """Nobody needs the seconds of a day."""
    assert duration(seconds).replace("\N{NARROW NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    ("hours", "shown"),
    [
        (0, "1 Jun 2026, 15:00"),
        (2.5, "1 Jun 2026, 15:00–17:30"),
        (9, "1 Jun 2026, 15:00 – 2 Jun 2026, 00:00"),
    ],
)
def test_span_of_time_says_no_day_twice(hours: float, shown: str) -> None:
    """The days are those of the zone's wall clock."""
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert span(noon, noon + timedelta(hours=hours), KYIV) == shown


def test_one_thing_is_singular() -> None:
    """`1 outcome`, and `2 outcomes`."""
    assert [counted(one, "outcome") for one in (0, 1, 2000)] == [
        *("0 outcomes", "1 outcome", "2,000 outcomes"),
    ]


@given(st.lists(st.integers(0, 10**6), max_size=8))
def test_arcs_of_a_ring_close_it(counts: list[int]) -> None:
    """Arcs begin where the one before ended, and there is none for nobody."""
    html = ring("all", [Part(f"p{at}", "ok", count) for at, count in enumerate(counts)], "people")
    whole = sum(counts)
    begun = [float(one) for one in re.findall(r'stroke-dashoffset="([-0-9.]+)"', html)]
    present = [one for one in counts if one]
    expected = itertools.accumulate([0, *present[:-1]]) if present else ()
    assert begun == pytest.approx([-100 * one / whole for one in expected], abs=0.006)


def colours(theme: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", theme))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
TONES = ("brand", "ok", "warn", "bad", "ring", "drop", "mute")


@THEMES
def test_texts_can_be_read(theme: str) -> None:
    """Every text has a contrast of 4.5 or more with what it stands on."""
    colour = colours(theme)
    pairs = [
        *itertools.product(("text", "quiet"), ("page", "card")),
        *((tone, f"{tone}-soft") for tone in TONES),
        *((tone, "card") for tone in TONES),
        ("brand", "page"),
        ("text", "warn-soft"),
    ]
    low = [pair for pair in pairs if contrast(*(colour[one] for one in pair)) < 4.5]
    assert not low


@THEMES
def test_marks_can_be_told_from_the_card(theme: str) -> None:
    """Every part of a chart has a contrast of 3 or more with the card."""
    colour = colours(theme)
    fills = {name: contrast(colour[name], colour["card"]) for name in colour if "fill" in name}
    assert len(fills) == 8
    assert not [name for name, value in fills.items() if value < 3]


def test_both_themes_have_the_same_colours() -> None:
    """No colour of the light theme is left over in the dark one."""
    assert set(colours(LIGHT)) == set(colours(DARK))
    assert set(re.findall(r"var\(--([a-z-]+)\)", CSS)) <= {*colours(LIGHT), "ink", "ground", "fill"}


def test_style_asks_for_nothing() -> None:
    """The style names no other file, and cannot end its element."""
    assert not re.search(r"url|@import|@font-face|<", CSS)
