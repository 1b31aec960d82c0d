"""Outcomes that are asked for where no webhook can come: a final status is one, nothing else."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from alphasms_async import AlphaSMS, GatewayUnavailable, InvalidRequest, JournalError
from alphasms_async.campaigns import (
    CallEvent,
    CallOutcome,
    Journal,
    MemoryJournal,
    Polled,
    Recorded,
    Ref,
    RowState,
    SqliteJournal,
    Verdict,
    poll,
)
from tests.campaigns.journals import NAME, NOON, Stage, Time, ended, redialing, staged
from tests.campaigns.letters import waiting
from tests.campaigns.statuses import asked_in, delivering, meanwhile, telling
from tests.doubles import KEY, Answer, FakeGateway, saying

pytestmark = pytest.mark.anyio

ID = 100500
ANSWERED, NO_ANSWER, FAILED = CallOutcome.ANSWERED, CallOutcome.NO_ANSWER, CallOutcome.FAILED


async def ask(journal: Journal, gateway: httpx.AsyncBaseTransport, name: str = NAME) -> Polled:
    async with AlphaSMS(KEY, transport=gateway, max_retries=0) as alphasms:
        return await poll(alphasms, journal, name)


async def answered(journal: Journal, answer: Answer) -> Polled:
    return await ask(journal, FakeGateway(answer))


async def accept(stage: Stage, count: int = 1) -> list[Ref]:
    """Have so many calls accepted, under one id after the other."""
    return [
        await stage.attempt(Verdict.ACCEPTED, gateway_id=ID + number) for number in range(count)
    ]


async def told(stage: Stage, ref: Ref) -> tuple[Any, ...]:
    row = await stage.row(ref)
    return row.state, row.outcome, row.seconds, row.digits


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("102", ANSWERED), ("103", NO_ANSWER), ("105", NO_ANSWER), ("104", FAILED), ("108", FAILED)],
)
async def test_a_final_status_is_an_outcome(stage: Stage, code: str, outcome: CallOutcome) -> None:
    """Reached or not; it tells neither how long the call lasted nor what was pressed."""
    (ref,) = await accept(stage)
    polled = await answered(stage.journal, telling({ID: code}))
    reached = int(outcome is ANSWERED)
    assert polled == Polled(asked=1, reached=reached, not_reached=1 - reached, left=0)
    assert await told(stage, ref) == (RowState.DONE, outcome, None, None)


@pytest.mark.parametrize("code", ["1", "100", "101", "106", "107", "110", "201", "200"])
async def test_a_status_that_is_not_final_changes_nothing(stage: Stage, code: str) -> None:
    """The call may still be on its way, or the gateway does not know it."""
    (ref,) = await accept(stage)
    assert await answered(stage.journal, telling({ID: code})) == Polled(1, 0, 0, left=1)
    assert await told(stage, ref) == (RowState.ACCEPTED, None, None, None)


async def test_silence_changes_nothing(stage: Stage) -> None:
    """An id of which the answer says nothing is left."""
    await accept(stage, 2)
    assert await answered(stage.journal, telling({ID: "102"})) == Polled(2, 1, 0, left=1)


async def test_only_accepted_calls_are_asked_for(stage: Stage) -> None:
    """Whoever is planned, refused, uncertain or done has no outcome to be asked for."""
    await stage.bring(RowState.DONE)
    await stage.bring(RowState.REFUSED)
    await stage.attempt(Verdict.UNCERTAIN, gateway_id=ID)
    gateway = FakeGateway(delivering)
    assert await ask(stage.journal, gateway) == Polled(0, 0, 0, left=0)
    assert gateway.asked == 0


async def test_a_call_without_the_gateways_id_is_asked_for_by_ours(stage: Stage) -> None:
    """An event has proven a text whose answer was lost; a recording's call has no id of ours."""
    for client_id in (7, None):
        ref = (await stage.claim(client_id=client_id)).ref
        await stage.settle(ref, Verdict.UNCERTAIN)
        await stage.event(CallOutcome.UNKNOWN, ref)
    assert await answered(stage.journal, telling({7: "DELIVERED"})) == Polled(1, 1, 0, left=1)
    assert await stage.states() == ["done", "accepted", "planned"]


async def test_a_text_with_both_ids_is_asked_for_once(stage: Stage) -> None:
    """By the gateway's own, which many can be asked for at once."""
    ref = (await stage.claim(client_id=7)).ref
    await stage.settle(ref, Verdict.ACCEPTED, gateway_id=ID)
    gateway = FakeGateway(delivering)
    assert await ask(stage.journal, gateway) == Polled(1, 1, 0, left=0)
    assert [one.url.path for one in gateway.read] == ["/api/xml.php"]


