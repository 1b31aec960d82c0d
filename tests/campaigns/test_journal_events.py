"""Events: early, twice, out of order or contradictory, each tells what it can and no more."""

import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.commands import RecordEvent, command_to_json
from alphasms_async.campaigns.events import CallEvent, Recorded, Ref
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.records import CampaignState
from alphasms_async.campaigns.sqlite import MemoryJournal
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import InvalidRequest
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, NOON, PRICE, Stage, Time, redialing, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ANNA, BORYS, _ = phones(3)
ID = 100500
ANSWERED: dict[str, Any] = {"seconds": 12, "digits": "7"}
OUTCOMES = [one for one in CallOutcome if one is not CallOutcome.UNKNOWN]


async def accepted(stage: Stage, id: int = ID) -> Ref:
    return await stage.attempt(Verdict.ACCEPTED, gateway_id=id)


async def kept_instead(stage: Stage, event: str) -> None:
    """Write into the database what the journal itself would not: what it kept of every event."""
    connection: Any = vars(stage.journal)["_connection"].opened
    if isinstance(stage.journal, PostgresJournal):
        connection.execute("update alphasms.early_event set event = %s", [event])
    else:
        connection.execute("update early_event set event = ?", [event])


async def told(stage: Stage, ref: Ref) -> tuple[Any, ...]:
    """Return where a row stands, and what is known of its call."""
    row = await stage.row(ref)
    return row.state, row.outcome, row.seconds, row.digits


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("by_id", [False, True])
async def test_an_event_ends_the_call(stage: Stage, outcome: CallOutcome, *, by_id: bool) -> None:
    """Found by its reference or by the gateway's id, it tells outcome, length, keys and moment."""
    ref = await accepted(stage)
    named: dict[str, Any] = {"id": ID} if by_id else {"ref": ref}
    stage.time.forward(30)
    assert await stage.event(outcome, **named, **ANSWERED) is Recorded.CHANGED
    assert await told(stage, ref) == (RowState.DONE, outcome, 12, "7")
    assert (await stage.row(ref)).told_at == NOON + timedelta(seconds=30)
    assert (await stage.ledger())[ref].outcome is outcome
    assert await stage.states() == ["done", "planned", "planned"]


async def test_an_event_says_when_it_came(stage: Stage) -> None:
    """Its own moment counts, not the one it is written at."""
    ref = await accepted(stage)
    at = NOON - timedelta(minutes=5)
    await stage.event(CallOutcome.BUSY, ref, at=at)
    assert (await stage.row(ref)).told_at == at


async def test_an_event_before_the_answer_ends_the_call(stage: Stage) -> None:
    """With a reference it is known whose it is while the request is still in flight."""
    ref = (await stage.claim()).ref
    assert await stage.event(CallOutcome.ANSWERED, ref, id=ID) is Recorded.CHANGED
    assert (await stage.row(ref)).gateway_id == ID
    assert await stage.settle(ref, Verdict.ACCEPTED, gateway_id=ID) is RowState.DONE


async def test_an_early_event_waits_for_its_call(stage: Stage) -> None:
    """With an id alone it is kept until an answer brings that id."""
    assert await stage.event(CallOutcome.ANSWERED, id=ID, **ANSWERED) is Recorded.EARLY
    ref = (await stage.claim()).ref
    assert await told(stage, ref) == (RowState.DIALING, None, None, None)
    state = await stage.settle(ref, Verdict.ACCEPTED, gateway_id=ID, price=PRICE)
    assert state is RowState.DONE
    assert await told(stage, ref) == (RowState.DONE, CallOutcome.ANSWERED, 12, "7")
    assert await stage.event(CallOutcome.ANSWERED, id=ID, **ANSWERED) is Recorded.DUPLICATE


async def test_an_early_event_keeps_its_moment(stage: Stage) -> None:
    """However long its answer takes, it came when it came."""
    at = NOON - timedelta(seconds=1)
    await stage.event(CallOutcome.BUSY, id=ID, at=at)
    ref = await accepted(stage)
    assert (await stage.row(ref)).told_at == at


async def test_early_events_add_up(stage: Stage) -> None:
    """Two of them are told together, and one that tells nothing new takes nothing away."""
    assert await stage.event(CallOutcome.UNKNOWN, id=ID, digits="7") is Recorded.EARLY
    assert await stage.event(CallOutcome.ANSWERED, id=ID, seconds=12) is Recorded.EARLY
    assert await stage.event(CallOutcome.ANSWERED, id=ID) is Recorded.DUPLICATE
    ref = await accepted(stage)
    assert await told(stage, ref) == (RowState.DONE, CallOutcome.ANSWERED, 12, "7")


