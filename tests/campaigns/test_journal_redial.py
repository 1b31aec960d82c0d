"""Redials: by the campaign's policy for those who were not reached, by a person for a doubt."""

from datetime import timedelta

import pytest

from alphasms_async.campaigns.commands import AddDoNotCall, Cancel, Drop, Pause, Redial
from alphasms_async.campaigns.events import Recorded, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import CampaignState
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import (
    HALF_AN_HOUR,
    NAME,
    NOON,
    PRICE,
    TEN_MINUTES,
    Stage,
    Time,
    redialing,
    staged,
)

pytestmark = pytest.mark.anyio

UNREACHED = (CallOutcome.NO_ANSWER, CallOutcome.BUSY)
REACHED = (CallOutcome.ANSWERED, CallOutcome.FAILED)


async def called(stage: Stage, outcome: CallOutcome) -> Ref:
    """Call the next recipient, and have the gateway tell how that went."""
    ref = await stage.attempt(Verdict.ACCEPTED)
    await stage.event(outcome, ref)
    return ref


@pytest.mark.parametrize("outcome", UNREACHED)
async def test_whoever_was_not_reached_is_planned_again(
    journal: Journal, time: Time, outcome: CallOutcome
) -> None:
    """Due when the policy's pause is over, counted from the event, and not before."""
    stage = await staged(journal, time, 1, **redialing(after=HALF_AN_HOUR))
    first = (await stage.claim()).ref
    await stage.settle(first, Verdict.ACCEPTED)
    await stage.event(outcome, first, at=NOON + timedelta(seconds=40))
    assert await stage.states() == ["planned"]
    due = NOON + timedelta(seconds=40 + HALF_AN_HOUR)
    assert await journal.next_due(stage.campaign) == due
    time.now = due - timedelta(seconds=1)
    assert await journal.claim(stage.campaign) is None
    time.now = due
    assert (await stage.claim()).ref == Ref(first.recipient, 2)


@pytest.mark.parametrize("outcome", REACHED)
async def test_whoever_was_reached_is_left_alone(
    journal: Journal, time: Time, outcome: CallOutcome
) -> None:
    """An answered call is done, and so is one that can never be."""
    stage = await staged(journal, time, 1, **redialing())
    await called(stage, outcome)
    assert await stage.states() == ["done"]


async def test_without_a_policy_nobody_is_called_again(stage: Stage) -> None:
    """Not reached is done, as it was planned."""
    for outcome in UNREACHED:
        await called(stage, outcome)
    assert await stage.states() == ["done", "done", "planned"]


async def test_a_policy_may_be_for_one_outcome(journal: Journal, time: Time) -> None:
    """Only those for whom it is meant are called again."""
    stage = await staged(journal, time, 2, **redialing(on="busy"))
    await called(stage, CallOutcome.NO_ANSWER)
    await called(stage, CallOutcome.BUSY)
    assert await stage.states() == ["done", "planned"]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_policy_ends(journal: Journal, time: Time, times: int) -> None:
    """So many times more, and then whoever was not reached is done."""
    stage = await staged(journal, time, 1, **redialing(times))
    for _ in range(times):
        await called(stage, CallOutcome.NO_ANSWER)
        assert await stage.states() == ["planned"]
        time.forward(HALF_AN_HOUR)
    last = await called(stage, CallOutcome.NO_ANSWER)
    assert await stage.states() == ["done"]
    assert last.attempt == times + 1


async def test_attempts_that_never_rang_do_not_use_up_the_policy(
    journal: Journal, time: Time
) -> None:
    """Calls count, tries do not."""
    stage = await staged(journal, time, 1, **redialing(1))
    for _ in range(3):
        await stage.attempt(Verdict.NOT_SENT)
    await called(stage, CallOutcome.BUSY)
    assert await stage.states() == ["planned"]


async def test_an_event_told_twice_redials_once(journal: Journal, time: Time) -> None:
    """A duplicate neither puts the next call off nor asks for one more."""
    stage = await staged(journal, time, 1, **redialing(2))
    ref = await called(stage, CallOutcome.BUSY)
    time.forward(60)
    assert await stage.event(CallOutcome.BUSY, ref) is Recorded.DUPLICATE
    due = await journal.next_due(stage.campaign)
    assert due == NOON + timedelta(seconds=HALF_AN_HOUR)


