"""What a journal tells of a campaign: sums, counts, rows, attempts, and how it ends."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from alphasms_async.campaigns.commands import Cancel, Pause
from alphasms_async.campaigns.costs import Cost
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import CampaignState, Money, PlannedRow
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, NOON, PRICE, Stage, Time, redialing, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

FLOWN = [one for one in RowState if one not in {RowState.PLANNED, RowState.SKIPPED}]
"""The states of those who were called, or may have been."""


async def money(stage: Stage) -> tuple[str, str, str]:
    """Return spent, held and highest as they are written."""
    sums = await stage.journal.money(stage.campaign)
    return str(sums.spent), str(sums.held), str(sums.highest)


async def test_nothing_was_spent_before_the_first_call(stage: Stage) -> None:
    """No price is known yet."""
    assert await stage.journal.money(stage.campaign) == Money(Decimal(0), Decimal(0), highest=None)


async def test_prices_add_up_exactly(journal: Journal, time: Time) -> None:
    """Ten times ten kopiykas are one hryvnia, and no kopiyka is lost in a sum of any size."""
    stage = await staged(journal, time, 12)
    for price in [*["0.10"] * 10, "0.0000000001", "123456789012345678.99"]:
        await stage.attempt(Verdict.ACCEPTED, price=Decimal(price))
    assert await money(stage) == (
        "123456789012345679.9900000001",
        "0",
        "123456789012345678.99",
    )


async def test_the_highest_price_is_told(stage: Stage) -> None:
    """By value, not as text: 10 is more than 9."""
    for price in ("9", "10", "0.40"):
        await stage.attempt(Verdict.ACCEPTED, price=Decimal(price))
    assert await money(stage) == ("19.40", "0", "10")


@pytest.mark.parametrize("verdict", [None, Verdict.UNCERTAIN, Verdict.ACCEPTED])
async def test_what_may_have_cost_something_is_held(stage: Stage, verdict: Verdict | None) -> None:
    """In flight, uncertain, or accepted without a price: the reservation stays."""
    ref = (await stage.claim(reserved=PRICE)).ref
    if verdict is not None:
        await stage.settle(ref, verdict)
    assert await money(stage) == ("0", "0.40", "None")


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.NOT_SENT, Verdict.PUT_BACK])
async def test_what_cost_nothing_is_given_back(stage: Stage, verdict: Verdict) -> None:
    """Nothing rang, so nothing is held."""
    ref = (await stage.claim(reserved=PRICE)).ref
    await stage.settle(ref, verdict)
    assert await money(stage) == ("0", "0", "None")


@pytest.mark.parametrize("late", [False, True])
async def test_the_price_takes_the_place_of_what_was_held(stage: Stage, *, late: bool) -> None:
    """With the answer, or with a late answer to a doubt."""
    ref = (await stage.claim(reserved=Decimal("0.50"))).ref
    if late:
        await stage.settle(ref, Verdict.UNCERTAIN)
    await stage.settle(ref, Verdict.ACCEPTED, price=PRICE)
    assert await money(stage) == ("0.40", "0", "0.40")


async def test_an_event_does_not_give_money_back(stage: Stage) -> None:
    """A call that is proven was paid, though nobody knows how much."""
    ref = (await stage.claim(reserved=PRICE)).ref
    await stage.settle(ref, Verdict.UNCERTAIN)
    await stage.event(CallOutcome.ANSWERED, ref)
    assert await money(stage) == ("0", "0.40", "None")


@pytest.mark.parametrize("lost", [False, True], ids=["price not told", "answer lost"])
async def test_what_was_paid_without_a_told_price_is_told_apart(
    journal: Journal, time: Time, *, lost: bool
) -> None:
    """Accepted, or proven by an event: how many those are, and how much of the money held."""
    stage = await staged(journal, time, 4)
    await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    refs = [(await stage.claim(reserved=PRICE)).ref for _ in range(3)]
    await stage.settle(refs[0], Verdict.UNCERTAIN if lost else Verdict.ACCEPTED)
    await stage.event(CallOutcome.UNKNOWN, refs[0])
    await stage.settle(refs[1], Verdict.UNCERTAIN)
    sums = await journal.money(stage.campaign)
    assert (sums.spent, sums.held) == (PRICE, 3 * PRICE)
    assert (sums.unpriced, sums.unpriced_held) == (1, PRICE)


async def test_every_state_has_its_share(journal: Journal, time: Time) -> None:
    """All attempts of whoever stands there, also earlier ones; together they are the whole."""
    stage = await staged(journal, time, 8, **redialing())
    first = await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    await stage.event(CallOutcome.BUSY, first)
    for state in FLOWN:
        await stage.bring(state)
    await journal.expire(stage.campaign)
    sums = await journal.money(stage.campaign)
    assert {where: (str(one.spent), str(one.held)) for where, one in sums.shares.items()} == {
        RowState.DIALING: ("0", "0.40"),
        RowState.ACCEPTED: ("0", "0.40"),
        RowState.DONE: ("0", "0.40"),
        RowState.REFUSED: ("0", "0"),
        RowState.UNCERTAIN: ("0", "0.40"),
        RowState.DROPPED: ("0", "0.40"),
        SkipReason.EXPIRED: ("0.40", "0"),
    }
    whole = Cost(sums.spent, sums.held, sums.unpriced, sums.unpriced_held)
    assert whole == Cost(PRICE, 5 * PRICE, 2, 2 * PRICE)


async def test_every_attempt_counts(journal: Journal, time: Time) -> None:
    """Redials are paid for too, and a doubt that was dialled again is held beside its redial."""
    stage = await staged(journal, time, 2, **redialing())
    await journal.quote(NAME, Decimal("0.45"))
    first = await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    await stage.event(CallOutcome.BUSY, first)
    doubt = (await stage.claim(reserved=Decimal("0.45"))).ref
    await stage.settle(doubt, Verdict.UNCERTAIN)
    time.forward(86_400)
    await stage.redial(doubt)
    for _ in range(2):
        await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    assert await money(stage) == ("1.20", "0.45", "0.40")


async def test_money_of_one_campaign_is_not_that_of_another(stage: Stage) -> None:
    """Each pays for its own calls."""
    other = await staged(stage.journal, stage.time, name="summer")
    await other.attempt(Verdict.ACCEPTED, price=PRICE)
    assert (await money(stage), await money(other)) == (
        ("0", "0", "None"),
        ("0.40", "0", "0.40"),
    )


async def test_the_tally_counts_every_row_once(journal: Journal, time: Time) -> None:
    """States add up to the list, reasons to the skipped."""
    stage = await staged(journal, time, 8)
    for state in (*FLOWN, RowState.SKIPPED):
        await stage.bring(state)
    tally = await journal.tally(stage.campaign)
    assert tally.states == Counter([*FLOWN, RowState.SKIPPED, RowState.SKIPPED])
    assert tally.reasons == {SkipReason.EXPIRED: 2}
    assert (tally.total, tally.to_dial) == (8, 1)


async def test_the_tally_counts_outcomes_and_keys(journal: Journal, time: Time) -> None:
    """Of all calls, so that a redialled recipient counts for each."""
    stage = await staged(journal, time, 3, **redialing())
    told: list[tuple[CallOutcome, str | None]] = [
        (CallOutcome.BUSY, None),
        (CallOutcome.ANSWERED, "1"),
        (CallOutcome.ANSWERED, "1"),
        (CallOutcome.ANSWERED, "12"),
    ]
    for outcome, digits in told:
        ref = await stage.attempt(Verdict.ACCEPTED)
        await stage.event(outcome, ref, digits=digits)
        time.forward(1200)
    tally = await journal.tally(stage.campaign)
    assert tally.outcomes == {CallOutcome.BUSY: 1, CallOutcome.ANSWERED: 3}
    assert tally.digits == {"1": 2, "12": 1}


async def test_rows_are_read_on_page_by_page(journal: Journal, time: Time) -> None:
    """Each row once, in the list's order, whatever the size of a page."""
    stage = await staged(journal, time, 7)
    whole = await stage.rows()
    for limit in (1, 2, 3, 7, 8):
        read: list[Any] = []
        while page := await journal.rows(
            stage.campaign, after=read[-1].id if read else 0, limit=limit
        ):
            assert len(page) <= limit
            read += page
        assert read == whole
    assert [row.line for row in whole] == [1, 2, 3, 4, 5, 6, 7]


