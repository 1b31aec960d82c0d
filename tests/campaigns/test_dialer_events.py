"""What the gateway tells of calls while they are dialled, and who is called again for it."""

from typing import Any

import anyio
import pytest

from alphasms_async.campaigns.events import CallEvent, Recorded, Ref
from alphasms_async.campaigns.progress import Hold
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.states import Verdict
from alphasms_async.models import CallOutcome
from tests.campaigns.dialers import Desk, Gateway, Wall, desk, lost, numbered
from tests.campaigns.virtual import virtual
from tests.doubles import Answer, accepted, phones, refused

pytestmark = pytest.mark.anyio

ANSWERED, NO_ANSWER, BUSY = CallOutcome.ANSWERED, CallOutcome.NO_ANSWER, CallOutcome.BUSY
FIRST = Ref(1, 1)


def event(outcome: CallOutcome, ref: Ref | None = FIRST, **facts: Any) -> CallEvent:
    return CallEvent(outcome=outcome, ref=ref, **facts)


async def told_in_flight(ready: Desk, gateway: Gateway, *events: CallEvent) -> list[Recorded]:
    """Dial one recipient, and tell these while its answer is on its way."""
    recorded: list[Recorded] = []
    gateway.seconds = 1
    async with anyio.create_task_group() as group:
        group.start_soon(ready.dial, gateway)
        await anyio.sleep(0.5)
        for one in events:
            recorded.append(await ready.journal.record(one))  # noqa: PERF401 - one after another
    return recorded


@pytest.mark.parametrize("answer", [accepted, lost])
@virtual
async def test_an_event_may_come_before_the_answer(answer: Answer) -> None:
    """The row is done, and stays so whatever the answer is, or if none comes."""
    async with desk(1) as ready:
        recorded = await told_in_flight(ready, Gateway(answer), event(ANSWERED, digits="7"))
        (row,) = await ready.rows()
        run = await ready.dial()
    assert recorded == [Recorded.CHANGED]
    assert (str(row.state), row.outcome, row.digits) == ("done", ANSWERED, "7")
    assert run.is_finished


@virtual
async def test_an_event_of_an_id_nobody_knows_yet_is_kept_for_the_answer() -> None:
    """One that names no attempt finds it as soon as the answer tells the id."""
    async with desk(1) as ready:
        gateway = Gateway(then=numbered)
        recorded = await told_in_flight(ready, gateway, event(BUSY, None, id=1_000_000))
        (row,) = await ready.rows()
    assert recorded == [Recorded.EARLY]
    assert (str(row.state), row.outcome, row.gateway_id) == ("done", BUSY, 1_000_000)


@virtual
async def test_an_event_twice_changes_nothing_the_second_time() -> None:
    """Not in flight, and not after the answer."""
    async with desk(1) as ready:
        recorded = await told_in_flight(ready, Gateway(), event(ANSWERED), event(ANSWERED))
        recorded.append(await ready.journal.record(event(ANSWERED)))
        assert await ready.states() == ["done"]
    assert recorded == [Recorded.CHANGED, Recorded.DUPLICATE, Recorded.DUPLICATE]


@virtual
async def test_events_out_of_order_end_in_the_first_outcome() -> None:
    """A later one adds what it knows, and never takes the outcome back."""
    unknown = event(CallOutcome.UNKNOWN, raw="RINGING")
    events = [event(ANSWERED, seconds=20), unknown, event(NO_ANSWER, digits="1")]
    async with desk(1) as ready:
        recorded = await told_in_flight(ready, Gateway(), *events)
        (row,) = await ready.rows()
    assert recorded == [Recorded.CHANGED, Recorded.DUPLICATE, Recorded.CHANGED]
    assert (row.outcome, row.seconds, row.digits) == (ANSWERED, 20, "1")


@pytest.mark.parametrize("outcome", [ANSWERED, CallOutcome.UNKNOWN])
async def test_an_event_settles_what_is_uncertain(outcome: CallOutcome) -> None:
    """It proves the call whose answer was lost, and nobody is called again."""
    async with desk(1, Gateway(lost)) as ready:
        await ready.dial()
        assert await ready.states() == ["uncertain"]
        await ready.journal.record(event(outcome))
        expected = "done" if outcome is ANSWERED else "accepted"
        assert await ready.states() == [expected]
        gateway = Gateway()
        await ready.dial(gateway)
    assert gateway.asked == 0


async def test_an_event_of_another_phone_changes_nothing() -> None:
    """Nor does one of another id than the answer told."""
    async with desk(1, Gateway(then=numbered)) as ready:
        await ready.dial()
        for wrong in (event(BUSY, phone=phones(2)[1]), event(BUSY, id=5)):
            assert await ready.journal.record(wrong) is Recorded.CONTRADICTED
        assert await ready.states() == ["accepted"]