async def test_an_event_after_the_next_claim_redials_nobody(journal: Journal, time: Time) -> None:
    """What comes late of the first call leaves the second alone."""
    stage = await staged(journal, time, 1, **redialing(2))
    first = await called(stage, CallOutcome.BUSY)
    time.forward(HALF_AN_HOUR)
    second = (await stage.claim()).ref
    await stage.event(CallOutcome.BUSY, first, seconds=3)
    assert (await stage.row(second)).state is RowState.DIALING


@pytest.mark.parametrize("outcome", [*UNREACHED, *REACHED])
async def test_a_finished_campaign_goes_on_for_a_redial(
    journal: Journal, time: Time, outcome: CallOutcome
) -> None:
    """It is ready again when somebody is to be called again, and stays finished when nobody is."""
    stage = await staged(journal, time, 1, **redialing())
    ref = await stage.attempt(Verdict.ACCEPTED)
    assert await journal.finish(stage.campaign) is True
    await stage.event(outcome, ref)
    campaign = await journal.campaign(NAME)
    if outcome in UNREACHED:
        assert (campaign.state, campaign.finished_at) == (CampaignState.READY, None)
        assert await journal.finish(stage.campaign) is False
    else:
        assert (campaign.state, campaign.finished_at) == (CampaignState.FINISHED, NOON)


async def test_a_cancelled_campaign_redials_nobody(journal: Journal, time: Time) -> None:
    """Whoever is not reached by a call that was in flight is done."""
    stage = await staged(journal, time, 1, **redialing())
    ref = await stage.attempt(Verdict.ACCEPTED)
    await stage.apply(Cancel(NAME))
    await stage.event(CallOutcome.BUSY, ref)
    assert await stage.states() == ["done"]
    assert (await journal.campaign(NAME)).state is CampaignState.CANCELLED


async def test_a_cancelled_campaign_drops_the_redials_it_had_planned(
    journal: Journal, time: Time
) -> None:
    """They are skipped like the rest; what is known of their calls stays."""
    stage = await staged(journal, time, 1, **redialing())
    ref = await called(stage, CallOutcome.BUSY)
    await stage.apply(Cancel(NAME))
    row = await stage.row(ref)
    assert (row.state, row.reason, row.outcome) == (
        RowState.SKIPPED,
        SkipReason.CANCELLED,
        CallOutcome.BUSY,
    )


async def test_a_paused_campaign_plans_its_redials(journal: Journal, time: Time) -> None:
    """They are dialled once it is resumed."""
    stage = await staged(journal, time, 1, **redialing())
    ref = await stage.attempt(Verdict.ACCEPTED)
    await stage.apply(Pause(NAME))
    await stage.event(CallOutcome.BUSY, ref)
    assert await stage.states() == ["planned"]
    assert (await journal.campaign(NAME)).state is CampaignState.PAUSED


async def test_the_do_not_call_list_holds_for_redials(journal: Journal, time: Time) -> None:
    """Whoever came onto it after the first call is not called a second time."""
    stage = await staged(journal, time, 1, **redialing())
    ref = await called(stage, CallOutcome.BUSY)
    await stage.apply(AddDoNotCall(((await stage.row(ref)).phone or "",)))
    time.forward(HALF_AN_HOUR)
    assert await journal.claim(stage.campaign) is None
    assert (await stage.row(ref)).reason is SkipReason.DO_NOT_CALL


async def test_a_person_waits_before_a_redial(stage: Stage) -> None:
    """While the attempt is younger than ten minutes its answer may still be on its way."""
    ref = await stage.attempt(Verdict.UNCERTAIN)
    assert await stage.redial(ref, after_seconds=TEN_MINUTES - 1) == 0
    assert (await stage.row(ref)).state is RowState.UNCERTAIN
    assert await stage.redial(ref, after_seconds=1) == 1
    assert (await stage.row(ref)).state is RowState.PLANNED


