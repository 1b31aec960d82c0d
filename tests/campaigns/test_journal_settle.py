"""Answers: what each does to a row, and what an answer that comes too late does not."""

from datetime import timedelta

import pytest

from alphasms_async.campaigns.commands import Cancel
from alphasms_async.campaigns.events import Recorded, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.states import Cause, RowState, SkipReason, Verdict, next_state
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, NOON, PRICE, Stage, Time, redialing, staged

pytestmark = pytest.mark.anyio

PROOFS = (Verdict.NOT_SENT, Verdict.PUT_BACK)
KNOWN = {
    RowState.PLANNED: Verdict.NOT_SENT,
    RowState.ACCEPTED: Verdict.ACCEPTED,
    RowState.REFUSED: Verdict.REFUSED,
    RowState.SKIPPED: Verdict.NOT_SENT,
}
"""How the latest attempt ended in those states that say so once and for all."""


@pytest.mark.parametrize("state", RowState)
@pytest.mark.parametrize("verdict", Verdict)
async def test_an_answer_moves_its_row_where_the_table_says(
    stage: Stage, state: RowState, verdict: Verdict
) -> None:
    """From every state, by every verdict; the state it returns is the row's."""
    ref = await stage.bring(state)
    if state is RowState.PLANNED:
        # One whose attempt is proven is moved by no answer: it waits because of a person here.
        ref = (await stage.claim()).ref
        await stage.settle(ref, Verdict.UNCERTAIN)
        await stage.redial(ref)
    told = await stage.settle(ref, verdict)
    assert told is (next_state(state, Cause(verdict)) or state)
    assert (await stage.row(ref)).state is told


@pytest.mark.parametrize("state", KNOWN)
@pytest.mark.parametrize("verdict", Verdict)
async def test_what_an_attempt_came_to_is_told_once(
    stage: Stage, state: RowState, verdict: Verdict
) -> None:
    """A verdict in the ledger that is no doubt is never written over."""
    ref = await stage.bring(state)
    await stage.settle(ref, verdict, price=PRICE, error="told later")
    attempt = (await stage.ledger())[ref]
    assert (attempt.verdict, attempt.price, attempt.error) == (KNOWN[state], None, None)


async def test_an_accepted_call_keeps_what_the_gateway_said(stage: Stage) -> None:
    """Id, price and moment stand beside the row and in the ledger."""
    ref = (await stage.claim(client_id=7, reserved=PRICE)).ref
    stage.time.forward(2)
    await stage.settle(ref, Verdict.ACCEPTED, gateway_id=100500, price=PRICE)
    row, attempt = await stage.row(ref), (await stage.ledger())[ref]
    assert (row.gateway_id, row.client_id, str(row.price)) == (100500, 7, "0.40")
    assert (attempt.verdict, str(attempt.price), attempt.error) == ("accepted", "0.40", None)
    assert attempt.settled_at == NOON + timedelta(seconds=2)


async def test_a_refusal_keeps_its_reason(stage: Stage) -> None:
    """Whoever was refused says why, in the row and in the ledger."""
    ref = await stage.attempt(Verdict.REFUSED, error="the gateway said no")
    assert (await stage.row(ref)).error == "the gateway said no"
    assert (await stage.ledger())[ref].error == "the gateway said no"


@pytest.mark.parametrize("proof", PROOFS)
async def test_a_proof_gives_the_row_back(stage: Stage, proof: Verdict) -> None:
    """Nothing rang, so it is dialled again under the next number."""
    first = await stage.attempt(proof, error="the line was down")
    second = (await stage.claim()).ref
    assert second == Ref(first.recipient, 2)
    assert (await stage.ledger())[first].error == "the line was down"


@pytest.mark.parametrize("proof", PROOFS)
async def test_a_cancelled_campaign_takes_nobody_back(stage: Stage, proof: Verdict) -> None:
    """Whoever was in flight when it was cancelled and never left is skipped like the rest."""
    ref = (await stage.claim()).ref
    await stage.apply(Cancel(NAME))
    assert await stage.settle(ref, proof) is RowState.SKIPPED
    row = await stage.row(ref)
    assert (row.state, row.reason) == (RowState.SKIPPED, SkipReason.CANCELLED)
    assert await stage.journal.finish(stage.campaign) is True


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REFUSED])
async def test_a_late_answer_settles_an_uncertain_row(stage: Stage, verdict: Verdict) -> None:
    """The truth of the same attempt takes the place of the doubt, in the ledger too."""
    ref = await stage.attempt(Verdict.UNCERTAIN, error="no answer came")
    assert await stage.settle(ref, verdict, gateway_id=100500, price=PRICE) is RowState(verdict)
    attempt = (await stage.ledger())[ref]
    assert (attempt.verdict, attempt.price, attempt.error) == (verdict, PRICE, None)