async def tell_of_all(ready: Desk, outcome: CallOutcome) -> int:
    """Tell how every call ended of which nobody told yet; return how many that were."""
    new = [
        one.ref
        for one in await ready.ledger()
        if one.verdict is Verdict.ACCEPTED and one.outcome is None
    ]
    for ref in new:
        assert await ready.journal.record(event(outcome, ref)) is Recorded.CHANGED
    return len(new)


@pytest.mark.parametrize("outcome", [NO_ANSWER, BUSY])
@virtual
async def test_whoever_was_not_reached_is_called_again(outcome: CallOutcome) -> None:
    """After the delay, and so many times more at most; then the campaign is finished."""
    gateway = Gateway()
    async with desk(2, gateway, redial=RedialPolicy(2, 90.0)) as ready:
        told: list[int] = []
        for _ in range(5):
            run = await ready.dial()
            assert run.is_finished
            told.append(await tell_of_all(ready, outcome))
        assert await ready.counts() == {"done": 2}
    assert told == [2, 2, 2, 0, 0]
    assert gateway.gaps == [0, 90, 0, 90, 0]
    assert gateway.rings == dict.fromkeys(phones(2), 3)


@virtual
async def test_whoever_was_reached_is_not_called_again() -> None:
    """Neither one who answered, nor one who was busy where only the silent are called again."""
    policy = RedialPolicy(2, 90.0, ["no_answer"])
    gateway = Gateway()
    async with desk(2, gateway, redial=policy) as ready:
        await ready.dial()
        await ready.journal.record(event(ANSWERED, Ref(1, 1)))
        await ready.journal.record(event(BUSY, Ref(2, 1)))
        await ready.dial()
        assert await ready.counts() == {"done": 2}
    assert gateway.asked == 2


@virtual
async def test_a_run_that_goes_on_calls_again_by_itself() -> None:
    """Who was not reached while others are dialled gets the next call in the same run."""
    gateway = Gateway(seconds=80)
    async with desk(2, gateway, redial=RedialPolicy(1, 90.0), concurrency=2) as ready:
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial)
            await anyio.sleep(90)
            assert await tell_of_all(ready, NO_ANSWER) == 1
            progress = ready.dialers[-1].progress
            await anyio.sleep(80)
            assert progress.hold is Hold.RESTING
        assert await ready.states() == ["accepted", "accepted"]
    assert gateway.gaps == [80, pytest.approx(100, abs=0.3)]
    assert gateway.rings == {phones(2)[0]: 2, phones(2)[1]: 1}


@virtual
async def test_a_run_that_does_not_wait_leaves_the_next_call_for_later() -> None:
    """It stops, says so, and another run after the delay makes the call."""
    gateway = Gateway()
    async with desk(1, gateway, redial=RedialPolicy(1, 3600.0)) as ready:
        await ready.dial()
        await tell_of_all(ready, NO_ANSWER)
        run = await ready.dial(wait=False)
        assert (str(run.halt), gateway.asked) == (
            "stopped instead of waiting: the rest is due later",
            1,
        )
        wall = ready.clock
        assert isinstance(wall, Wall)
        wall.jump(hours=1)
        run = await ready.dial(wait=False)
    assert (run.halt, run.is_finished, gateway.asked) == (None, True, 2)


@virtual
async def test_a_late_answer_of_an_older_call_moves_nothing() -> None:
    """The row follows the latest call; what the older one was told is in the ledger."""
    gateway = Gateway(accepted, refused("Operator not supported"), then=numbered)
    async with desk(2, gateway, redial=RedialPolicy(1, 60.0), per_second=1) as ready:
        async with anyio.create_task_group() as group:
            group.start_soon(ready.dial)
            await anyio.sleep(0.5)
            gateway.seconds = 80
            await anyio.sleep(1)
            # Proven to have rung, so the next call is made when it is due.
            await ready.journal.record(event(NO_ANSWER, Ref(2, 1)))
            gateway.seconds = 40
            await anyio.sleep(88)
            assert (await ready.states())[1] == "dialing"
        _, row = await ready.rows()
        ledger = {one.ref: one.verdict for one in await ready.ledger() if one.ref.recipient == 2}
    assert gateway.gaps == [1, pytest.approx(60.5, abs=1)]
    assert (str(row.state), row.attempts, row.gateway_id) == ("accepted", 2, 1_000_001)
    assert ledger == {Ref(2, 1): Verdict.REFUSED, Ref(2, 2): Verdict.ACCEPTED}
