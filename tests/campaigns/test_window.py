from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.campaigns.window import Window
from alphasms_async.errors import InvalidRequest

KYIV = ZoneInfo("Europe/Kyiv")
MINUTE = timedelta(minutes=1)
EVERY_DAY = frozenset(range(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def kyiv(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KYIV)


def openings(window: Window, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return each stretch of time, in UTC, in which the window is open between two moments."""
    found: list[tuple[datetime, datetime]] = []
    at = window.next_opening(begin)
    while at < end:
        closing = window.next_closing(at)
        assert closing is not None
        found.append((at, closing))
        at = window.next_opening(closing)
    return found


@pytest.mark.parametrize(
    ("hours", "start", "end"),
    [
        ("09:00-20:00", time(9), time(20)),
        ("9-20", time(9), time(20)),
        (" 9:30 – 18:45 ", time(9, 30), time(18, 45)),
        ("21:00-03:00", time(21), time(3)),
        ("00:00-24:00", time(0), time(0)),
        ("12-24", time(12), time(0)),
        ("12:00-00:00", time(12), time(0)),
    ],
)
def test_hours_are_read_as_people_write_them(hours: str, start: time, end: time) -> None:
    """Minutes may be left out, and 24:00 is the midnight at the day's end."""
    window = Window.parse(hours)
    assert (window.start, window.end) == (start, end)


@pytest.mark.parametrize(
    "hours",
    ["", "9", "9-", "25-26", "24:00-09:00", "9:60-20", "9-20:5", "24:30-3", "9-20\n8", "٩-20"],
)
def test_hours_that_are_none_are_refused(hours: str) -> None:
    """One line says what was read and what is right."""
    with pytest.raises(InvalidRequest) as caught:
        Window.parse(hours)
    assert str(caught.value) == (f"the hours cannot be read: {hours!r}: write 09:00-20:00 or 9-20")


@pytest.mark.parametrize("hours", ["9-9", "09:30-09:30", "00:00-00:00", "0-0"])
def test_hours_that_begin_when_they_end_are_refused(hours: str) -> None:
    """Nobody can tell whether that is no time at all or all day."""
    with pytest.raises(InvalidRequest, match=r"^the hours begin and end at .*00:00-24:00 for the"):
        Window.parse(hours)


@pytest.mark.parametrize(
    ("days", "numbers"),
    [
        (None, {0, 1, 2, 3, 4, 5, 6}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("mon,wed,sat", {0, 2, 5}),
        ("Sat , SUN", {5, 6}),
        ("fri-mon", {4, 5, 6, 0}),
        ("tue", {1}),
        ("tue-tue", {1}),
        ("пн-пт", {0, 1, 2, 3, 4}),
        ("вт,Чт,сб-нд", {1, 3, 5, 6}),
        ("mon,mon-tue,ср", {0, 1, 2}),
    ],
)
def test_days_are_read_as_people_write_them(days: str | None, numbers: set[int]) -> None:
    """Single days and spans, in English or Ukrainian; a span may pass Sunday."""
    assert Window.parse(days=days).days == numbers


@pytest.mark.parametrize("days", ["", "mon,", "monday", "mon-", "mon-wed-fri", "8", "вс", "x" * 90])
def test_days_that_are_none_are_refused(days: str) -> None:
    """One line of bearable length says which names there are."""
    with pytest.raises(InvalidRequest) as caught:
        Window.parse(days=days)
    assert str(caught.value) == (
        f"the days cannot be read: {days[:40]!r}: write mon-fri, mon,wed,sat or пн-пт, of "
        "mon tue wed thu fri sat sun or пн вт ср чт пт сб нд"
    )


@pytest.mark.parametrize(
    "zone", ["", "Kyiv", "Europe", "../etc/passwd", "/etc/passwd", "zone.tab", "a\0b", "x" * 5000]
)
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    """Whatever the database says of such a name, the person reads one line."""
    with pytest.raises(InvalidRequest) as caught:
        Window.parse(zone=zone)
    assert str(caught.value) == (
        f"unknown time zone {zone[:40]!r}: write a name of the tz database, like Europe/Kyiv"
    )


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (time(9), time(9), EVERY_DAY),
        (time(9, 0, 1), time(20), EVERY_DAY),
        (time(9), time(20, 0, 0, 1), EVERY_DAY),
        (time(9, tzinfo=UTC), time(20), EVERY_DAY),
        (time(9), time(20), frozenset[int]()),
        (time(9), time(20), frozenset({7})),
    ],
)
def test_a_window_put_together_by_hand_is_checked(
    start: time, end: time, days: frozenset[int]
) -> None:
    """No window exists that could not be written down."""
    with pytest.raises(InvalidRequest):
        Window(start, end, days)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-01T08:59:59.999999", False),
        ("2026-06-01T09:00", True),
        ("2026-06-01T19:59:59.999999", True),
        ("2026-06-01T20:00", False),
        ("2026-06-06T12:00", False),
    ],
)
def test_it_is_open_from_its_first_minute_to_its_last(at: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """The start is inside, the end is not, and no hour counts on another day."""
    assert Window.parse(days="mon-fri").is_open(kyiv(at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-06-05T20:59", False),
        ("2026-06-05T21:00", True),
        ("2026-06-06T02:59", True),
        ("2026-06-06T03:00", False),
        ("2026-06-06T21:00", False),
        ("2026-06-05T02:00", False),
    ],
)
def test_what_passes_midnight_belongs_to_the_day_it_began(at: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """A Friday night goes on on Saturday, and no Thursday night does on Friday."""
    assert Window.parse("21:00-03:00", "fri").is_open(kyiv(at)) is expected


def test_midnight_closes_a_window_that_ends_with_its_day() -> None:
    """`24:00` takes nothing of the day that follows."""
    window = Window.parse("12-24", "sun")
    assert openings(window, utc("2026-06-01"), utc("2026-06-09")) == [
        (kyiv("2026-06-07T12:00"), kyiv("2026-06-08T00:00"))
    ]


def test_the_moment_may_be_told_in_any_zone() -> None:
    """It is the window's own wall clock that counts."""
    window = Window.parse("09:00-20:00", zone="America/New_York")
    assert window.is_open(kyiv("2026-06-01T16:00"))
    assert not window.is_open(kyiv("2026-06-01T15:59"))


def test_a_moment_without_a_zone_is_refused() -> None:
    """The machine's own zone is not guessed."""
    window = Window.parse()
    for ask in (window.is_open, window.next_opening, window.next_closing):
        with pytest.raises(InvalidRequest, match="a moment has a time zone"):
            ask(datetime(2026, 6, 1, 12))  # noqa: DTZ001 - the mistake itself


def test_an_open_window_opens_now() -> None:
    """The next opening is the very moment that was asked about, in UTC."""
    at = kyiv("2026-06-01T12:00:30.5")
    opening = Window.parse().next_opening(at)
    assert (opening, opening.tzinfo) == (at, UTC)


def test_a_closed_window_closes_now() -> None:
    """The next closing is the very moment that was asked about, in UTC."""
    at = kyiv("2026-06-01T21:00:30.5")
    closing = Window.parse().next_closing(at)
    assert closing is not None
    assert (closing, closing.tzinfo) == (at, UTC)


def test_the_next_opening_may_be_days_away() -> None:
    """After Friday evening comes Monday morning."""
    window = Window.parse(days="mon-fri")
    assert window.next_opening(kyiv("2026-06-05T20:00:01")) == utc("2026-06-08T06:00")


def test_the_next_closing_is_the_end_of_the_hours() -> None:
    """An open window closes at its end, to the minute."""
    assert Window.parse().next_closing(kyiv("2026-06-05T12:00:01")) == utc("2026-06-05T17:00")


def test_all_of_every_day_never_closes() -> None:
    """There is no closing to tell."""
    assert Window.parse("00:00-24:00").next_closing(utc("2026-06-01")) is None


def test_all_of_some_days_closes_at_midnight() -> None:
    """Whole days in a row are one stretch."""
    assert openings(
        Window.parse("00:00-24:00", "sat,sun"), utc("2026-06-01"), utc("2026-06-10")
    ) == [(kyiv("2026-06-06T00:00"), kyiv("2026-06-08T00:00"))]


# In Kyiv 03:00 became 04:00 on 2026-03-29, and 04:00 became 03:00 on 2026-10-25.
SPRING = (utc("2026-03-28T22:00"), utc("2026-03-29T21:00"))
AUTUMN = (utc("2026-10-24T21:00"), utc("2026-10-25T22:00"))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("09:00-20:00", [("06:00", "17:00")]),
        ("02:30-03:30", [("00:30", "01:00")]),
        ("03:30-05:00", [("01:00", "02:00")]),
        ("03:10-03:50", []),
        ("02:00-05:00", [("00:00", "02:00")]),
    ],
)
def test_the_skipped_hour_is_never_open(hours: str, expected: list[tuple[str, str]]) -> None:
    """In spring what lies in the hour that no clock shows is left out."""
    assert openings(Window.parse(hours), *SPRING) == [
        (utc(f"2026-03-29T{start}"), utc(f"2026-03-29T{end}")) for start, end in expected
    ]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ("09:00-20:00", [("07:00", "18:00")]),
        ("03:10-03:50", [("00:10", "00:50"), ("01:10", "01:50")]),
        ("02:30-03:30", [("23:30", "00:30"), ("01:00", "01:30")]),
        ("03:30-05:00", [("00:30", "01:00"), ("01:30", "03:00")]),
        ("02:00-05:00", [("23:00", "03:00")]),
    ],
)
def test_the_repeated_hour_is_open_twice(hours: str, expected: list[tuple[str, str]]) -> None:
    """In autumn the wall clock shows an hour twice, and both count."""
    assert openings(Window.parse(hours), *AUTUMN) == [
        (utc(f"2026-10-{24 if start > '21' else 25}T{start}"), utc(f"2026-10-25T{end}"))
        for start, end in expected
    ]