async def test_rows_of_some_states_are_read(journal: Journal, time: Time) -> None:
    """Only those, paged like all; no state at all is nobody."""
    stage = await staged(journal, time, 4)
    refs = [await stage.bring(state) for state in (RowState.ACCEPTED, RowState.UNCERTAIN)]
    refs.append(await stage.bring(RowState.ACCEPTED))

    async def lines(*states: RowState, **page: Any) -> list[int]:
        return [row.line for row in await journal.rows(stage.campaign, states=states, **page)]

    assert await lines(RowState.ACCEPTED) == [1, 3]
    assert await lines(RowState.UNCERTAIN, RowState.PLANNED) == [2, 4]
    assert await lines(RowState.ACCEPTED, after=refs[0].recipient) == [3]
    assert await lines(RowState.ACCEPTED, limit=1) == [1]
    assert await lines() == []


async def test_a_row_shows_its_latest_attempt(stage: Stage) -> None:
    """What earlier ones came to is in the ledger."""
    first = await stage.attempt(Verdict.NOT_SENT, error="the line was down")
    await stage.attempt(Verdict.ACCEPTED, gateway_id=7, price=PRICE)
    row = await stage.row(first)
    assert (row.attempts, row.gateway_id, row.price, row.error) == (2, 7, PRICE, None)