@pytest.mark.parametrize("verdict", PROOFS)
async def test_a_late_proof_does_not_settle_an_uncertain_row(
    stage: Stage, verdict: Verdict
) -> None:
    """That it was not sent is for a person to decide: it stays uncertain, with all it holds."""
    ref = (await stage.claim(reserved=PRICE)).ref
    await stage.settle(ref, Verdict.UNCERTAIN)
    assert await stage.settle(ref, verdict) is RowState.UNCERTAIN
    assert (await stage.ledger())[ref].verdict is Verdict.UNCERTAIN
    assert (await stage.journal.money(stage.campaign)).held == PRICE
    assert await stage.event(CallOutcome.ANSWERED, ref) is Recorded.CHANGED
    assert (await stage.row(ref)).state is RowState.DONE


@pytest.mark.parametrize("verdict", Verdict)
async def test_an_older_attempt_moves_nothing(stage: Stage, verdict: Verdict) -> None:
    """After a person's redial, whatever the first attempt tells leaves the second alone."""
    first = await stage.attempt(Verdict.UNCERTAIN)
    assert await stage.redial(first) == 1
    second = (await stage.claim()).ref
    assert second == Ref(first.recipient, 2)
    assert await stage.settle(first, verdict, error="late") is RowState.DIALING
    assert (await stage.row(first)).state is RowState.DIALING
    assert await stage.settle(second, Verdict.REFUSED) is RowState.REFUSED


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.UNCERTAIN])
async def test_an_older_attempt_is_told_in_the_ledger(stage: Stage, verdict: Verdict) -> None:
    """What it came to, and what it cost, is known although it moves nothing."""
    first = await stage.attempt(Verdict.UNCERTAIN)
    await stage.redial(first)
    second = (await stage.claim()).ref
    await stage.settle(first, verdict, price=PRICE, error="late")
    ledger = await stage.ledger()
    assert (ledger[first].verdict, ledger[first].price) == (verdict, PRICE)
    assert ledger[first].error == "late"
    assert (ledger[second].verdict, ledger[second].price) == (None, None)
    assert (await stage.row(first)).price is None


async def test_an_older_attempt_does_not_end_a_rest(stage: Stage) -> None:
    """A row that was put back for some time is not woken by what an older attempt says."""
    first = await stage.attempt(Verdict.UNCERTAIN)
    await stage.redial(first)
    second = await stage.attempt(Verdict.PUT_BACK, rest_seconds=60)
    assert second.recipient == first.recipient
    await stage.settle(first, Verdict.NOT_SENT)
    assert (await stage.claim()).ref.recipient != first.recipient


async def test_a_call_that_was_told_done_keeps_its_answer(stage: Stage) -> None:
    """When the event is quicker than the answer, the answer still brings id and price."""
    ref = (await stage.claim(reserved=PRICE)).ref
    await stage.event(CallOutcome.ANSWERED, ref, seconds=9)
    assert await stage.settle(ref, Verdict.ACCEPTED, gateway_id=9, price=PRICE) is RowState.DONE
    row, attempt = await stage.row(ref), (await stage.ledger())[ref]
    assert (row.gateway_id, row.price, row.seconds) == (9, PRICE, 9)
    assert (attempt.verdict, attempt.outcome) == (Verdict.ACCEPTED, CallOutcome.ANSWERED)


async def test_an_answer_of_one_row_leaves_the_others(stage: Stage) -> None:
    """Only the row of the attempt is moved."""
    refs = [(await stage.claim()).ref for _ in range(3)]
    await stage.settle(refs[1], Verdict.ACCEPTED)
    assert await stage.states() == ["dialing", "accepted", "dialing"]


@pytest.mark.parametrize("later", [None, Verdict.NOT_SENT, Verdict.PUT_BACK])
async def test_a_late_acceptance_is_proof_after_a_redial_was_decided(
    stage: Stage, later: Verdict | None
) -> None:
    """The gateway had it after all: whoever waits to be dialled again is not."""
    first = await stage.attempt(Verdict.UNCERTAIN)
    await stage.redial(first)
    if later is not None:
        await stage.attempt(later)
    assert await stage.settle(first, Verdict.ACCEPTED) is RowState.ACCEPTED
    assert (await stage.row(first)).state is RowState.ACCEPTED


async def test_a_proven_attempt_is_not_accepted_afterwards(stage: Stage) -> None:
    """What never left stays so, whatever is told of it later."""
    ref = await stage.attempt(Verdict.NOT_SENT)
    assert await stage.settle(ref, Verdict.ACCEPTED) is RowState.PLANNED


async def test_a_late_acceptance_does_not_end_the_redial_of_somebody_not_reached(
    journal: Journal, time: Time
) -> None:
    """That the call took place was known, and it reached nobody: the policy's call stays due."""
    stage = await staged(journal, time, 1, **redialing())
    ref = await stage.attempt(Verdict.UNCERTAIN)
    await stage.event(CallOutcome.NO_ANSWER, ref)
    assert await stage.settle(ref, Verdict.ACCEPTED) is RowState.PLANNED
