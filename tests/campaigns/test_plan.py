"""A list becomes a campaign: what a person sees before anybody is dialled, and what is kept."""

import threading
import tracemalloc
from collections.abc import Iterator
from datetime import time as time_of_day
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async import Recording
from alphasms_async.campaigns import (
    AddDoNotCall,
    Journal,
    ListedRecipient,
    MemoryJournal,
    PlayRecording,
    SqliteJournal,
    Verdict,
    Window,
    open_list,
    plan_campaign,
)
from tests.campaigns.dialers import RECORDING
from tests.campaigns.journals import NAME, Time, ended
from tests.campaigns.planning import GREETING, campaign, kept, named, planned, refused
from tests.doubles import phones
from tests.sounds import wav

pytestmark = pytest.mark.anyio

CALL = PlayRecording(RECORDING)
WINDOW = Window(time_of_day(9), time_of_day(20))
SPELLINGS = ["0501234567", "+380 50 123-45-67", "80501234567", "380501234567", "(050) 123 45 67"]


async def test_everybody_is_counted_where_he_belongs(journal: Journal) -> None:
    """Valid, twice in any spelling, on the do-not-call list, and no phone, with its line."""
    await journal.apply(AddDoNotCall(("380671234567",)))
    plan = await planned(journal, [*SPELLINGS, "067 123 45 67", "nobody", "0931234567"])
    counts = (plan.rows, plan.to_dial, plan.duplicates, plan.do_not_call, plan.invalid)
    assert counts == (8, 2, 4, 1, 1)
    assert [one.line for one in plan.invalid_lines] == [7]


@settings(max_examples=40)
@given(st.lists(st.sampled_from([*SPELLINGS, *phones(4), "067 123 45 67", "12", "", "нікого"])))
async def test_the_counts_of_any_list_add_up(numbers: list[str]) -> None:
    """Each line is one of four things, and each phone that may be called is dialled once."""
    dialled = {"380501234567" if one in SPELLINGS else one for one in numbers}
    dialled &= {"380501234567", *phones(4)}
    async with MemoryJournal() as journal:
        await journal.apply(AddDoNotCall(("380671234567",)))
        if not dialled:
            await refused(journal, numbers)
            return
        plan = await planned(journal, numbers)
    assert plan.to_dial == len(dialled)
    assert plan.rows == plan.to_dial + plan.duplicates + plan.do_not_call + plan.invalid
    assert plan.rows == len(numbers)
    assert len(plan.invalid_lines) == min(plan.invalid, 10)


async def test_only_the_first_invalid_lines_are_told(journal: Journal) -> None:
    """A broken list fills no screen: ten lines are told, all are counted."""
    plan = await planned(journal, ["0501234567", *["12"] * 30])
    assert (plan.invalid, [one.line for one in plan.invalid_lines]) == (30, list(range(2, 12)))


async def test_no_phone_stands_whole_in_a_plan(journal: Journal) -> None:
    """Lines that are told are masked, and the repr shows nobody."""
    plan = await planned(journal, ["380501234567", "3805012345678", "380 50 765 43 2"])
    assert [one.why.split()[2] for one in plan.invalid_lines] == ["380******5678", "380****5432"]
    assert "1234567" not in repr(plan)


@pytest.mark.parametrize(
    ("verdict", "hours_ago", "counted"),
    [
        (None, 1, 1),
        (Verdict.ACCEPTED, 1, 1),
        (Verdict.UNCERTAIN, 1, 1),
        (Verdict.NOT_SENT, 1, 0),
        (Verdict.REFUSED, 1, 0),
        (Verdict.ACCEPTED, 24, 1),
        (Verdict.ACCEPTED, 25, 0),
    ],
)
async def test_those_called_lately_are_warned_of(
    journal: Journal, time: Time, verdict: Verdict | None, hours_ago: float, counted: int
) -> None:
    """Whom another campaign called, or may have called, in the last day; `None` is in flight."""
    await planned(journal, phones(1), name="before")
    claimed = await journal.claim((await journal.campaign("before")).id)
    assert claimed is not None
    if verdict is not None:
        await journal.settle(ended(claimed.ref, verdict))
    time.forward(hours_ago * 3600)
    plan = await plan_campaign(journal, campaign(), phones(2), clock=time)
    assert plan.recently_called == counted
    warning = "1 of these phones was called by another campaign in the last 24 hours"
    assert (warning in plan.warnings) == bool(counted)


