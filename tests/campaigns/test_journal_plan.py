"""Planning: a whole campaign or nothing of it, counted where its rows are."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import anyio
import pytest

from alphasms_async.campaigns.commands import AddDoNotCall
from alphasms_async.campaigns.journal import Journal, Planned
from alphasms_async.campaigns.records import CampaignState, PlannedRow, Tally
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from alphasms_async.errors import InvalidRequest
from tests.campaigns.journals import NAME, NOON, Stage, Time, listed, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ANNA, BORYS, VIRA = phones(3)
MIXED = [
    PlannedRow(1, ANNA),
    PlannedRow(2, None, "not a phone"),
    PlannedRow(4, BORYS),
    PlannedRow(5, ANNA),
    PlannedRow(6, VIRA),
    PlannedRow(7, None, None),
    PlannedRow(8, ANNA),
]


def counted(tally: Tally) -> dict[str, int]:
    """Return the counts that are there, states and reasons together."""
    return {str(word): count for word, count in (tally.states | tally.reasons).items()}


async def test_a_plan_counts_what_the_list_holds(journal: Journal) -> None:
    """Valid, invalid, duplicate and forbidden ones are told apart, and all are counted."""
    await journal.apply(AddDoNotCall((VIRA,)))
    planned = await journal.plan(NAME, {}, MIXED)
    assert counted(planned.tally) == {
        "planned": 2,
        "skipped": 5,
        "invalid": 2,
        "duplicate": 2,
        "do_not_call": 1,
    }
    assert (planned.tally.total, planned.tally.to_dial, planned.recently_called) == (7, 2, 0)


async def test_a_plan_keeps_every_line_as_it_is(journal: Journal) -> None:
    """A row that is not dialled says why and what the list says; of duplicates the first stays."""
    await journal.apply(AddDoNotCall((VIRA,)))
    await journal.plan(NAME, {}, MIXED)
    rows = await journal.rows((await journal.campaign(NAME)).id)
    assert [(row.line, row.phone, row.given, row.state, row.reason) for row in rows] == [
        (1, ANNA, None, RowState.PLANNED, None),
        (2, None, "not a phone", RowState.SKIPPED, SkipReason.INVALID),
        (4, BORYS, None, RowState.PLANNED, None),
        (5, None, ANNA, RowState.SKIPPED, SkipReason.DUPLICATE),
        (6, VIRA, None, RowState.SKIPPED, SkipReason.DO_NOT_CALL),
        (7, None, None, RowState.SKIPPED, SkipReason.INVALID),
        (8, None, ANNA, RowState.SKIPPED, SkipReason.DUPLICATE),
    ]


async def test_a_new_row_has_no_past(stage: Stage) -> None:
    """Before its first attempt nothing is known of a row but its number."""
    row = (await stage.rows())[0]
    assert (row.attempts, row.gateway_id, row.client_id, row.price) == (0, None, None, None)
    assert (row.outcome, row.seconds, row.digits, row.error) == (None, None, None, None)
    assert (row.claimed_at, row.told_at) == (None, None)


async def test_a_campaign_stands_as_it_was_planned(journal: Journal, time: Time) -> None:
    """Definition, pace and quoted price come back exactly, whatever letters they are in."""
    definition: dict[str, Any] = {
        "ім'я": "Весна ☀",
        "limits": [1, 2.5, None, True],
        "deep": {"a": {}},
    }
    await journal.plan("Весна %?#'\"", definition, [], per_second=2.5, quoted=Decimal("0.40"))
    campaign = await journal.campaign("Весна %?#'\"")
    assert (campaign.definition, campaign.per_second) == (definition, 2.5)
    assert str(campaign.quoted) == "0.40"
    assert (campaign.state, campaign.created_at) == (CampaignState.READY, NOON)
    assert (campaign.halted, campaign.finished_at) == (None, None)


async def test_the_same_number_may_be_in_two_campaigns(journal: Journal, time: Time) -> None:
    """One person once holds within a campaign."""
    for name in ("spring", "summer"):
        stage = await staged(journal, time, name=name)
        assert await stage.states() == ["planned"] * 3


async def test_a_name_is_taken_once(stage: Stage) -> None:
    """A second campaign of a name is refused, and the first stays as it is."""
    with pytest.raises(InvalidRequest) as caught:
        await stage.journal.plan(NAME, {"other": True}, listed(phones(9)))
    assert str(caught.value) == (
        "there is a campaign 'spring' already: choose another name, or go on with that one"
    )
    assert (await stage.journal.campaign(NAME)).definition == {}
    assert len(await stage.rows()) == 3


def breaking_off(error: Exception) -> Iterator[PlannedRow]:
    yield from listed(phones(5))
    raise error


@pytest.mark.parametrize("error", [InvalidRequest("line 6 is broken"), ZeroDivisionError("told")])
async def test_a_list_that_breaks_off_leaves_nothing(journal: Journal, error: Exception) -> None:
    """Its error comes out as it is; the name is free, and the journal is as good as before."""
    with pytest.raises(type(error)) as caught:
        await journal.plan(NAME, {}, breaking_off(error))
    assert caught.value is error
    assert await journal.campaigns() == []
    planned = await journal.plan(NAME, {}, listed(phones(2)))
    assert planned.tally.total == 2


@pytest.mark.parametrize("keep", [True, False])
async def test_whoever_checks_the_counts_may_refuse_them(journal: Journal, *, keep: bool) -> None:
    """The counts are those of the whole list; its error comes out, and the name is free."""
    told: list[Tally] = []

    def check(planned: Planned) -> None:
        told.append(planned.tally)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await journal.plan(NAME, {}, MIXED, keep=keep, check=check)
    assert await journal.campaigns() == []
    assert told == [(await journal.plan(NAME, {}, MIXED)).tally]


async def test_a_definition_that_is_no_json_leaves_nothing(journal: Journal) -> None:
    """What cannot be written down is refused, and the journal is as good as before."""
    with pytest.raises(TypeError):
        await journal.plan(NAME, {"audio": object()}, listed(phones(2)))
    assert await journal.campaigns() == []
    await journal.plan(NAME, {}, [])


async def test_a_plan_that_fails_takes_back_nothing_else(stage: Stage) -> None:
    """What others write at the same time, before and after it, stays written."""
    journal, campaign = stage.journal, stage.campaign

    async def fail() -> None:
        with pytest.raises(ZeroDivisionError):
            await journal.plan("summer", {}, breaking_off(ZeroDivisionError()))

    async with anyio.create_task_group() as group:
        group.start_soon(stage.claim)
        group.start_soon(fail)
        group.start_soon(journal.halt, campaign, "told")
        group.start_soon(fail)
        group.start_soon(stage.claim)
    assert await stage.states() == ["dialing", "dialing", "planned"]
    assert [(one.name, one.halted) for one in await journal.campaigns()] == [(NAME, "told")]


async def test_a_plan_that_is_not_kept_leaves_nothing(journal: Journal) -> None:
    """It counts like another, and then there is neither campaign nor row; the name is free."""
    counts = await journal.plan(NAME, {}, MIXED, keep=False)
    assert await journal.campaigns() == []
    assert counts == await journal.plan(NAME, {}, MIXED)


@pytest.mark.parametrize(
    ("count", "told"), [(0, [0]), (3, [3]), (2000, [2000, 2000]), (4500, [2000, 4000, 4500])]
)
async def test_progress_is_told_now_and_then(journal: Journal, count: int, told: list[int]) -> None:
    """Every 2,000 rows, and at the end how many there were."""
    counts: list[int] = []
    await journal.plan(NAME, {}, listed(phones(count)), keep=False, on_progress=counts.append)
    assert counts == told


async def test_rows_are_read_off_the_event_loop(journal: Journal) -> None:
    """A list may block while it is read, from a file for example."""
    threads = set[int]()

    def rows() -> Iterator[PlannedRow]:
        for row in listed(phones(3)):
            threads.add(threading.get_ident())
            yield row

    await journal.plan(NAME, {}, rows())
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_columns_come_back_with_the_claim(journal: Journal, time: Time) -> None:
    """What a template needs is kept beside its recipient; without a template it is empty."""
    columns = {"name": "Олена", "sum": "1 000 ₴"}
    rows = [PlannedRow(1, ANNA, columns=columns), PlannedRow(2, BORYS)]
    await journal.plan(NAME, {}, rows)
    stage = Stage(journal, time, (await journal.campaign(NAME)).id)
    claims = [await stage.claim(), await stage.claim()]
    assert [(one.phone, one.line, one.columns) for one in claims] == [
        (ANNA, 1, columns),
        (BORYS, 2, {}),
    ]


@pytest.mark.parametrize(
    ("verdict", "count"),
    [
        (None, 1),
        (Verdict.ACCEPTED, 1),
        (Verdict.UNCERTAIN, 1),
        (Verdict.REFUSED, 0),
        (Verdict.NOT_SENT, 0),
        (Verdict.PUT_BACK, 0),
    ],
)
async def test_who_may_have_been_called_lately_is_counted(
    stage: Stage, verdict: Verdict | None, count: int
) -> None:
    """By another campaign, unless it is proven that nothing rang; `None` is still in flight."""
    claimed = await stage.claim()
    if verdict is not None:
        await stage.settle(claimed.ref, verdict)
    planned = await plan_again(stage, hours=24)
    assert planned == count


@pytest.mark.parametrize(("passed", "count"), [(23, 1), (24, 1), (25, 0)])
async def test_calls_before_the_last_hours_do_not_count(
    stage: Stage, passed: int, count: int
) -> None:
    """The last N hours are N hours, to the second."""
    await stage.attempt(Verdict.ACCEPTED)
    stage.time.forward(passed * 3600)
    assert await plan_again(stage, hours=24) == count


async def test_only_those_who_would_be_dialled_count_as_called_lately(stage: Stage) -> None:
    """Whoever is skipped anyway, and whoever nobody called, is not counted."""
    for _ in range(2):
        await stage.attempt(Verdict.ACCEPTED)
    await stage.apply(AddDoNotCall((ANNA,)))
    assert await plan_again(stage, hours=1) == 1


async def test_nobody_asked_who_was_called_lately(stage: Stage) -> None:
    """Without a moment to count from, nobody is counted."""
    await stage.attempt(Verdict.ACCEPTED)
    planned = await stage.journal.plan("summer", {}, listed(phones(3)))
    assert planned.recently_called == 0


async def plan_again(stage: Stage, hours: int) -> int:
    """Plan the same people in another campaign; return how many were called in the last hours."""
    since = stage.time.now - timedelta(hours=hours)
    kept, counted_only = [
        await stage.journal.plan("summer", {}, listed(phones(3)), recent_since=since, keep=keep)
        for keep in (False, True)
    ]
    assert kept == counted_only
    return kept.recently_called


async def test_a_campaign_without_calls_can_be_taken_out(stage: Stage) -> None:
    """Its rows go with it, and its name is free."""
    assert await stage.journal.discard(NAME) is True
    assert await stage.journal.campaigns() == []
    assert await stage.rows() == []
    await stage.journal.plan(NAME, {}, [])


@pytest.mark.parametrize("verdict", [None, Verdict.NOT_SENT, Verdict.ACCEPTED])
async def test_a_campaign_with_a_call_stays(stage: Stage, verdict: Verdict | None) -> None:
    """As soon as one call was tried, whatever came of it, the ledger is kept."""
    claimed = await stage.claim()
    if verdict is not None:
        await stage.settle(claimed.ref, verdict)
    assert await stage.journal.discard(NAME) is False
    assert len(await stage.rows()) == 3
    assert len(await stage.ledger()) == 1


async def test_discarding_one_campaign_leaves_the_others(stage: Stage) -> None:
    """Only what belongs to the one is taken out."""
    await staged(stage.journal, stage.time, 5, name="summer")
    await stage.journal.discard("summer")
    assert [one.name for one in await stage.journal.campaigns()] == [NAME]
    assert await stage.states() == ["planned"] * 3


async def test_campaigns_come_oldest_first(journal: Journal, time: Time) -> None:
    """In the order they were planned, not by name."""
    for name in ("winter", "spring", "autumn"):
        await staged(journal, time, 0, name=name)
    assert [one.name for one in await journal.campaigns()] == ["winter", "spring", "autumn"]


@pytest.mark.parametrize(
    ("names", "there_are"),
    [
        ([], "there is none yet"),
        (["spring"], "there are: spring"),
        (["spring", "summer"], "there are: spring, summer"),
    ],
)
@pytest.mark.parametrize("asked", ["campaign", "discard"])
async def test_an_unknown_name_is_answered_with_those_there_are(
    journal: Journal, time: Time, names: list[str], there_are: str, asked: str
) -> None:
    """One line says which campaigns the journal has."""
    for name in names:
        await staged(journal, time, 0, name=name)
    ask: Any = getattr(journal, asked)
    with pytest.raises(InvalidRequest) as caught:
        await ask("autumn")
    assert str(caught.value) == f"no campaign 'autumn' in this journal; {there_are}"
