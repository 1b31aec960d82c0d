"""The report: what a campaign came to, read out of its journal."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.kinds import SpeakSms
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.report import Report, report_of
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.campaigns.templates import Template
from alphasms_async.campaigns.window import Window
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, NOON, PRICE, Stage, Time, staged

pytestmark = pytest.mark.anyio

REFUSAL = 'voice call to 380*****{}: the gateway answered "Operator not supported".'


async def reported(stage: Stage, **options: Any) -> Report:
    return await report_of(stage.journal, NAME, clock=stage.time, **options)


async def test_report_of_nobody_is_empty(journal: Journal, time: Time) -> None:
    """A campaign in which nobody was dialled has a report without a timeline."""
    report = await reported(await staged(journal, time, 0))
    assert (report.accepted, report.dialable, report.attempts, report.took_seconds) == (0, 0, 0, 0)
    assert (report.timeline.buckets, report.troubles.rows, report.troubles.groups) == ((), (), ())
    assert (report.timeline.first_at, report.timeline.busiest_minute) == (None, 0)


async def test_report_takes_what_the_journal_counts(stage: Stage) -> None:
    """Campaign, tally and money are the journal's own."""
    await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    report = await reported(stage)
    assert report.campaign == await stage.journal.campaign(NAME)
    assert report.tally == await stage.journal.tally(stage.campaign)
    assert report.money == await stage.journal.money(stage.campaign)
    assert report.made_at == NOON


@pytest.mark.parametrize(("key", "expected"), [("9", 2), ("8", 0), (None, None)])
async def test_report_tells_how_many_opted_out(
    journal: Journal, time: Time, key: str | None, expected: int | None
) -> None:
    """By the campaign's key, alone or among others; `None` where there is no such key."""
    stage = await staged(journal, time, opt_out=key)
    for digits in ("9", "19", "1"):
        ref = await stage.attempt(Verdict.ACCEPTED)
        await stage.event(CallOutcome.ANSWERED, ref, digits=digits)
    assert (await reported(stage)).opted_out == expected


async def test_budget_and_zone_are_those_of_the_definition(journal: Journal, time: Time) -> None:
    """The budget is exact, and times are those of the campaign's window."""
    campaign = Campaign(
        name=NAME,
        kind=SpeakSms(Template("hello")),
        budget=Decimal("100.10"),
        max_price=Decimal("0.40"),
        window=Window.parse(zone="Asia/Kathmandu"),
    )
    report = await reported(await staged(journal, time, **campaign.as_json()))
    assert (report.budget, report.zone) == (Decimal("100.10"), "Asia/Kathmandu")


async def test_zone_without_a_window_is_kyivs(stage: Stage) -> None:
    """Without a window there is no budget nor zone of its own, and Kyiv's clock is used."""
    report = await reported(stage)
    assert (report.budget, report.zone) == (None, "Europe/Kyiv")


@pytest.mark.parametrize(
    ("told", "shown"),
    [("UAH", "UAH"), (None, None), ("hryvnia <b>", None), ("uah", None), (7, None)],
)
async def test_currency_is_the_quoted_one(stage: Stage, told: Any, shown: str | None) -> None:
    """The code stays with the price that was quoted, and what is no code is left out."""
    assert (await reported(stage)).currency is None
    await stage.journal.quote(NAME, PRICE, told)
    assert (await reported(stage)).currency == shown
    assert (await stage.journal.campaign(NAME)).quoted == PRICE


async def test_quote_without_a_currency_leaves_the_known_one(stage: Stage) -> None:
    """A gateway that does not say the currency again has not changed it."""
    await stage.journal.quote(NAME, PRICE, "UAH")
    await stage.journal.quote(NAME, PRICE + 1)
    assert (await reported(stage)).currency == "UAH"


async def test_currency_makes_no_other_campaign(journal: Journal, time: Time) -> None:
    """What is run is what was planned, whatever its prices are told in."""
    campaign = Campaign(name=NAME, kind=SpeakSms(Template("hello")))
    await staged(journal, time, **campaign.as_json())
    await journal.quote(NAME, PRICE, "UAH")
    campaign.check_unchanged((await journal.campaign(NAME)).definition)


