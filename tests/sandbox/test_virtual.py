import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event
from zoneinfo import ZoneInfo

import anyio
import httpx
import pytest

from alphasms_async.sandbox import (
    Autopilot,
    Ending,
    Fate,
    Happening,
    HookDelivery,
    Phase,
    Sandbox,
    SandboxCall,
    State,
    VirtualClock,
)
from alphasms_async.serving import address_of, listening_socket
from alphasms_async.serving import served as served_here

from .receiver import HOOK, Receiver, SetClock, accept_call, accept_message, served, through
from .threads import in_another_thread
from .wire import KEY, PHONE

in_both_worlds = pytest.mark.anyio

START = datetime(2024, 7, 11, 9, tzinfo=UTC)
BUSY = Fate("BUSY")


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox on a clock that stands still, whose calls ring 30 s."""
    return Sandbox(clock=VirtualClock(START), fates=Autopilot("off"))


@pytest.fixture
def receiver() -> Receiver:
    """Give a receiver that takes every hook."""
    return Receiver()


@pytest.fixture
def hook(receiver: Receiver) -> Iterator[str]:
    """Give where the receiver is served."""
    with served(receiver) as url:
        yield f"{url}/hook"


def seconds(moments: list[datetime]) -> list[float]:
    """Return how long after the beginning each of `moments` was."""
    return [(moment - START).total_seconds() for moment in moments]


def posted(sandbox: Sandbox) -> list[tuple[float, int, int | str | None]]:
    """Return when each attempt was made, which of its hook it was, and how it went."""
    deliveries = sandbox.deliveries()
    times = seconds([one.at for one in deliveries])
    return [
        (at, one.attempt, one.status or one.error)
        for at, one in zip(times, deliveries, strict=True)
    ]


def test_clock_stands_still_until_it_is_moved() -> None:
    """It shows its start, and later what was let pass."""
    clock = VirtualClock(START)
    shown = [clock(), clock()]
    clock.advance(1.5)
    clock.advance(0)
    assert seconds([*shown, clock()]) == [0, 0, 1.5]
    assert repr(clock) == "VirtualClock(2024-07-11T09:00:01.500000+00:00)"


def test_clock_starts_with_the_time_there_is() -> None:
    """Where no start is given it shows the time, aware."""
    before = datetime.now(UTC)
    assert before <= VirtualClock()() <= datetime.now(UTC)


def test_clock_has_a_time_zone() -> None:
    """A start that could be any of twenty-four is refused."""
    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(datetime(2024, 7, 11))  # noqa: DTZ001 the point


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), 1e300, 3e11])
def test_time_passes_forwards_and_ends(sandbox: Sandbox, wrong: float) -> None:
    """Neither the clock nor the sandbox goes back, or on for ever."""
    clock = VirtualClock(START)
    for advance in (clock.advance, sandbox.advance):
        with pytest.raises(ValueError, match="from 0 up"):
            advance(wrong)


@pytest.mark.parametrize("clock", [SetClock(), lambda: datetime.now(UTC)])
def test_only_a_virtual_clock_is_moved(clock: SetClock) -> None:
    """Another clock goes by itself, and one line says which would not."""
    with pytest.raises(TypeError, match=r"Sandbox\(clock=VirtualClock\(\)\)"):
        Sandbox(clock=clock).advance(1)


def test_calls_go_on_as_time_passes(sandbox: Sandbox) -> None:
    """A call rings, is talked in and ends, each at its moment, though nothing serves."""
    sandbox.fates = Autopilot("answer 2s · press 7 · hangup 12s")
    accept_call(sandbox, dtmf=True)
    (call,) = sandbox.calls()
    phases = [call.phase]
    for _ in range(3):
        sandbox.advance(5)
        phases.append(call.phase)
    ringing, talking = Phase.RINGING, Phase.TALKING
    assert phases == [ringing, talking, talking, Phase.ENDED]
    line = call.line
    assert line.answered_at
    assert line.ended_at
    assert seconds([line.answered_at, line.keys[0].at, line.ended_at]) == [2, 8, 14]


def test_hook_is_posted_at_its_time(sandbox: Sandbox, receiver: Receiver, hook: str) -> None:
    """Once time has been let pass the hook that came due in it has been posted, and no sooner."""
    accept_call(sandbox, hook=hook)
    with sandbox.serve():
        sandbox.advance(29)
        before = len(receiver.requests)
        sandbox.advance(1)
    assert (before, len(receiver.requests)) == (0, 1)
    assert posted(sandbox) == [(30, 1, 200)]


def test_hook_due_at_once_is_posted_before_time_goes_on(
    sandbox: Sandbox, receiver: Receiver, hook: str
) -> None:
    """A call that ended before is told of at that time, not at a later one."""
    sandbox.fates = lambda _: BUSY
    accept_call(sandbox, hook=hook)
    with sandbox.serve():
        sandbox.advance(100)
    assert posted(sandbox) == [(0, 1, 200)]


def test_hook_that_fails_is_tried_again_after_each_pause(
    sandbox: Sandbox, receiver: Receiver, hook: str
) -> None:
    """Five attempts, 1, 5, 25 and 125 s apart, take no time at all, in one or in steps."""
    receiver.statuses = [500] * 5
    sandbox.fates = lambda _: BUSY
    accept_call(sandbox, hook=hook)
    with sandbox.serve():
        sandbox.advance(6)
        first = posted(sandbox)
        sandbox.advance(1000)
    assert first == [(0, 1, 500), (1, 2, 500), (6, 3, 500)]
    assert posted(sandbox)[3:] == [(31, 4, 500), (156, 5, 500)]


def test_all_happens_in_order(sandbox: Sandbox, hook: str) -> None:
    """Ends and attempts of several calls are told in the order of their time."""
    told = list[str]()

    def note(happened: Happening) -> None:
        if isinstance(happened, HookDelivery):
            told.append(f"hook {happened.entry_id % 100} at {seconds([happened.at])[0]:g}")
        elif isinstance(happened, Ending):
            told.append(f"end {happened.entry.id % 100} at {seconds([happened.at])[0]:g}")

    sandbox.watcher = note
    sandbox.script(PHONE, *(Autopilot(f"busy {after}s") for after in (9, 3, 6)))
    for _ in range(3):
        accept_call(sandbox, hook=hook)
    with sandbox.serve():
        sandbox.advance(60)
    assert told == [
        *("end 1 at 3", "hook 1 at 3"),
        *("end 2 at 6", "hook 2 at 6"),
        *("end 0 at 9", "hook 0 at 9"),
    ]


def test_more_hooks_than_one_receiver_bears_are_over_before_time_goes_on(
    sandbox: Sandbox, receiver: Receiver, hook: str
) -> None:
    """Those that wait for room are posted at the same moment too."""
    sandbox.fates = Autopilot("busy 1s")
    for _ in range(50):
        accept_call(sandbox, hook=hook)
    with sandbox.serve():
        sandbox.advance(9)
    assert posted(sandbox) == [(1, 1, 200)] * 50


def test_hooks_wait_where_nobody_posts_them(sandbox: Sandbox, receiver: Receiver) -> None:
    """Time goes on without them, whether it does not serve or is told not to post."""
    accept_call(sandbox, hook=HOOK)
    sandbox.advance(60)
    sandbox.posts_hooks = False
    with sandbox.serve():
        sandbox.advance(60)
    assert (sandbox.clock() - START, sandbox.hook_queue.left) == (timedelta(seconds=120), 1)


@in_both_worlds
async def test_receiver_in_this_process_gets_its_retries(sandbox: Sandbox) -> None:
    """Posted by hand, a hook that failed is due again after its pause and not before."""
    receiver = Receiver(503)
    sandbox.posts_hooks, sandbox.fates = False, lambda _: BUSY
    accept_call(sandbox, hook=HOOK)
    made = [len(await sandbox.post_hooks(through(receiver)))]
    for passing in (0.9, 0.1):
        sandbox.advance(passing)
        made.append(len(await sandbox.post_hooks(through(receiver))))
    assert made == [1, 0, 1]
    assert posted(sandbox) == [(0, 1, 503), (1, 2, 200)]


def test_receiver_that_hangs_ends_in_a_timeout(sandbox: Sandbox) -> None:
    """It is told in one line how much is left, and time stands where it was due."""
    let_go = Event()

    class Hanging(Receiver):
        async def __call__(self, *args: object) -> None:
            await asyncio.to_thread(let_go.wait, 10)
            await super().__call__(*args)  # type: ignore[arg-type]  # as it came

    sandbox.fates = Autopilot("busy 2s")
    with served(Hanging()) as url, sandbox.serve():
        accept_call(sandbox, hook=url)
        with pytest.raises(TimeoutError, match=r"After 0.05 s .* 1 are left\.$"):
            sandbox.advance(60, timeout=0.05)
        with pytest.raises(TimeoutError, match=r"After 0.05 s .* 1 hooks to post\.$"):
            sandbox.wait_for_hooks(timeout=0.05)
        stood = sandbox.clock()
        let_go.set()
        sandbox.advance(58)
    assert seconds([stood]) == [2]
    assert posted(sandbox) == [(2, 1, 200)]


@pytest.mark.asyncio
async def test_blocked_receiver_is_named(sandbox: Sandbox) -> None:
    """Whoever blocks the event loop that is to take the hooks reads how not to; so it works."""
    sandbox.fates = Autopilot("busy 2s")
    receiver, listener = Receiver(), listening_socket("The receiver", "127.0.0.1", 0)
    async with served_here(receiver, listener):
        with sandbox.serve():
            accept_call(sandbox, hook=address_of(listener))
            with pytest.raises(TimeoutError, match=r"anyio\.to_thread\.run_sync\(sandbox\.adv"):
                sandbox.advance(2, timeout=0.05)
            await anyio.to_thread.run_sync(sandbox.advance, 2)
    assert posted(sandbox) == [(2, 1, 200)]


def test_clock_moved_by_itself_wakes_the_server(sandbox: Sandbox, hook: str) -> None:
    """Let pass in one, all that came due in it is posted, without anybody asking."""
    accept_call(sandbox, hook=hook)
    changed = sandbox.hook_queue.changed
    assert isinstance(sandbox.clock, VirtualClock)
    with sandbox.serve():
        sandbox.clock.advance(60)
        with changed:
            assert changed.wait_for(lambda: bool(sandbox.deliveries()), 10)
    assert posted(sandbox) == [(60, 1, 200)]


def test_server_sleeps_while_the_clock_stands(sandbox: Sandbox, hook: str) -> None:
    """What is due later is not looked at again and again meanwhile."""
    looked = list[datetime]()
    clock = sandbox.clock

    class Counting(VirtualClock):
        def __call__(self) -> datetime:
            looked.append(clock())
            return super().__call__()

    sandbox = Sandbox(clock=Counting(START), fates=Autopilot("busy 2s"))
    with sandbox.serve(), httpx.Client(base_url=sandbox.url, trust_env=False) as client:
        accept_call(sandbox, hook=hook)
        sandbox.advance(1)
        # Each answer is many turns of the server's event loop; what posts takes those it wants.
        for _ in range(5):
            ask(client)
        before = len(looked)
        for _ in range(50):
            ask(client)
        assert len(looked) == before
        sandbox.advance(1)
    assert posted(sandbox) == [(2, 1, 200)]


def ask(client: httpx.Client) -> None:
    """Ask the gateway for the balance."""
    asked = {"version": "http", "key": KEY, "command": "balance"}
    assert client.get("/api/http.php", params=asked).text == "balance:249.60"


def test_waiting_for_hooks_lets_time_pass(sandbox: Sandbox, receiver: Receiver, hook: str) -> None:
    """All that is to come comes, with its retries, and the clock shows when the last was over."""
    receiver.statuses = [500, 500]
    accept_call(sandbox, hook=hook)
    sandbox.message_fate = Fate("DELIVERED", after_seconds=50)
    accept_message(sandbox)
    with sandbox.serve():
        sandbox.wait_for_hooks()
    assert posted(sandbox) == [(30, 1, 500), (31, 2, 500), (36, 3, 200)]
    assert seconds([sandbox.clock()]) == [50]


def test_waiting_for_hooks_ends_though_a_call_goes_on(sandbox: Sandbox, hook: str) -> None:
    """A call that a person has answered lasts until they hang up, and is not waited for."""
    accept_call(sandbox, hook=hook)
    (call,) = sandbox.calls()
    with sandbox.serve():
        call.answer()
        sandbox.wait_for_hooks()
        sandbox.advance(5)
        call.hang_up()
        sandbox.wait_for_hooks()
    assert posted(sandbox) == [(5, 1, 200)]
    assert sandbox.state_of(call.id) is State.DELIVERED


def test_waiting_for_hooks_that_nobody_posts_ends_in_a_timeout(sandbox: Sandbox) -> None:
    """Calls end, and the hook that is left is told."""
    accept_call(sandbox, hook=HOOK)
    with pytest.raises(TimeoutError, match="still 0 ends to come and 1 hooks to post"):
        sandbox.wait_for_hooks(timeout=0)
    assert seconds([sandbox.clock()]) == [30]


def test_time_is_moved_by_one_at_a_time(sandbox: Sandbox, hook: str) -> None:
    """Two threads that let time pass let the sum of it pass, each hook at its moment."""
    sandbox.fates = Autopilot("busy 10s")
    accept_call(sandbox, hook=hook)
    with sandbox.serve(), in_another_thread(partial(sandbox.advance, 8)):
        sandbox.advance(8)
    assert seconds([sandbox.clock()]) == [16]
    assert posted(sandbox) == [(10, 1, 200)]


def test_url_is_there_while_it_serves(sandbox: Sandbox) -> None:
    """It is what serving gives; otherwise one line says how to get one."""
    with sandbox.serve() as url:
        served_at = sandbox.url
    assert url == served_at
    with pytest.raises(RuntimeError, match=r"sandbox\.serve\(\)"):
        _ = sandbox.url


def test_watcher_that_lets_time_pass_holds_up_nobody(
    sandbox: Sandbox, raised: list[BaseException | None]
) -> None:
    """While another thread does so it is refused at once: each would wait for the other."""
    is_told, is_moving = Event(), Event()

    class Slow(VirtualClock):
        def move_to(self, moment: datetime) -> None:
            is_moving.set()
            super().move_to(moment)

    sandbox = Sandbox(clock=Slow(START), fates=Autopilot("busy 2s"))

    def advance(happened: Happening) -> None:
        if isinstance(happened, SandboxCall):
            is_told.set()
            # That one holds the time by now, and waits for the sandbox, which this one holds.
            assert is_moving.wait(10)
            sandbox.advance(1)

    def move() -> None:
        assert is_told.wait(10)
        assert isinstance(sandbox.clock, Slow)
        with sandbox.clock.moving:
            sandbox.clock.move_to(START)
            sandbox.advance(1)

    sandbox.watcher = advance
    with in_another_thread(move):
        accept_call(sandbox)
    (error,) = raised
    assert isinstance(error, RuntimeError)
    assert "lets time pass" in str(error)
    assert seconds([sandbox.clock()]) == [1]


def test_watcher_may_let_time_pass_alone(sandbox: Sandbox) -> None:
    """Where nobody else does, nobody has to wait."""
    sandbox.watcher = lambda one: sandbox.advance(1) if isinstance(one, SandboxCall) else None
    accept_call(sandbox)
    assert seconds([sandbox.clock()]) == [1]


def test_time_passes_where_clocks_are_changed() -> None:
    """Two hours are two hours in the night in which a place loses one."""
    start = datetime(2024, 3, 31, 2, tzinfo=ZoneInfo("Europe/Kyiv"))
    clock = VirtualClock(start)
    clock.advance(7200)
    assert (clock() - start.astimezone(UTC), clock().tzinfo) == (timedelta(hours=2), UTC)