@pytest.mark.parametrize("hours", [1, 48])
async def test_how_long_ago_is_lately_can_be_said(
    journal: Journal, time: Time, hours: float
) -> None:
    """A day and a half ago is within two days, and not within an hour."""
    await planned(journal, phones(1), name="before")
    assert await journal.claim((await journal.campaign("before")).id)
    time.forward(36 * 3600)
    plan = await plan_campaign(journal, campaign(), phones(1), recent_hours=hours, clock=time)
    assert plan.recently_called == int(hours == 48)


async def test_national_numbers_are_those_of_the_region(journal: Journal) -> None:
    """Without a country code, a number is one of the country that is named."""
    await plan_campaign(journal, campaign(), ["501 234 567"], region="PL")
    assert await kept(journal) == [(1, "48501234567", None, "planned")]


async def test_upload_prices_and_time_are_those_of_whom_is_dialled(journal: Journal) -> None:
    """So many recordings and what goes with them, at so many a second; nobody counts twice."""
    plan = await planned(journal, [*phones(100), *phones(50), "12"], per_second=4)
    assert (plan.upload_bytes, plan.parts) == (100 * CALL.upload_bytes({}), 100)
    assert plan.seconds == 25


async def test_a_long_text_costs_more_prices(journal: Journal) -> None:
    """One recipient's text is of two parts; the sum of all is what a price is multiplied by."""
    rows = named("Олена", "Ї" * 70)
    plan = await planned(journal, rows, kind=GREETING)
    assert plan.parts == 3
    assert plan.upload_bytes == sum(GREETING.upload_bytes(row.values) for row in rows)
    assert (await journal.campaign(NAME)).parts == 2


async def test_without_a_pace_nobody_knows_how_long(journal: Journal) -> None:
    """The time is not told then, rather than told wrong."""
    assert (await planned(journal, phones(3))).seconds is None


@pytest.mark.parametrize(
    ("facts", "warned"),
    [
        ({}, ["no window is set", "no budget is set"]),
        ({"budget": Decimal(9)}, ["no window is set"]),
        ({"window": WINDOW}, ["no budget is set"]),
        ({"window": WINDOW, "budget": Decimal(9)}, []),
    ],
)
async def test_what_was_forgotten_is_warned_of(
    journal: Journal, facts: dict[str, Any], warned: list[str]
) -> None:
    """A line for each, and none where all is set."""
    plan = await planned(journal, phones(1), **facts)
    assert [one.split(":")[0] for one in plan.warnings] == warned


async def test_a_recording_that_will_sound_worse_is_warned_of(journal: Journal) -> None:
    """Its verdict comes first, in its own words."""
    recording = Recording.from_bytes(wav(seconds=0.05, rate=44_100))
    plan = await planned(journal, phones(1), kind=PlayRecording(recording))
    assert recording.warnings
    assert plan.warnings[: len(recording.warnings)] == recording.warnings


async def test_a_phone_of_each_operator_is_kept_for_prices(journal: Journal) -> None:
    """The operator with most recipients comes first, with the first phone of it."""
    plan = await planned(journal, ["0671234567", "0501234568", "0501234567", "12"])
    assert plan.samples == ("+380501234568", "+380671234567")


async def test_operators_without_end_are_not_all_kept() -> None:
    """A list from all over the world is no reason to run out of memory."""
    numbers = [f"+1{area}{first}420123" for area in range(201, 551) for first in range(2, 10)]
    async with MemoryJournal() as journal:
        plan = await planned(journal, numbers)
    assert plan.to_dial > len(plan.samples) == 1000


@pytest.mark.parametrize("item", [380501234567, None, 1.5, b"380501234567", object(), "\ud800", []])
async def test_an_item_that_is_no_text_is_an_invalid_line(journal: Journal, item: Any) -> None:
    """Whatever it is, it is kept as text, the others are dialled, and the journal lives."""
    plan = await planned(journal, [*phones(1), item])
    assert (plan.to_dial, [one.line for one in plan.invalid_lines]) == (1, [2])
    _, (line, phone, given_text, state) = await kept(journal)
    assert (line, phone, state) == (2, None, "skipped")
    assert given_text == ("\\ud800" if item == "\ud800" else str(item))