async def test_spent_is_known_as_far_as_prices_are(stage: Stage) -> None:
    """Nobody called costs nothing, and a call whose price was not told costs what nobody knows."""
    assert (await reported(stage)).spent == 0
    await stage.attempt(Verdict.ACCEPTED)
    assert (await reported(stage)).spent is None
    await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    assert (await reported(stage)).spent == PRICE


async def test_accepted_are_also_those_whose_outcome_is_known(journal: Journal, time: Time) -> None:
    """A call that was answered was accepted; who was skipped is none to be dialled."""
    rows = [PlannedRow(line, f"3805010000{line:02d}") for line in range(1, 5)]
    await journal.plan(NAME, {}, [*rows, PlannedRow(5, None, "nobody"), rows[0]])
    stage = Stage(journal, time, (await journal.campaign(NAME)).id)
    await stage.event(CallOutcome.ANSWERED, await stage.attempt(Verdict.ACCEPTED))
    await stage.attempt(Verdict.ACCEPTED)
    await stage.attempt(Verdict.REFUSED)
    report = await reported(stage)
    assert (report.accepted, report.dialable, report.tally.total) == (2, 4, 6)


async def test_attempts_are_counted_with_those_that_came_to_nothing(stage: Stage) -> None:
    """Two attempts at one person are two attempts, and one without an end is one too."""
    await stage.attempt(Verdict.NOT_SENT)
    await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    await stage.claim()
    (bucket,) = (await reported(stage)).timeline.buckets
    assert Counter({Verdict.NOT_SENT: 1, Verdict.ACCEPTED: 1}) == bucket.verdicts
    assert (bucket.unsettled, bucket.attempts, bucket.spent) == (1, 3, PRICE)


async def test_times_are_those_of_the_first_and_the_latest_attempt(stage: Stage) -> None:
    """It took as long as from the first attempt's beginning to the latest one's."""
    for _ in range(3):
        await stage.attempt(Verdict.ACCEPTED)
        stage.time.forward(90)
    report = await reported(stage)
    last = NOON + timedelta(seconds=180)
    assert (report.timeline.first_at, report.timeline.last_at) == (NOON, last)
    assert report.took_seconds == 180


async def test_spend_grows_to_what_was_spent(journal: Journal, time: Time) -> None:
    """The sums over time end, to the kopiyka, with what the journal says was spent."""
    stage = await staged(journal, time, 60)
    for number in range(60):
        await stage.attempt(Verdict.ACCEPTED, price=Decimal("0.41") + number)
        time.forward(7)
    report = await reported(stage)
    spent = [bucket.spent for bucket in report.timeline.buckets]
    assert spent == sorted(spent)
    assert spent[-1] == report.money.spent == Decimal("0.41") * 60 + sum(range(60))