@pytest.mark.parametrize("outcome", [CallOutcome.ANSWERED, CallOutcome.BUSY, CallOutcome.UNKNOWN])
@pytest.mark.parametrize("policy", [{}, redialing()], ids=["once", "redialed"])
async def test_what_an_event_has_proven_is_no_error_any_more(
    journal: Journal, time: Time, policy: dict[str, Any], outcome: CallOutcome
) -> None:
    """The doubt is over, wherever the row stands now; the ledger keeps how the request ended."""
    stage = await staged(journal, time, **policy)
    ref = await stage.attempt(Verdict.UNCERTAIN, error="nobody knows")
    assert (await stage.row(ref)).error == "nobody knows"
    await stage.event(outcome, ref)
    assert (await stage.row(ref)).error is None
    states = [(await stage.row(ref)).state]
    assert [row.error for row in await journal.rows(stage.campaign, limit=1, states=states)] == [
        None
    ]
    assert (await stage.ledger())[ref].error == "nobody knows"


async def test_the_ledger_is_read_on_page_by_page(journal: Journal, time: Time) -> None:
    """By recipient and number, each attempt once."""
    stage = await staged(journal, time, 3)
    for _ in range(3):
        await stage.attempt(Verdict.NOT_SENT)
    for _ in range(2):
        await stage.attempt(Verdict.ACCEPTED)
    begin = (await stage.rows())[0].id
    expected = [Ref(begin, 1), Ref(begin, 2), Ref(begin, 3), Ref(begin, 4), Ref(begin + 1, 1)]
    for limit in (1, 2, 5, 6):
        read: list[Ref] = []
        after = (0, 0)
        while page := await journal.attempts(stage.campaign, after=after, limit=limit):
            assert len(page) <= limit
            read += [one.ref for one in page]
            after = (read[-1].recipient, read[-1].attempt)
        assert read == expected


async def test_reads_are_of_one_campaign(stage: Stage) -> None:
    """Rows, attempts and counts of another campaign do not show."""
    other = await staged(stage.journal, stage.time, 2, name="summer")
    await other.attempt(Verdict.ACCEPTED)
    assert len(await stage.rows()) == 3
    assert await stage.ledger() == {}
    assert (await stage.journal.tally(stage.campaign)).states == {RowState.PLANNED: 3}


