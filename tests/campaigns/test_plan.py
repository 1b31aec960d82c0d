"""A list becomes a campaign: what it comes to, and what leaves nothing behind."""

import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alphasms_async import AlphaSMS, InvalidRequest
from alphasms_async.campaigns import (
    AddDoNotCall,
    Campaign,
    Journal,
    ListedRecipient,
    Plan,
    PlayRecording,
    SpeakSms,
    SqliteJournal,
    Template,
    Verdict,
    open_list,
    plan_campaign,
    quote,
)
from tests.campaigns.dialers import RECORDING
from tests.campaigns.journals import NAME, Time, ended
from tests.doubles import KEY, FakeGateway, phones

pytestmark = pytest.mark.anyio

CALL = PlayRecording(RECORDING)
GREETING = SpeakSms(Template("Вітаємо, {name}!"))


def campaign(**facts: Any) -> Campaign:
    """Return a definition with a recording, but for what is said."""
    return Campaign(**{"name": NAME, "kind": CALL, **facts})


async def planned(journal: Journal, recipients: Any, **facts: Any) -> Plan:
    """Plan a list for a recording."""
    return await plan_campaign(journal, campaign(**facts), recipients)


async def test_everybody_is_counted_where_he_belongs(journal: Journal) -> None:
    """Valid, twice in any spelling, on the do-not-call list, and no phone, with its line."""
    await journal.apply(AddDoNotCall(("380671234567",)))
    numbers = ["0501234567", "+380 50 123-45-67", "067 123 45 67", "nobody", "0931234567"]
    plan = await planned(journal, numbers)
    counts = (plan.rows, plan.to_dial, plan.duplicates, plan.do_not_call, plan.invalid)
    assert counts == (5, 2, 1, 1, 1)
    assert [one.line for one in plan.invalid_lines] == [4]


async def test_only_the_first_invalid_lines_are_told(journal: Journal) -> None:
    """A broken list fills no screen: ten lines are told, all are counted."""
    plan = await planned(journal, ["0501234567", *["12"] * 30])
    assert (plan.invalid, [one.line for one in plan.invalid_lines]) == (30, list(range(2, 12)))


@pytest.mark.parametrize(
    ("verdict", "hours_ago", "counted"),
    [
        (Verdict.ACCEPTED, 1, 1),
        (Verdict.UNCERTAIN, 1, 1),
        (Verdict.NOT_SENT, 1, 0),
        (Verdict.REFUSED, 1, 0),
        (Verdict.ACCEPTED, 25, 0),
    ],
)
async def test_those_called_lately_are_warned_of(
    journal: Journal, time: Time, verdict: Verdict, hours_ago: float, counted: int
) -> None:
    """Whom another campaign called, or may have called, in the last day."""
    await planned(journal, phones(1), name="before")
    claimed = await journal.claim((await journal.campaign("before")).id)
    assert claimed is not None
    await journal.settle(ended(claimed.ref, verdict))
    time.forward(hours_ago * 3600)
    plan = await plan_campaign(journal, campaign(), phones(2), clock=time)
    assert plan.recently_called == counted
    assert bool(counted) == any("another campaign" in one for one in plan.warnings)


async def test_upload_and_time_are_told(journal: Journal) -> None:
    """So many recordings and what goes with them, at so many a second."""
    plan = await planned(journal, phones(100), per_second=4)
    assert plan.seconds == 25
    assert 100 * RECORDING.size < plan.upload_bytes < 100 * (RECORDING.size + 1000)


async def test_a_phone_of_each_operator_is_kept_for_prices(journal: Journal) -> None:
    """The operator with most recipients comes first."""
    plan = await planned(journal, ["0671234567", "0501234567", "0501234568"])
    assert plan.samples == ("380501234567", "380671234567")


@pytest.mark.parametrize(
    ("recipients", "says"),
    [([], "the list is empty"), (["12", "nobody"], "none of the list's 2 lines")],
)
async def test_nobody_to_dial_leaves_nothing(
    journal: Journal, recipients: list[str], says: str
) -> None:
    """A list without a phone is refused in one line, and its name stays free."""
    with pytest.raises(InvalidRequest, match=says):
        await planned(journal, recipients)
    assert not await journal.campaigns()


