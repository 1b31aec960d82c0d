"""The handlers that bring events from the receiver into the journal, whoever writes it."""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from alphasms_async import JournalError
from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.event_handlers import EventRecorder, EventSender
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.places import tell
from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.sqlite import SqliteJournal, Told
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.models import CallOutcome
from alphasms_async.webhooks.events import HookEvent, OtpEvent
from tests.campaigns.hooks import account, called
from tests.campaigns.journals import NAME, NOON, Stage, Time, redialing, staged
from tests.campaigns.letters import waiting
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ANNA, BORYS, _ = phones(3)
ID = 100500
ANSWERED, NO_ANSWER = CallOutcome.ANSWERED, CallOutcome.NO_ANSWER
FOREIGN: list[HookEvent] = [
    called("v:12.1"),
    OtpEvent(is_reached=False, id=ID, proof=account()),
    called(None, id=ID, proof=None),
]


async def handled(stage: Stage, *events: HookEvent) -> None:
    """Hand events to the recorder, one after the other."""
    recorder = EventRecorder(stage.journal)
    for event in events:
        await recorder(event)


async def told(stage: Stage, ref: Ref) -> tuple[Any, ...]:
    row = await stage.row(ref)
    return row.state, row.outcome, row.seconds, row.digits


async def test_an_event_is_recorded(stage: Stage) -> None:
    """It ends the call it is about, and nobody else's."""
    ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=ID)
    await handled(stage, called(ref, id=ID, phone=ANNA, seconds=21, digits="7"))
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, 21, "7")
    assert await stage.states() == ["done", "planned", "planned"]


async def test_an_event_may_overtake_the_answer(stage: Stage) -> None:
    """At the call's own hook it is known whose it is while the request is still in flight."""
    ref = (await stage.claim()).ref
    await handled(stage, called(ref, id=ID))
    assert await stage.settle(ref, Verdict.ACCEPTED, gateway_id=ID) is RowState.DONE


async def test_an_event_of_the_accounts_hook_may_overtake_the_answer(stage: Stage) -> None:
    """It is kept until the answer tells whose id it is."""
    await handled(stage, called(None, proof=account(), id=ID, phone=ANNA))
    ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=ID)
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, None, None)


async def test_events_twice_and_out_of_order_end_in_what_is_known(stage: Stage) -> None:
    """Whatever their order, whoever answered has answered, and the keys are those pressed."""
    ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=ID)
    unknown, ended = called(ref, CallOutcome.UNKNOWN), called(ref, seconds=9, digits="1")
    await handled(stage, ended, unknown, called(ref, NO_ANSWER), ended)
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, 9, "1")


async def test_an_event_settles_a_doubt(stage: Stage) -> None:
    """A call whose answer was lost is proven by what is told at its hook."""
    ref = await stage.bring(RowState.UNCERTAIN)
    await handled(stage, called(ref, id=ID))
    assert (await stage.row(ref)).gateway_id == ID
    assert await told(stage, ref) == (RowState.DONE, ANSWERED, None, None)


async def test_an_event_of_an_older_attempt_leaves_the_redial_alone(
    journal: Any, time: Time
) -> None:
    """While the next call is in flight, what is told of the first one goes into the ledger."""
    stage = await staged(journal, time, **redialing(after=60))
    first = await stage.attempt(Verdict.ACCEPTED, gateway_id=ID)
    await handled(stage, called(first, NO_ANSWER, id=ID))
    time.forward(61)
    await stage.attempt(Verdict.ACCEPTED)
    await stage.attempt(Verdict.ACCEPTED)
    second = (await stage.claim()).ref
    assert second == Ref(first.recipient, 2)
    await handled(stage, called(first, id=ID, digits="1"))
    assert await told(stage, second) == (RowState.DIALING, None, None, None)
    assert (await stage.ledger())[first].outcome is ANSWERED


@pytest.mark.parametrize(
    "wrong", [{"id": ID + 1}, {"phone": BORYS}, {"id": ID, "phone": BORYS}], ids=str
)
async def test_an_event_that_contradicts_its_call_is_logged_once(
    stage: Stage, caplog: pytest.LogCaptureFixture, wrong: dict[str, Any]
) -> None:
    """Another campaign's or another person's changes nothing, and no phone stands in the log."""
    ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=ID)
    await handled(stage, called(ref, digits="1", **wrong))
    assert await told(stage, ref) == (RowState.ACCEPTED, None, None, None)
    (line,) = caplog.records
    assert (line.levelno, line.name) == (logging.WARNING, "alphasms_async")
    assert "contradicts the call it names" in line.getMessage()
    assert not re.search(f"{ANNA[3:]}|{BORYS[3:]}", line.getMessage())


async def test_the_hook_of_another_campaign_ends_no_call_of_this_one(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Its ref is of the other's recipient, who has another phone."""
    other = await staged(stage.journal, stage.time, 1, name="autumn")
    mine = await stage.attempt(Verdict.ACCEPTED, gateway_id=ID)
    theirs = await other.attempt(Verdict.ACCEPTED, gateway_id=ID + 1)
    await handled(stage, called(theirs, id=ID, phone=ANNA))
    assert await told(stage, mine) == (RowState.ACCEPTED, None, None, None)
    assert (await other.row(theirs)).state is RowState.ACCEPTED
    assert len(caplog.records) == 1


@pytest.mark.parametrize("event", FOREIGN, ids=["verification", "flash call", "not proven"])
async def test_what_is_no_campaigns_is_left_alone(stage: Stage, event: HookEvent) -> None:
    """It changes nothing, and waits for nobody."""
    await handled(stage, event)
    ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=ID)
    assert (await stage.row(ref)).state is RowState.ACCEPTED