def test_a_night_over_the_change_of_clocks_ends_on_the_new_clock() -> None:
    """From 21:00 to 05:00 are 7 hours in spring and 9 in autumn."""
    window = Window.parse("21:00-05:00", "sat")
    lengths = [
        end - start
        for begin in ("2026-03-28T12:00", "2026-10-24T12:00", "2026-06-06T12:00")
        for start, end in openings(window, utc(begin), utc(begin) + timedelta(days=2))
    ]
    assert lengths == [timedelta(hours=hours) for hours in (7, 9, 8)]


def test_half_an_hour_is_skipped_where_clocks_change_by_half_an_hour() -> None:
    """On Lord Howe Island 02:00 became 02:30 on 2026-10-04."""
    window = Window.parse("02:15-03:00", zone="Australia/Lord_Howe")
    day = (utc("2026-10-03T13:00"), utc("2026-10-04T12:00"))
    assert openings(window, *day) == [(utc("2026-10-03T15:30"), utc("2026-10-03T16:00"))]


def test_half_an_hour_is_repeated_where_clocks_change_by_half_an_hour() -> None:
    """On Lord Howe Island 02:00 became 01:30 on 2026-04-05."""
    window = Window.parse("01:40-01:50", zone="Australia/Lord_Howe")
    day = (utc("2026-04-04T13:00"), utc("2026-04-05T12:00"))
    assert openings(window, *day) == [
        (utc("2026-04-04T14:40"), utc("2026-04-04T14:50")),
        (utc("2026-04-04T15:10"), utc("2026-04-04T15:20")),
    ]