async def test_time_that_is_over_skips_the_rest(stage: Stage) -> None:
    """Those who are planned, those who rest too; whoever is being dialled is not touched."""
    await stage.attempt(Verdict.NOT_SENT, rest_seconds=60)
    flying = (await stage.claim()).ref
    assert await stage.journal.expire(stage.campaign) == 2
    assert await stage.states() == ["skipped", "dialing", "skipped"]
    assert [row.reason for row in await stage.rows()] == [
        SkipReason.EXPIRED,
        None,
        SkipReason.EXPIRED,
    ]
    assert await stage.journal.expire(stage.campaign) == 0
    assert await stage.settle(flying, Verdict.ACCEPTED) is RowState.ACCEPTED


async def test_why_a_run_stopped_is_kept(stage: Stage) -> None:
    """Until it is taken away; who may be dialled does not depend on it."""
    await stage.journal.halt(stage.campaign, "the budget is used up")
    assert (await stage.journal.campaign(NAME)).halted == "the budget is used up"
    await stage.claim()
    await stage.journal.halt(stage.campaign, None)
    assert (await stage.journal.campaign(NAME)).halted is None


async def test_a_quoted_price_is_kept(stage: Stage) -> None:
    """As it is written, for the campaign it is for."""
    await staged(stage.journal, stage.time, name="summer")
    await stage.journal.quote(NAME, Decimal("0.40"))
    quoted = {one.name: str(one.quoted) for one in await stage.journal.campaigns()}
    assert quoted == {NAME: "0.40", "summer": "None"}


@pytest.mark.parametrize("left", [RowState.PLANNED, RowState.DIALING])
async def test_nobody_finishes_while_somebody_is_left(
    journal: Journal, time: Time, left: RowState
) -> None:
    """Planned, resting or in flight: there is somebody to dial."""
    stage = await staged(journal, time, 1)
    ref = await stage.bring(left)
    assert await journal.finish(stage.campaign) is False
    assert (await journal.campaign(NAME)).state is CampaignState.READY
    if left is RowState.PLANNED:
        ref = (await stage.claim()).ref
    await stage.settle(ref, Verdict.REFUSED)
    assert await journal.finish(stage.campaign) is True


async def test_a_campaign_finishes_when_nobody_is_left(journal: Journal, time: Time) -> None:
    """Whatever became of each; it notes when, and the first moment holds."""
    stage = await staged(journal, time, 5)
    for state in (RowState.ACCEPTED, RowState.DONE, RowState.REFUSED, RowState.UNCERTAIN):
        await stage.bring(state)
    await journal.expire(stage.campaign)
    assert await journal.finish(stage.campaign) is True
    campaign = await journal.campaign(NAME)
    assert (campaign.state, campaign.finished_at) == (CampaignState.FINISHED, NOON)


async def test_an_empty_campaign_finishes_at_once(journal: Journal, time: Time) -> None:
    """A list of nobody, or of invalid ones alone, has nobody to dial."""
    await journal.plan(NAME, {}, [PlannedRow(1, None, "nobody")])
    assert await journal.finish((await journal.campaign(NAME)).id) is True


async def test_a_paused_campaign_finishes(journal: Journal, time: Time) -> None:
    """When what was in flight was all that was left."""
    stage = await staged(journal, time, 1)
    ref = (await stage.claim()).ref
    await stage.apply(Pause(NAME))
    await stage.settle(ref, Verdict.ACCEPTED)
    assert await journal.finish(stage.campaign) is True
    assert (await journal.campaign(NAME)).state is CampaignState.FINISHED


async def test_a_cancelled_campaign_stays_cancelled(stage: Stage) -> None:
    """Nobody is left, and it was a person who ended it."""
    await stage.apply(Cancel(NAME))
    assert await stage.journal.finish(stage.campaign) is True
    assert (await stage.journal.campaign(NAME)).state is CampaignState.CANCELLED


@pytest.mark.parametrize("parts", [[1, 1], [3, 1, 2]])
async def test_the_longest_text_counts_for_the_campaign(
    journal: Journal, time: Time, parts: list[int]
) -> None:
    """The most prices one of its calls costs is known before the first of them."""
    rows = [
        PlannedRow(line, phone, parts=count)
        for line, (phone, count) in enumerate(zip(phones(3), parts, strict=False), start=1)
    ]
    await journal.plan(NAME, {}, rows)
    assert (await journal.campaign(NAME)).parts == max(parts)