async def test_an_event_that_cannot_be_written_is_an_error(path: Path) -> None:
    """The receiver asks for it again, for nobody has kept it."""
    async with SqliteJournal(path, read_only=True) as journal:
        with pytest.raises(JournalError, match="reading only"):
            await EventRecorder(journal)(called(Ref(1, 1)))


def files(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def rows(path: Path) -> list[RowRecord]:
    async with SqliteJournal(path, read_only=True) as journal:
        return await journal.rows((await journal.campaign(NAME)).id)


async def test_an_event_sent_to_a_journal_at_rest_is_recorded(path: Path, time: Time) -> None:
    """Nobody dials, so whoever sends it writes it down, with the moment it came."""
    async with SqliteJournal(path, clock=time) as journal:
        campaign = (await journal.campaign(NAME)).id
        assert await journal.claim(campaign) is not None
    time.forward(60)
    await EventSender(path, clock=time)(called(Ref(1, 1), seconds=5))
    row, *_ = await rows(path)
    assert (row.state, row.outcome, row.seconds) == (RowState.DONE, ANSWERED, 5)
    assert row.told_at is not None
    assert (row.told_at - NOON).total_seconds() == 60


@pytest.mark.usefixtures("unattended")
async def test_an_event_sent_while_somebody_dials_is_left_for_them(
    path: Path, runner: SqliteJournal, time: Time
) -> None:
    """It waits in the inbox, and counts from when it came, not from when it was read."""
    assert await runner.claim((await runner.campaign(NAME)).id) is not None
    await EventSender(path, clock=time)(called(Ref(1, 1)))
    (letter,) = waiting(path)
    assert letter["event"]["at"] == "2026-06-01T12:00:00+00:00"
    time.forward(600)
    assert await runner.drain() == 1
    row, *_ = await rows(path)
    assert (row.state, row.told_at) == (RowState.DONE, NOON)


async def test_an_event_is_sent_to_no_journal_that_is_not_there(tmp_path: Path) -> None:
    """One that were made for it would have nobody to tell of it; and none is made."""
    path = tmp_path / "nothing.journal"
    with pytest.raises(JournalError, match="there is no journal"):
        await EventSender(path)(called(Ref(1, 1)))
    assert files(tmp_path) == []


@pytest.mark.parametrize("event", FOREIGN, ids=["verification", "flash call", "not proven"])
async def test_what_is_no_campaigns_is_not_sent(tmp_path: Path, event: HookEvent) -> None:
    """Not even the journal is looked for."""
    await EventSender(tmp_path / "nothing.journal")(event)
    assert files(tmp_path) == []


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many commands each telling of the journal's writer was of."""
    told: list[int] = []

    async def spied(path: Path, commands: Sequence[Command], **options: Any) -> Told:
        told.append(len(commands))
        return await tell(path, commands, **options)

    monkeypatch.setattr("alphasms_async.campaigns.event_handlers.tell", spied)
    return told


async def test_events_that_come_together_are_sent_together(
    tmp_path: Path, time: Time, times: list[int]
) -> None:
    """The first goes at once, and the others all in one when it has."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time, 20)
        refs = [(await stage.claim()).ref for _ in range(20)]
    sender = EventSender(path, clock=time)
    async with anyio.create_task_group() as group:
        for ref in refs:
            group.start_soon(sender, called(ref))
    assert (sum(times), len(times) <= 2) == (20, True)
    assert {str(row.state) for row in await rows(path)} == {"done"}


async def test_whoever_fails_takes_nobody_along(tmp_path: Path, times: list[int]) -> None:
    """Each of them hears that its event was not kept, and nothing of it is sent later."""
    path = tmp_path / "calls.journal"
    sender = EventSender(path)
    failed: list[JournalError] = []

    async def send(recipient: int) -> None:
        with pytest.raises(JournalError) as caught:
            await sender(called(Ref(recipient, 1)))
        failed.append(caught.value)

    async with anyio.create_task_group() as group:
        for recipient in range(5):
            group.start_soon(send, recipient)
    assert len(failed) == 5
    async with SqliteJournal(path):
        pass
    await sender(called(Ref(1, 1)))
    assert times == [1]


async def test_whoever_is_cut_off_leaves_the_others_to_be_sent(
    path: Path, time: Time, times: list[int]
) -> None:
    """The connection of one of them broke; the event of the next is recorded all the same."""
    async with SqliteJournal(path, clock=time) as journal:
        campaign = (await journal.campaign(NAME)).id
        for _ in range(2):
            assert await journal.claim(campaign) is not None
    sender = EventSender(path, clock=time)
    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            group.start_soon(sender, called(Ref(2, 1)))
            scope.cancel()
            await sender(called(Ref(1, 1)))
    assert times == [1]
    assert [str(row.state) for row in await rows(path)] == ["uncertain", "done", "planned"]