async def test_a_dry_run_keeps_nothing(journal: Journal) -> None:
    """It tells the same as a plan that stays."""
    dry = await plan_campaign(journal, campaign(), phones(3), keep=False)
    assert await journal.campaigns() == []
    assert dry == await planned(journal, phones(3))


async def test_a_campaign_stays_as_it_was_defined(journal: Journal) -> None:
    """Definition, pace and quoted price are in the journal, and a run finds them unchanged."""
    made = campaign(per_second=2.5, window=WINDOW, budget=Decimal("9.00"))
    plan = await plan_campaign(journal, made, phones(1), quoted=Decimal("0.40"))
    record = await journal.campaign(NAME)
    made.check_unchanged(record.definition)
    assert (record.per_second, str(record.quoted), plan.campaign) == (2.5, "0.40", made)


async def test_an_empty_column_makes_its_line_invalid(journal: Journal) -> None:
    """Nobody is greeted with a hole in the text; the others are called."""
    plan = await planned(journal, named("Олена", " ", "Іван\x07"), kind=GREETING)
    assert plan.to_dial == 1
    assert [(one.line, one.why) for one in plan.invalid_lines] == [
        (3, "the column 'name' is empty"),
        (4, "the text holds U+0007, which cannot be sent"),
    ]


async def test_a_list_from_a_file_is_planned(journal: Journal, tmp_path: Path) -> None:
    """Its lines are counted as an editor does, and its columns fill the text."""
    place = tmp_path / "list.csv"
    place.write_text("name,phone,note\n\nОлена,0501234567,x\nТарас,12,y\n", "utf-8")
    plan = await planned(journal, open_list(place), kind=GREETING)
    assert (plan.to_dial, [one.line for one in plan.invalid_lines]) == (1, [4])
    claimed = await journal.claim((await journal.campaign(NAME)).id)
    assert claimed is not None
    assert (claimed.line, claimed.columns) == (3, {"name": "Олена"})


async def test_rows_keep_their_lines(journal: Journal) -> None:
    """Plain texts are counted from 1, recipients of a list bring their line along."""
    first, second = phones(2)
    await planned(journal, [first, ListedRecipient(7, f"+{second}", {}), f"+{first}"])
    assert [(line, phone) for line, phone, _, _ in await kept(journal)] == [
        (1, first),
        (7, second),
        (3, None),
    ]


@pytest.mark.parametrize(("count", "told"), [(3, [3]), (2001, [2000, 2001])])
async def test_progress_is_told(journal: Journal, count: int, told: list[int]) -> None:
    """Now and then while lines are read, invalid ones too, and at the end."""
    counts: list[int] = []
    numbers = ["0501234567", *["12"] * (count - 1)]
    await plan_campaign(journal, campaign(), numbers, on_progress=counts.append)
    assert counts == told


class _Source:
    """Notes how it is read."""

    def __init__(self) -> None:
        self.times = 0
        self.threads = set[int]()

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        for number in phones(3):
            self.threads.add(threading.get_ident())
            yield number


async def test_a_source_is_read_once_and_off_the_loop(journal: Journal) -> None:
    """It may be a generator, and it may block."""
    source = _Source()
    assert (await planned(journal, source)).to_dial == 3
    assert (source.times, len(source.threads)) == (1, 1)
    assert threading.get_ident() not in source.threads


async def test_a_long_list_needs_no_more_memory(tmp_path: Path) -> None:
    """The rows pass by and are not kept: kept, these would be many times as much."""
    numbers = (f"38050{n:07}" if n % 4 == 0 else f"12{n}" for n in range(3060))
    async with SqliteJournal(tmp_path / "calls.journal") as journal:
        # What the first of all lists makes once, and the process keeps, is not this list's.
        await planned(journal, list(islice(numbers, 60)), name="first")
        tracemalloc.start()
        try:
            plan = await planned(journal, numbers)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (plan.rows, plan.to_dial) == (3000, 750)
    assert peak < 128 * 1024