async def test_all_pages_are_read(
    journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attempts and rows beyond the first page are in the report, each once."""
    monkeypatch.setattr("alphasms_async.campaigns.report.troubles._PAGE", 3)
    stage = await staged(journal, time, 10)
    for _ in range(10):
        await stage.attempt(Verdict.REFUSED)
    report = await reported(stage)
    assert (report.attempts, report.troubles.total) == (10, 10)
    assert [row.line for row in report.troubles.rows] == list(range(1, 11))


async def test_other_campaigns_stay_out(stage: Stage) -> None:
    """A report is of one campaign, whatever else the journal has."""
    other = await staged(stage.journal, stage.time, name="autumn")
    await other.attempt(Verdict.UNCERTAIN)
    report = await reported(stage)
    assert (report.attempts, report.troubles.total, report.tally.total) == (0, 0, 3)


async def test_troubles_begin_with_the_uncertain(journal: Journal, time: Time) -> None:
    """Whom somebody has to decide about comes first, then the refused, then those let go."""
    stage = await staged(journal, time, 6)
    for state in ("dropped", "refused", "uncertain", "dropped", "refused", "uncertain"):
        await stage.bring(RowState(state))
    rows = (await reported(stage)).troubles.rows
    assert [row.state for row in rows] == [*["uncertain"] * 2, *["refused"] * 2, *["dropped"] * 2]
    assert [row.line for row in rows] == [3, 6, 2, 5, 1, 4]


@pytest.mark.parametrize(("failures", "kept"), [(0, 0), (2, 2), (3, 3), (50, 3)])
async def test_troubles_beyond_the_first_are_counted(
    stage: Stage, failures: int, kept: int
) -> None:
    """So many failures as are wished for are there one by one, and the others as a number."""
    for _ in range(3):
        await stage.attempt(Verdict.REFUSED)
    troubles = (await reported(stage, failures=failures)).troubles
    assert (len(troubles.rows), troubles.rest, troubles.total) == (kept, 3 - kept, 3)


async def test_troubles_are_grouped_by_what_went_wrong(journal: Journal, time: Time) -> None:
    """Errors that differ in their phone alone are one group; the most frequent comes first."""
    stage = await staged(journal, time, 6)
    await stage.attempt(Verdict.REFUSED, error="voice call to 380*****0000: the number is bad")
    for last in ("0001", "0002", "0003"):
        await stage.attempt(Verdict.REFUSED, error=REFUSAL.format(last))
    await stage.attempt(Verdict.UNCERTAIN, error="nobody knows **567")
    await stage.attempt(Verdict.UNCERTAIN)
    groups = (await reported(stage)).troubles.groups
    assert [(one.state, one.reason, one.count) for one in groups] == [
        ("uncertain", "nobody knows …", 1),
        ("uncertain", "no reason was told", 1),
        ("refused", 'the gateway answered "Operator not supported".', 3),
        ("refused", "the number is bad", 1),
    ]


@pytest.mark.parametrize("which", ["client_id", "id"])
async def test_errors_that_differ_in_an_id_alone_are_one_group(
    journal: Journal, time: Time, which: str
) -> None:
    """Where to look is another place for each, and the reason is the same."""
    stage = await staged(journal, time, 3)
    for number in (7, 100500, 9):
        error = f"SMS to 380*****0000: it is lost, ask for the status of {which} {number}."
        await stage.attempt(Verdict.UNCERTAIN, error=error)
    groups = (await reported(stage)).troubles.groups
    assert [(one.reason, one.count) for one in groups] == [
        (f"it is lost, ask for the status of {which} ….", 3)
    ]


async def test_a_dropped_one_that_did_ring_is_told_so(stage: Stage) -> None:
    """What was not known when a person let it go is known since."""
    ref = await stage.bring(RowState.DROPPED)
    await stage.event(CallOutcome.ANSWERED, ref)
    groups = (await reported(stage)).troubles.groups
    assert [(one.state, one.reason) for one in groups] == [("dropped", "it was called after all")]


async def test_many_different_reasons_are_bounded(
    journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that says something new each time fills no memory, and nobody goes uncounted."""
    monkeypatch.setattr("alphasms_async.campaigns.report.troubles._MOST_GROUPS", 2)
    stage = await staged(journal, time, 6)
    for reason in ("a", "b", "c", "b", "d", "e"):
        await stage.attempt(Verdict.REFUSED, error=reason)
    groups = (await reported(stage)).troubles.groups
    assert {one.reason: one.count for one in groups} == {"a": 1, "b": 2, "other reasons": 3}


async def test_unknown_campaign_is_refused(stage: Stage) -> None:
    """A name that the journal does not know is bad input."""
    with pytest.raises(InvalidRequest, match=NAME):
        await report_of(stage.journal, "nobody")


@pytest.mark.parametrize("failures", [-1, 1.5, True, "10", None])
async def test_bad_number_of_failures_is_refused(stage: Stage, failures: Any) -> None:
    """How many failures are wished for is a whole number, 0 or more."""
    with pytest.raises(InvalidRequest, match="failures is a whole number"):
        await reported(stage, failures=failures)


async def test_report_shows_no_phone(stage: Stage) -> None:
    """A report that gets into a log has its phones masked."""
    await stage.attempt(Verdict.REFUSED)
    report = await reported(stage)
    assert report.troubles.rows[0].phone not in {None, ""}
    assert str(report.troubles.rows[0].phone) not in repr(report)


async def test_closed_journal_is_an_error(opened: Callable[[], Journal]) -> None:
    """A journal that was not entered says so."""
    with pytest.raises(RuntimeError, match="enter the journal first"):
        await report_of(opened(), NAME)