def test_a_week_whose_only_hours_are_skipped_waits_for_the_next() -> None:
    """The search goes beyond the week in which the clock takes the window away."""
    window = Window.parse("03:10-03:50", "sun")
    assert window.next_opening(kyiv("2026-03-22T03:50")) == kyiv("2026-04-05T03:10")


def test_a_day_that_a_country_left_out_waits_for_the_next() -> None:
    """Samoa had no Friday 2011-12-30."""
    apia = ZoneInfo("Pacific/Apia")
    window = Window.parse("9-20", "fri", "Pacific/Apia")
    after = datetime(2011, 12, 23, 20, tzinfo=apia)
    assert window.next_opening(after) == datetime(2012, 1, 6, 9, tzinfo=apia)


def test_a_window_that_does_not_open_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends, and says so instead of hanging."""
    monkeypatch.setattr("alphasms_async.campaigns.window._SEARCHED", timedelta(hours=1))
    with pytest.raises(
        InvalidRequest, match=r"^the window 09:00-20:00 Europe/Kyiv, every day does"
    ):
        Window.parse().next_opening(kyiv("2026-06-01T02:00"))


@pytest.mark.parametrize(
    ("hours", "days", "text"),
    [
        ("9-20", "mon-fri", "09:00-20:00 Europe/Kyiv, Mon-Fri"),
        ("9-20", None, "09:00-20:00 Europe/Kyiv, every day"),
        ("12-24", "mon,wed,sat", "12:00-24:00 Europe/Kyiv, Mon, Wed, Sat"),
        ("21-3:30", "sat,sun", "21:00-03:30 Europe/Kyiv, Sat, Sun"),
        ("0-24", "пн-ср,сб", "00:00-24:00 Europe/Kyiv, Mon-Wed, Sat"),
    ],
)
def test_a_window_is_told_as_people_write_it(hours: str, days: str | None, text: str) -> None:
    """Three days in a row are a span."""
    assert Window.parse(hours, days).describe() == text


def test_a_window_is_written_down_as_plain_json() -> None:
    """The form is one that the next version has to read too."""
    assert Window.parse("12-24", "mon,sat").as_json() == {
        "hours": "12:00-24:00",
        "days": "mon,sat",
        "zone": "Europe/Kyiv",
    }


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"hours": "9-20", "days": "mon"},
        {"hours": "9-20", "days": [0], "zone": "Europe/Kyiv"},
        {"hours": "9-9", "days": "mon", "zone": "Europe/Kyiv"},
    ],
)
def test_json_that_is_no_window_is_refused(facts: dict[str, object]) -> None:
    """Only what `as_json` writes is read."""
    with pytest.raises(InvalidRequest):
        Window.from_json(facts)


ZONES = ("Europe/Kyiv", "UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu")
CHANGES = (utc("2026-03-29T01:00"), utc("2026-10-25T01:00"), utc("2026-10-03T15:30"))
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
HOURS = st.tuples(CLOCKS, CLOCKS).filter(lambda hours: hours[0] != hours[1])


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Return any window, one that is open all day among them."""
    start, end = draw(HOURS | st.just((time(0), time(0))))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Window(start, end, days, draw(st.sampled_from(ZONES)))


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Return a moment within two days of a change of clocks, or in any of a few years."""
    near = timedelta(seconds=draw(st.integers(-150_000, 150_000)))
    any_time = timedelta(seconds=draw(st.integers(0, 300_000_000)))
    begin = draw(st.sampled_from([*CHANGES, None]))
    return utc("2022-01-01") + any_time if begin is None else begin + near


@given(windows(), moments())
def test_the_next_opening_is_open_and_no_moment_before_it_is(window: Window, at: datetime) -> None:
    """It opens there, was closed a minute earlier, and is not told too late."""
    opening = window.next_opening(at)
    assert opening >= at
    assert window.is_open(opening)
    if opening > at:
        assert not window.is_open(max(at, opening - MINUTE))
        assert (opening.second, opening.microsecond) == (0, 0)


@given(windows(), moments())
def test_the_next_closing_is_closed_and_no_moment_before_it_is(
    window: Window, at: datetime
) -> None:
    """It closes there, and was open a minute earlier."""
    closing = window.next_closing(at)
    if closing is None:
        assert window.describe().startswith("00:00-24:00")
    else:
        assert closing >= at
        assert not window.is_open(closing)
        assert closing == at or window.is_open(max(at, closing - MINUTE))


@given(windows())
def test_a_window_comes_back_from_json_as_it_was(window: Window) -> None:
    """What is written down for the next run is the same window."""
    assert Window.from_json(window.as_json()) == window