async def test_who_is_not_reached_is_called_again(journal: Journal, time: Time) -> None:
    """An outcome that was asked for is followed by the redial that an event would be."""
    stage = await staged(journal, time, **redialing(after=60))
    (ref,) = await accept(stage)
    await answered(journal, telling({ID: "105"}))
    assert (await stage.row(ref)).state is RowState.PLANNED


async def test_an_event_that_comes_later_adds_what_it_knows(stage: Stage) -> None:
    """How long it was and which keys were pressed."""
    (ref,) = await accept(stage)
    await answered(stage.journal, delivering)
    await stage.event(ANSWERED, ref, seconds=21, digits="7")
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, 21, "7")


@pytest.mark.parametrize("redials", [False, True])
async def test_an_event_that_says_answered_outdoes_the_status(
    journal: Journal, time: Time, *, redials: bool
) -> None:
    """It is the better source, and whoever has answered is not called once more."""
    definition: dict[str, Any] = redialing(after=60) if redials else {}
    stage = await staged(journal, time, **definition)
    (ref,) = await accept(stage)
    await answered(journal, telling({ID: "105"}))
    await stage.event(ANSWERED, ref, seconds=21, digits="7")
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, 21, "7")


async def test_no_event_takes_back_that_somebody_was_reached(journal: Journal, time: Time) -> None:
    """Of two that disagree, the one counts by which nobody is called twice."""
    stage = await staged(journal, time, **redialing(after=60))
    (ref,) = await accept(stage)
    await answered(journal, delivering)
    await stage.event(NO_ANSWER, ref)
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, None, None)


async def test_an_event_in_between_holds(stage: Stage) -> None:
    """What it told while the gateway was asked is not overwritten."""
    (ref,) = await accept(stage)
    gateway = meanwhile(telling({ID: "105"}), lambda: stage.event(ANSWERED, ref, digits="7"))
    await ask(stage.journal, gateway)
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, None, "7")


async def test_many_are_asked_for_a_hundred_at_a_time(journal: Journal, time: Time) -> None:
    """Each once, and each page is written down before the next is asked for."""
    stage = await staged(journal, time, 250)
    await accept(stage, 250)
    asked: list[list[int]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(asked_in(request))
        return delivering(request) if len(asked) < 3 else saying(503)(request)

    with pytest.raises(GatewayUnavailable):
        await answered(journal, answer)
    assert [len(ids) for ids in asked] == [100, 100, 50]
    assert len({id for ids in asked for id in ids}) == 250
    assert (await journal.tally(stage.campaign)).outcomes == {ANSWERED: 200}


async def test_an_unknown_campaign_is_named(journal: Journal) -> None:
    """Nothing is asked."""
    with pytest.raises(InvalidRequest, match="no campaign 'spring'"):
        await answered(journal, delivering)


@pytest.fixture
async def accepted(path: Path, time: Time) -> Path:
    """A journal with one accepted call, which nobody writes."""
    async with SqliteJournal(path, clock=time) as journal:
        claimed = await journal.claim((await journal.campaign(NAME)).id)
        assert claimed is not None
        await journal.settle(ended(claimed.ref, Verdict.ACCEPTED, gateway_id=ID))
    return path


async def asked_beside(path: Path, answer: Answer = delivering) -> Polled:
    async with SqliteJournal(path, read_only=True) as journal:
        return await answered(journal, answer)


async def states(path: Path) -> list[str]:
    async with SqliteJournal(path, read_only=True) as journal:
        rows = await journal.rows((await journal.campaign(NAME)).id)
    return [str(row.state) for row in rows]


async def test_whoever_only_reads_has_the_outcomes_written(accepted: Path) -> None:
    """With nobody dialling they are in the journal at once."""
    assert await asked_beside(accepted) == Polled(1, 1, 0, left=0)
    assert await states(accepted) == ["done", "planned", "planned"]


@pytest.mark.usefixtures("unattended")
async def test_beside_a_dialer_the_outcomes_are_left_for_it(accepted: Path, time: Time) -> None:
    """It finds them in its inbox, and goes on."""
    async with SqliteJournal(accepted, clock=time) as runner:
        assert await asked_beside(accepted) == Polled(1, 1, 0, left=0)
        assert len(waiting(accepted)) == 1
        assert await runner.drain() == 1
        rows = await runner.rows((await runner.campaign(NAME)).id)
    assert (rows[0].outcome, rows[0].told_at) == (ANSWERED, NOON)


class Full(MemoryJournal):
    """A journal whose disk is full when an event comes."""

    async def record(self, event: CallEvent) -> Recorded:
        """Write nothing."""
        raise JournalError("told")


async def test_what_cannot_be_written_is_an_error(time: Time) -> None:
    """As it is, in no group."""
    async with Full(clock=time) as journal:
        await accept(await staged(journal, time), 2)
        with pytest.raises(JournalError, match="told"):
            await answered(journal, delivering)