async def test_everybody_forbidden_leaves_nothing(journal: Journal) -> None:
    """A list of people who must not be called is no campaign."""
    await journal.apply(AddDoNotCall(tuple(phones(2))))
    with pytest.raises(InvalidRequest, match="do-not-call"):
        await planned(journal, phones(2))
    assert not await journal.campaigns()


async def test_a_taken_name_is_refused(journal: Journal) -> None:
    """The campaign that has it stays as it was planned."""
    await planned(journal, phones(1))
    with pytest.raises(InvalidRequest, match="already"):
        await planned(journal, phones(5))
    assert (await journal.tally((await journal.campaign(NAME)).id)).total == 1


async def test_a_list_that_fails_half_way_leaves_nothing(journal: Journal) -> None:
    """What the caller's own iterable raises comes through."""

    def broken() -> Iterator[str]:
        yield from phones(3)
        raise LookupError("told")

    with pytest.raises(LookupError, match="told"):
        await planned(journal, broken())
    assert not await journal.campaigns()


async def test_a_dry_run_keeps_nothing(journal: Journal) -> None:
    """It tells the same as a plan that stays."""
    dry = await plan_campaign(journal, campaign(), phones(3), keep=False)
    assert (dry.to_dial, await journal.campaigns()) == (3, [])


async def test_a_missing_column_fails_before_a_row_is_read(journal: Journal) -> None:
    """The line names the column and those there are."""
    rows = [ListedRecipient(2, "0501234567", {"phone": "0501234567"})]
    with pytest.raises(InvalidRequest, match="the column 'name', the list has: phone"):
        await planned(journal, rows, kind=GREETING)
    assert not await journal.campaigns()


async def test_an_empty_column_makes_its_line_invalid(journal: Journal) -> None:
    """Nobody is greeted with a hole in the text; the others are called."""
    rows = [
        ListedRecipient(2, "0501234567", {"name": "Олена"}),
        ListedRecipient(3, "0671234567", {"name": " "}),
    ]
    plan = await planned(journal, rows, kind=GREETING)
    assert (plan.to_dial, [one.line for one in plan.invalid_lines]) == (1, [3])


async def test_a_list_from_a_file_is_planned(journal: Journal, tmp_path: Path) -> None:
    """Its lines are counted as an editor does, and its columns fill the text."""
    place = tmp_path / "list.csv"
    place.write_text("name,phone\nОлена,0501234567\nТарас,12\n", "utf-8")
    told: list[int] = []
    plan = await plan_campaign(
        journal, campaign(kind=GREETING), open_list(place), on_progress=told.append
    )
    assert (plan.to_dial, [one.line for one in plan.invalid_lines], told) == (1, [3], [2])
    claimed = await journal.claim((await journal.campaign(NAME)).id)
    assert claimed is not None
    assert GREETING.template.fill(claimed.columns) == "Вітаємо, Олена!"


async def test_a_long_list_needs_no_more_memory(tmp_path: Path) -> None:
    """The rows pass by and are not kept."""
    async with SqliteJournal(tmp_path / "calls.journal") as journal:
        tracemalloc.start()
        try:
            await planned(journal, (f"38050{number:07}" for number in range(20_000)))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


@pytest.mark.parametrize("hours", [1, 48])
async def test_how_long_ago_is_lately_can_be_said(
    journal: Journal, time: Time, hours: float
) -> None:
    """A day and a half ago is within two days, and not within an hour."""
    await planned(journal, phones(1), name="before")
    assert await journal.claim((await journal.campaign("before")).id)
    time.forward(timedelta(hours=36).total_seconds())
    plan = await plan_campaign(journal, campaign(), phones(1), recent_hours=hours, clock=time)
    assert plan.recently_called == int(hours == 48)


async def test_prices_are_asked_of_a_few_and_nothing_rings() -> None:
    """One question for each phone, eight at most; the lowest and the highest are told."""
    gateway = FakeGateway()
    async with AlphaSMS(KEY, transport=gateway) as alphasms:
        quotes = await quote(alphasms, phones(20))
    assert (str(quotes.low), str(quotes.high), quotes.currency) == ("0.40", "0.40", "UAH")
    assert {one.url.path for one in gateway.read} == {"/api/http.php"}
    assert len(gateway.read) == 8