async def test_an_early_event_of_another_call_stays_early(stage: Stage) -> None:
    """Only the answer with its own id takes it."""
    await stage.event(CallOutcome.BUSY, id=ID)
    other = await accepted(stage, ID + 1)
    assert await told(stage, other) == (RowState.ACCEPTED, None, None, None)
    own = await accepted(stage, ID)
    assert await told(stage, own) == (RowState.DONE, CallOutcome.BUSY, None, None)


async def test_an_early_event_of_another_phone_is_let_go(stage: Stage) -> None:
    """When the answer with its id is for somebody else, it tells nothing of that call."""
    await stage.event(CallOutcome.BUSY, id=ID, phone=BORYS)
    ref = await accepted(stage)
    assert await told(stage, ref) == (RowState.ACCEPTED, None, None, None)


@pytest.mark.parametrize("early", [False, True])
async def test_the_same_event_twice_changes_nothing(stage: Stage, *, early: bool) -> None:
    """A gateway that tries again is heard once."""
    ref = None if early else await accepted(stage)
    await stage.event(CallOutcome.ANSWERED, id=ID, **ANSWERED)
    stage.time.forward(60)
    again = await stage.event(CallOutcome.ANSWERED, id=ID, **ANSWERED)
    assert again is Recorded.DUPLICATE
    ref = ref or await accepted(stage)
    assert await told(stage, ref) == (RowState.DONE, CallOutcome.ANSWERED, 12, "7")
    assert (await stage.row(ref)).told_at == NOON


async def test_an_outcome_never_goes_back(stage: Stage) -> None:
    """What was told first holds; what comes out of order may only add what was not known."""
    ref = await accepted(stage)
    await stage.event(CallOutcome.ANSWERED, ref)
    assert await stage.event(CallOutcome.NO_ANSWER, ref, seconds=5) is Recorded.CHANGED
    assert await stage.event(CallOutcome.BUSY, ref, seconds=9) is Recorded.DUPLICATE
    assert await told(stage, ref) == (RowState.DONE, CallOutcome.ANSWERED, 5, None)


async def test_keys_may_come_later(stage: Stage) -> None:
    """An event with the keys pressed adds them to the outcome, and no later one takes them off."""
    ref = await accepted(stage)
    for digits in (None, "", "1", "2", None):
        await stage.event(CallOutcome.ANSWERED, ref, digits=digits)
    assert await told(stage, ref) == (RowState.DONE, CallOutcome.ANSWERED, None, "1")


async def test_a_word_nobody_knows_gives_way_to_one_that_says_something(stage: Stage) -> None:
    """It is kept, and moves an accepted call nowhere, until the outcome is told."""
    ref = await accepted(stage)
    assert await stage.event(CallOutcome.UNKNOWN, ref, raw="RINGING") is Recorded.CHANGED
    assert await told(stage, ref) == (RowState.ACCEPTED, CallOutcome.UNKNOWN, None, None)
    assert await stage.event(CallOutcome.UNKNOWN, ref) is Recorded.DUPLICATE
    assert await stage.event(CallOutcome.BUSY, ref) is Recorded.CHANGED
    assert await stage.event(CallOutcome.UNKNOWN, ref) is Recorded.DUPLICATE
    assert await told(stage, ref) == (RowState.DONE, CallOutcome.BUSY, None, None)


@pytest.mark.parametrize("state", [RowState.DIALING, RowState.UNCERTAIN])
async def test_a_word_nobody_knows_proves_a_call(stage: Stage, state: RowState) -> None:
    """There was a call: the row is accepted, whatever its request still tells."""
    ref = await stage.bring(state)
    assert await stage.event(CallOutcome.UNKNOWN, ref) is Recorded.CHANGED
    assert (await stage.row(ref)).state is RowState.ACCEPTED
    assert await stage.settle(ref, Verdict.UNCERTAIN) is RowState.ACCEPTED


@pytest.mark.parametrize("outcome", CallOutcome)
async def test_an_event_settles_a_doubt(stage: Stage, outcome: CallOutcome) -> None:
    """An uncertain attempt of which an event tells did ring; nobody has to decide that."""
    ref = await stage.attempt(Verdict.UNCERTAIN)
    await stage.event(outcome, ref)
    expected = RowState.ACCEPTED if outcome is CallOutcome.UNKNOWN else RowState.DONE
    assert await told(stage, ref) == (expected, outcome, None, None)


