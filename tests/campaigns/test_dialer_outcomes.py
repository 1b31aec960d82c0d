"""A run that waits for the outcomes of its calls, and calls again who was not reached."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.commands import Cancel, Pause, Resume
from alphasms_async.campaigns.event_handlers import EventRecorder, EventSender
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.progress import Hold, Progress
from alphasms_async.campaigns.records import Tally
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.clock import utc_now
from alphasms_async.models import CallOutcome
from tests.campaigns.dialers import Desk, Gateway, Wall, desk, lost, planned
from tests.campaigns.hooks import called
from tests.campaigns.journals import NAME, NOON
from tests.campaigns.virtual import virtual
from tests.doubles import accepted, phones, refused

pytestmark = pytest.mark.anyio

ANSWERED, NO_ANSWER = CallOutcome.ANSWERED, CallOutcome.NO_ANSWER


def about(seconds: float, within: float = 0.5) -> Any:
    """Return what equals a time that a run is late for by two looks at most."""
    return pytest.approx(seconds, abs=within)


async def tell(ready: Desk, *recipients: int, outcome: CallOutcome = ANSWERED) -> None:
    """Tell how the first calls to some ended."""
    for recipient in recipients:
        await ready.journal.record(CallEvent(outcome=outcome, ref=Ref(recipient, 1)))


class Dialling:
    """A run in the background, and how long it took."""

    run: Run
    seconds: float

    def __init__(self, ready: Desk) -> None:
        self._ready = ready

    @property
    def progress(self) -> Progress:
        """Where the run stands."""
        return self._ready.dialers[-1].progress

    def stop(self) -> None:
        """Tell it to stop."""
        self._ready.dialers[-1].stop()

    async def go(self, **options: Any) -> None:
        """Dial, with a minute of patience unless told otherwise."""
        began = anyio.current_time()
        asked: dict[str, Any] = {"outcomes_seconds": 60, **options}
        self.run = await self._ready.dial(**asked)
        self.seconds = anyio.current_time() - began


@asynccontextmanager
async def dialling(ready: Desk, **options: Any) -> AsyncGenerator[Dialling]:
    """Dial while something else happens, and wait for the end of it."""
    begun = Dialling(ready)
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: begun.go(**options))
        await anyio.sleep(1)
        yield begun


@virtual
async def test_a_run_ends_with_its_last_call() -> None:
    """Unless it is told to wait for outcomes."""
    async with desk(2) as ready:
        begun = Dialling(ready)
        await begun.go(outcomes_seconds=0)
    assert begun.seconds == 0
    assert begun.run.is_finished


@virtual
async def test_outcomes_that_never_come_are_waited_for_so_long() -> None:
    """So many seconds after the last call, and it is shown what is waited for."""
    async with desk(2, Gateway(seconds=5), concurrency=1) as ready:
        async with dialling(ready) as begun:
            await anyio.sleep(20)
            assert (begun.progress.hold, begun.progress.awaited) == (Hold.OUTCOMES, 2)
            assert begun.progress.hold_seconds == about(60 - 11)
        assert begun.seconds == about(10 + 60)
        assert (begun.run.halt, begun.run.is_finished) == (None, True)


@virtual
async def test_a_run_ends_when_every_outcome_is_known() -> None:
    """Whoever tells the journal in the same process is noticed within a moment."""
    async with desk(3) as ready:
        async with dialling(ready) as begun:
            await tell(ready, 1, 2)
            await anyio.sleep(1)
            assert (begun.progress.told, begun.progress.awaited) == (2, 1)
            await tell(ready, 3)
        assert begun.seconds == about(2)
        assert await ready.counts() == {"done": 3}


@virtual
async def test_every_event_is_waited_for_anew() -> None:
    """The last one, not the first, is what the patience is counted from."""
    async with desk(3) as ready:
        async with dialling(ready) as begun:
            for recipient in (1, 2):
                await anyio.sleep(50)
                await tell(ready, recipient)
        assert begun.seconds == about(101 + 60)


@virtual
async def test_a_word_that_says_little_is_news_too() -> None:
    """The call is under way, so its outcome may yet come."""
    async with desk(1) as ready:
        async with dialling(ready) as begun:
            await anyio.sleep(49)
            await tell(ready, 1, outcome=CallOutcome.UNKNOWN)
            await anyio.sleep(49)
            assert begun.progress.hold is Hold.OUTCOMES
            await tell(ready, 1)
        assert begun.seconds == about(99)


@virtual
async def test_who_is_not_reached_is_called_again_by_the_same_run() -> None:
    """When it is due, though the patience for outcomes has ended by then."""
    gateway = Gateway()
    async with desk(2, gateway, redial=RedialPolicy(1, 90.0)) as ready:
        async with dialling(ready, gateway=gateway) as begun:
            await tell(ready, 1, outcome=NO_ANSWER)
            await tell(ready, 2)
        assert gateway.gaps == [0, about(91)]
        assert gateway.rings == {phones(2)[0]: 2, phones(2)[1]: 1}
        assert begun.seconds == about(91 + 60)


@virtual
async def test_a_run_that_does_not_wait_waits_for_outcomes_all_the_same() -> None:
    """It stops where nothing but a redial is left, which is due later."""
    async with desk(2, redial=RedialPolicy(1, 600.0)) as ready:
        async with dialling(ready, wait=False) as begun:
            await tell(ready, 1, outcome=NO_ANSWER)
            await anyio.sleep(30)
            assert begun.progress.hold is Hold.OUTCOMES
            await tell(ready, 2)
        assert begun.seconds == about(31)
        assert str(begun.run.halt) == "stopped instead of waiting: the rest is due later"


@virtual
async def test_a_redial_that_is_due_meanwhile_is_made_by_a_run_that_does_not_wait() -> None:
    """The outcome of the other call is still awaited."""
    gateway = Gateway()
    async with (
        desk(2, gateway, redial=RedialPolicy(1, 60.0)) as ready,
        dialling(ready, gateway=gateway, wait=False, outcomes_seconds=100),
    ):
        await tell(ready, 1, outcome=NO_ANSWER)
    assert gateway.gaps == [0, about(61)]


@pytest.mark.parametrize("way", ["stop", "cancel"])
@virtual
async def test_a_person_ends_the_waiting(way: str) -> None:
    """Told to stop, or cancelled, a run waits for no outcome any more."""
    async with desk(1) as ready:
        async with dialling(ready) as begun:
            if way == "stop":
                begun.stop()
            else:
                await ready.tell(Cancel(NAME))
        assert begun.seconds == about(1)
        assert await ready.counts() == {"accepted": 1}


@virtual
async def test_a_halt_ends_the_waiting() -> None:
    """The account is refused at a redial: nothing more is done until a person has looked."""
    gateway = Gateway(accepted, accepted, then=refused("Banned"))
    async with desk(2, gateway, redial=RedialPolicy(1, 60.0)) as ready:
        async with dialling(ready, gateway=gateway, outcomes_seconds=600) as begun:
            await tell(ready, 1, outcome=NO_ANSWER)
        assert begun.seconds == about(61)
        assert begun.run.halt is not None


@virtual
async def test_a_pause_holds_redials_and_not_outcomes() -> None:
    """What is told is taken all the same, and the redial is made when it is resumed."""
    gateway = Gateway()
    async with (
        desk(1, gateway, redial=RedialPolicy(1, 60.0)) as ready,
        dialling(ready, gateway=gateway) as begun,
    ):
        await ready.tell(Pause(NAME))
        await tell(ready, 1, outcome=NO_ANSWER)
        await anyio.sleep(100)
        assert begun.progress.hold is Hold.PAUSED
        await ready.tell(Resume(NAME))
    assert gateway.gaps == [about(101)]


@virtual
async def test_a_run_that_goes_on_waits_for_the_calls_of_the_one_before() -> None:
    """Also of a campaign that is finished, whose redials it makes."""
    gateway = Gateway()
    async with desk(1, gateway, redial=RedialPolicy(1, 60.0)) as ready:
        assert (await ready.dial()).is_finished
        async with dialling(ready, gateway=gateway) as begun:
            assert begun.progress.hold is Hold.OUTCOMES
            await tell(ready, 1, outcome=NO_ANSWER)
        assert gateway.asked == 2
        assert begun.run.is_finished


@virtual
async def test_an_event_that_settles_a_doubt_is_waited_for() -> None:
    """Whoever is uncertain may have been called, and then the gateway tells of it."""
    async with desk(1, Gateway(lost)) as ready:
        async with dialling(ready) as begun:
            assert begun.progress.awaited == 1
            await tell(ready, 1)
        assert begun.seconds == about(1)
        assert await ready.counts() == {"done": 1}


@virtual
async def test_nothing_is_waited_for_where_everybody_was_refused() -> None:
    """Nothing rings, and so nothing is told."""
    async with desk(1, Gateway(refused('Param "phone" is missing'))) as ready:
        begun = Dialling(ready)
        await begun.go()
        assert begun.seconds == 0


@virtual
async def test_outcomes_are_waited_for_when_the_campaign_has_expired() -> None:
    """Its calls go on, and nobody is called again."""
    expires_at = NOON + timedelta(seconds=30)
    gateway = Gateway()
    async with desk(2, gateway, expires_at=expires_at, redial=RedialPolicy(1, 60.0)) as ready:
        async with dialling(ready, gateway=gateway) as begun:
            await tell(ready, 1, outcome=NO_ANSWER)
            await anyio.sleep(40)
            assert begun.progress.hold is Hold.OUTCOMES
            await tell(ready, 2)
        assert begun.seconds == about(41)
        assert (gateway.asked, await ready.states()) == (2, ["skipped", "done"])


@virtual
async def test_events_are_recorded_while_a_run_waits() -> None:
    """A receiver's handler and a dialer share the journal."""
    async with desk(2) as ready:
        recorder = EventRecorder(ready.journal)
        async with dialling(ready) as begun:
            await recorder(called(Ref(1, 1), digits="1"))
            await recorder(called(Ref(2, 1), digits="2"))
        assert begun.run.tally.digits == {"1": 1, "2": 1}
        assert begun.seconds == about(1)