async def test_a_person_has_several_dialled_again(stage: Stage) -> None:
    """Those that can be are, those that are too young are not, and it says how many."""
    refs = [await stage.attempt(Verdict.UNCERTAIN) for _ in range(2)]
    stage.time.forward(TEN_MINUTES)
    refs.append(await stage.attempt(Verdict.UNCERTAIN))
    assert await stage.redial(*refs, after_seconds=0) == 2
    assert await stage.states() == ["planned", "planned", "uncertain"]
    assert (await stage.claim()).ref == Ref(refs[0].recipient, 2)


@pytest.mark.parametrize("state", [one for one in RowState if one is not RowState.UNCERTAIN])
@pytest.mark.parametrize("command", [Redial, Drop])
async def test_a_person_decides_of_doubts_alone(
    stage: Stage, state: RowState, command: type[Redial | Drop]
) -> None:
    """Whatever is not uncertain is not theirs to move."""
    ref = await stage.bring(state)
    stage.time.forward(TEN_MINUTES)
    assert await stage.apply(command(NAME, (ref,))) == 0
    assert (await stage.row(ref)).state is state


@pytest.mark.parametrize("command", [Redial, Drop])
async def test_a_decision_names_the_attempt_it_is_about(
    stage: Stage, command: type[Redial | Drop]
) -> None:
    """One for an older attempt, another campaign or nobody at all moves nothing."""
    first = await stage.attempt(Verdict.UNCERTAIN)
    await stage.redial(first)
    second = await stage.attempt(Verdict.UNCERTAIN)
    other = await staged(stage.journal, stage.time, name="summer")
    theirs = await other.attempt(Verdict.UNCERTAIN)
    stage.time.forward(TEN_MINUTES)
    refs = (first, theirs, Ref(second.recipient, 3), Ref(10**6, 1))
    assert await stage.apply(command(NAME, refs)) == 0
    assert (await stage.row(second)).state is RowState.UNCERTAIN
    assert (await other.row(theirs)).state is RowState.UNCERTAIN


async def test_a_person_drops_a_doubt(stage: Stage) -> None:
    """At once, for good, and the money stays held: it may have rung."""
    ref = (await stage.claim(reserved=PRICE)).ref
    await stage.settle(ref, Verdict.UNCERTAIN)
    assert await stage.drop(ref) == 1
    assert (await stage.row(ref)).state is RowState.DROPPED
    assert await stage.drop(ref) == 0
    assert await stage.redial(ref) == 0
    assert (await stage.journal.money(stage.campaign)).held == PRICE


async def test_a_person_redials_once(stage: Stage) -> None:
    """The second time there is nothing uncertain left."""
    ref = await stage.attempt(Verdict.UNCERTAIN)
    assert (await stage.redial(ref), await stage.redial(ref)) == (1, 0)


async def test_a_finished_campaign_goes_on_for_a_person(journal: Journal, time: Time) -> None:
    """A redial makes it ready again, a drop and a redial of nobody do not."""
    stage = await staged(journal, time, 2)
    refs = [await stage.attempt(Verdict.UNCERTAIN) for _ in range(2)]
    assert await journal.finish(stage.campaign) is True
    await stage.redial(refs[0], after_seconds=0)
    await stage.drop(refs[0])
    assert (await journal.campaign(NAME)).state is CampaignState.FINISHED
    await stage.redial(refs[1])
    campaign = await journal.campaign(NAME)
    assert (campaign.state, campaign.finished_at) == (CampaignState.READY, None)
    assert (await stage.claim()).ref == Ref(refs[1].recipient, 2)


async def test_a_cancelled_campaign_can_be_cleared_up(stage: Stage) -> None:
    """Its doubts may be dropped; nobody of it is dialled again."""
    refs = [await stage.attempt(Verdict.UNCERTAIN) for _ in range(2)]
    await stage.apply(Cancel(NAME))
    with pytest.raises(InvalidRequest) as caught:
        await stage.redial(refs[0])
    assert str(caught.value) == "the campaign 'spring' is cancelled: it dials nobody again"
    assert await stage.drop(*refs) == 2
    assert await stage.states() == ["dropped", "dropped", "skipped"]