@pytest.mark.parametrize("outcome", CallOutcome)
async def test_an_event_comes_after_a_redial_was_decided(
    stage: Stage, outcome: CallOutcome
) -> None:
    """It rang after all, so whoever waits to be dialled again is not."""
    ref = await stage.attempt(Verdict.UNCERTAIN)
    await stage.redial(ref)
    assert (await stage.row(ref)).state is RowState.PLANNED
    assert await stage.event(outcome, ref) is Recorded.CHANGED
    assert await told(stage, ref) == (RowState.DONE, outcome, None, None)


async def test_an_event_of_an_older_attempt_is_told_in_the_ledger(stage: Stage) -> None:
    """The row goes on with its latest attempt."""
    first = await stage.attempt(Verdict.UNCERTAIN)
    await stage.redial(first)
    second = (await stage.claim()).ref
    assert await stage.event(CallOutcome.ANSWERED, first, digits="9") is Recorded.CHANGED
    assert await told(stage, second) == (RowState.DIALING, None, None, None)
    ledger = await stage.ledger()
    assert (ledger[first].outcome, ledger[second].outcome) == (CallOutcome.ANSWERED, None)
    assert (await stage.journal.tally(stage.campaign)).digits == {"9": 1}


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.NOT_SENT, Verdict.PUT_BACK])
async def test_no_event_belongs_to_an_attempt_that_did_not_ring(
    stage: Stage, verdict: Verdict
) -> None:
    """What is proven is not overthrown by a body that says otherwise."""
    ref = await stage.attempt(verdict)
    before = await told(stage, ref)
    assert await stage.event(CallOutcome.ANSWERED, ref) is Recorded.CONTRADICTED
    assert await told(stage, ref) == before


@pytest.mark.parametrize(
    "wrong",
    [{"id": ID + 1}, {"phone": BORYS}, {"id": ID + 1, "phone": ANNA}, {"id": ID, "phone": BORYS}],
    ids=str,
)
async def test_an_event_that_contradicts_its_row_changes_nothing(
    stage: Stage, wrong: dict[str, Any]
) -> None:
    """Another id or another phone than those of the attempt: it is about something else."""
    ref = await accepted(stage)
    assert await stage.event(CallOutcome.ANSWERED, ref, **wrong) is Recorded.CONTRADICTED
    assert await told(stage, ref) == (RowState.ACCEPTED, None, None, None)


async def test_an_event_with_the_right_id_and_phone_is_taken(stage: Stage) -> None:
    """Both may stand beside the reference."""
    ref = await accepted(stage)
    recorded = await stage.event(CallOutcome.ANSWERED, ref, id=ID, phone=ANNA)
    assert recorded is Recorded.CHANGED


async def test_an_event_for_nobody_changes_nothing(stage: Stage) -> None:
    """A reference the journal does not know, or an attempt not made yet, or nothing to go by."""
    ref = await accepted(stage)
    for nobody in (Ref(10**6, 1), Ref(ref.recipient, 2), Ref(ref.recipient + 1, 1)):
        assert await stage.event(CallOutcome.ANSWERED, nobody) is Recorded.CONTRADICTED
    assert await stage.event(CallOutcome.ANSWERED) is Recorded.CONTRADICTED
    assert await stage.states() == ["accepted", "planned", "planned"]


@pytest.mark.parametrize(
    "unheard",
    [
        *({"id": 2**63}, {"seconds": 2**63}, {"id": -(2**70)}, {"digits": "\ud800"}),
        *({"ref": Ref(2**70, 1)}, {"ref": Ref(1, -(2**70))}),
    ],
    ids=["id", "seconds", "negative", "digits", "recipient", "attempt"],
)
async def test_an_event_that_nobody_can_write_down_changes_nothing(
    stage: Stage, unheard: dict[str, Any]
) -> None:
    """Values beyond all bounds are no event of ours, and the journal goes on."""
    ref = await accepted(stage)
    facts: dict[str, Any] = {"ref": ref, **unheard}
    recorded = await stage.journal.record(CallEvent(outcome=CallOutcome.ANSWERED, **facts))
    assert recorded is Recorded.CONTRADICTED
    assert await told(stage, ref) == (RowState.ACCEPTED, None, None, None)
    await stage.claim()