async def test_events_that_another_process_leaves_end_the_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come by the inbox of a journal in a file."""
    monkeypatch.setattr("alphasms_async.campaigns.dialer._LOOK_SECONDS", 0.01)
    monkeypatch.setattr("alphasms_async.campaigns.patience._OFTEN_SECONDS", 0.01)
    path = tmp_path / "calls.journal"
    sender = EventSender(path)
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 2, clock=utc_now)
        begun = Dialling(ready)
        async with anyio.create_task_group() as group:
            group.start_soon(begun.go)
            while await ready.counts() != {"accepted": 2}:
                await anyio.lowlevel.checkpoint()
            for recipient in (1, 2):
                await sender(called(Ref(recipient, 1), digits=str(recipient)))
        assert await ready.counts() == {"done": 2}
    assert begun.run.tally.digits == {"1": 1, "2": 1}


class Dear(MemoryJournal):
    """A journal that takes a while to count, as one of a million rows does."""

    counted = 0

    async def tally(self, campaign: int) -> Tally:
        """Count, which takes a second."""
        self.counted += 1
        await anyio.sleep(1)
        return await super().tally(campaign)


@virtual
async def test_what_is_dear_to_count_is_counted_seldom() -> None:
    """A second each time is a fiftieth of the run at most, and no event is missed at the end."""
    wall = Wall()
    async with Dear(clock=wall) as journal:
        ready = await planned(journal, 2, clock=wall)
        wall.start()
        async with dialling(ready, outcomes_seconds=300) as begun:
            await anyio.sleep(280)
            await tell(ready, 1)
        assert begun.seconds == about(281 + 300, within=52)
        assert journal.counted < 581 / 50 + 5


@virtual
async def test_the_last_look_sees_what_came_since_the_one_before() -> None:
    """An event within the patience is never too late for a journal that is dear to count."""
    wall = Wall()
    async with Dear(clock=wall) as journal:
        ready = await planned(journal, 2, clock=wall)
        wall.start()
        async with dialling(ready, outcomes_seconds=10) as begun:
            await anyio.sleep(8)
            await tell(ready, 1)
            await anyio.sleep(8)
            await tell(ready, 2)
        assert begun.run.tally.outcomes[ANSWERED] == 2


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "60", None, True])
async def test_a_patience_that_is_none_is_refused(seconds: Any) -> None:
    """Before anybody is dialled."""
    async with desk(1) as ready:
        with pytest.raises(InvalidRequest, match="outcomes_seconds is a number of seconds"):
            await ready.dial(outcomes_seconds=seconds)
        assert await ready.states() == ["planned"]