KEPT = {
    "no JSON": "{",
    "too deep": "[" * 100_000,
    "no command": "null",
    "another command": '{"do": "pause", "campaign": "spring"}',
    "a newer one": '{"do": "sing"}',
    "half a second": '{"do": "record_event", "event": {"outcome": "busy", "seconds": 1.5}}',
    "beyond all bounds": json.dumps(
        command_to_json(RecordEvent(CallEvent(outcome=CallOutcome.BUSY, id=ID, seconds=2**70)))
    ),
}


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
async def test_what_was_kept_and_cannot_be_read_harms_no_call(stage: Stage, kept: str) -> None:
    """The call that it waits for is settled, and its next event is taken."""
    await stage.event(CallOutcome.BUSY, id=ID)
    await kept_instead(stage, kept)
    ref = (await stage.claim()).ref
    assert await stage.settle(ref, Verdict.ACCEPTED, gateway_id=ID) is RowState.ACCEPTED
    assert await stage.event(CallOutcome.BUSY, id=ID) is Recorded.CHANGED
    assert (await stage.row(ref)).state is RowState.DONE


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
async def test_what_was_kept_and_cannot_be_read_gives_way(stage: Stage, kept: str) -> None:
    """Another event of the same call takes its place."""
    await stage.event(CallOutcome.BUSY, id=ID)
    await kept_instead(stage, kept)
    assert await stage.event(CallOutcome.ANSWERED, id=ID, **ANSWERED) is Recorded.EARLY
    ref = await accepted(stage)
    assert await told(stage, ref) == (RowState.DONE, CallOutcome.ANSWERED, 12, "7")


WHOLE = st.integers(-(2**70), 2**70)
EVENTS = st.fixed_dictionaries(
    {"outcome": st.sampled_from(CallOutcome), "id": st.sampled_from([ID, ID + 1, None]) | WHOLE},
    optional={
        "ref": st.none() | st.builds(Ref, st.integers(0, 3) | WHOLE, st.integers(0, 2) | WHOLE),
        "phone": st.sampled_from([None, ANNA, BORYS, ""]) | st.text(),
        "seconds": st.none() | WHOLE,
        "digits": st.none() | st.text(),
        "raw": st.text(),
        "at": st.none() | st.datetimes(timezones=st.timezones()),
    },
)


@settings(max_examples=100)
@given(events=st.lists(EVENTS, min_size=1, max_size=4))
async def test_no_event_keeps_a_call_from_being_settled(events: list[dict[str, Any]]) -> None:
    """Whatever comes early, an accepted call is settled, and the journal goes on."""
    async with MemoryJournal(clock=Time()) as journal:
        stage = await staged(journal, Time(), **redialing())
        ref = (await stage.claim()).ref
        for facts in events:
            with suppress(InvalidRequest):
                await journal.record(CallEvent(**facts))
        state = await stage.settle(ref, Verdict.ACCEPTED, gateway_id=ID)
        assert state in {RowState.ACCEPTED, RowState.DONE, RowState.PLANNED}
        assert (await stage.row(ref)).state is state
        await stage.claim()


async def test_an_id_that_came_twice_is_the_later_call(stage: Stage) -> None:
    """A gateway that counts anew means the call it accepted last."""
    first = await accepted(stage)
    stage.time.forward(60)
    second = await accepted(stage)
    await stage.event(CallOutcome.BUSY, id=ID)
    assert await told(stage, first) == (RowState.ACCEPTED, None, None, None)
    assert await told(stage, second) == (RowState.DONE, CallOutcome.BUSY, None, None)


async def test_an_event_of_a_finished_campaign_is_taken(stage: Stage) -> None:
    """Calls end after the last of them was queued; without a redial it stays finished."""
    refs = [await accepted(stage, ID + number) for number in range(3)]
    await stage.journal.finish(stage.campaign)
    await stage.event(CallOutcome.NO_ANSWER, refs[0])
    assert await stage.states() == ["done", "accepted", "accepted"]
    assert (await stage.journal.campaign(NAME)).state is CampaignState.FINISHED


@pytest.mark.parametrize("later", [Verdict.NOT_SENT, Verdict.PUT_BACK])
async def test_an_event_is_proof_also_after_a_redial_that_never_left(
    stage: Stage, later: Verdict
) -> None:
    """The first attempt rang after all, and nothing was sent since: nobody dials once more."""
    first = await stage.attempt(Verdict.UNCERTAIN)
    await stage.redial(first)
    await stage.attempt(later)
    assert (await stage.row(first)).state is RowState.PLANNED
    await stage.event(CallOutcome.ANSWERED, first)
    assert (await stage.row(first)).state is RowState.DONE
