"""Hooks that come late, twice, in another order, or not at all."""

from datetime import datetime

import pytest

from alphasms_async.sandbox import Fate, HookDelivery, Sandbox
from alphasms_async.sandbox.account import Happening
from tests.sandbox.receiver import HOOK, Receiver, SetClock, accept_call, through, told

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> SetClock:
    """Give a time that stands still."""
    return SetClock()


@pytest.fixture
def sandbox(clock: SetClock) -> Sandbox:
    """Give a sandbox in which every call is over at once, and has a hook."""
    return Sandbox(clock=clock, fates=lambda _: Fate("BUSY"), hook=HOOK, hook_pauses=(1,), seed=1)


async def posted(sandbox: Sandbox, receiver: Receiver | None = None) -> list[int]:
    """Post what is due and return the ids of what was told."""
    made = await sandbox.post_hooks(through(receiver or Receiver()))
    return [one.entry_id for one in made]


async def test_delayed_hook_is_posted_later(sandbox: Sandbox, clock: SetClock) -> None:
    """Nothing is due until the time has passed, then it comes as it would have."""
    sandbox.chaos.on("hook_delay=@5s")
    accept_call(sandbox)
    made = [await posted(sandbox)]
    for seconds in (4.9, 0.1):
        clock.advance(seconds)
        made.append(await posted(sandbox))
    assert made == [[], [], [100500]]
    assert told(sandbox) == [{"id": 100500, "attempt": 1, "got": 200}]


async def test_duplicate_is_posted_twice(sandbox: Sandbox) -> None:
    """The same bytes come again, each with its own line in the log."""
    sandbox.chaos.on("hook_duplicate=100%")
    accept_call(sandbox)
    receiver = Receiver()
    assert await posted(sandbox, receiver) == [100500, 100500]
    assert receiver.bodies[0] == receiver.bodies[1]
    assert told(sandbox) == [{"id": 100500, "attempt": 1, "got": 200}] * 2


async def test_dropped_hook_is_never_posted(sandbox: Sandbox, clock: SetClock) -> None:
    """Nothing waits for it, now or later, and the log says why."""
    seen = list[Happening]()
    sandbox.watcher = seen.append
    sandbox.chaos.on("hook_drop=100%")
    accept_call(sandbox)
    clock.advance(1000)
    assert await posted(sandbox) == []
    sandbox.wait_for_hooks(timeout=0)
    assert told(sandbox) == [{"id": 100500, "attempt": 1, "got": "dropped by chaos"}]
    (dropped,) = sandbox.hook_queue.thread(100500).deliveries
    assert (dropped.is_taken, dropped.status) == (False, None)
    assert dropped.body == (
        '{"id": 100500, "phone": "380501234567", "status": "BUSY", "duration": 0}'
    )
    assert [one for one in seen if isinstance(one, HookDelivery)] == [dropped]


async def test_drop_is_told_to_who_listens(sandbox: Sandbox) -> None:
    """A page that shows the log hears of it once it stands there."""
    sandbox.chaos.on("hook_drop=100%")
    logged = list[int]()
    with sandbox.changes.listening(lambda _: logged.append(len(sandbox.deliveries()))):
        accept_call(sandbox)
    assert logged[-1] == 1


async def test_later_hooks_overtake_earlier_ones(sandbox: Sandbox, clock: SetClock) -> None:
    """All come within the time that was said, each once, and not in their order."""
    sandbox.chaos.on("hook_reorder=@5s")
    ids = [accept_call(sandbox) for _ in range(20)]
    made = list[int]()
    for _ in range(50):
        clock.advance(0.1)
        made += await posted(sandbox)
    assert sorted(made) == ids
    assert made != ids


async def test_duplicates_stray_apart(sandbox: Sandbox, clock: SetClock) -> None:
    """Of a hook that is posted twice each copy takes its own time, behind the delay."""
    sandbox.chaos.on("hook_duplicate=100%, hook_reorder=@5s, hook_delay=@60s")
    accept_call(sandbox)
    first, second = (due for due, _ in sandbox.hook_queue.thread(100500).waiting)
    waits = sorted((due - clock.now).total_seconds() for due in (first, second))
    assert 60 <= waits[0] < waits[1] <= 65


async def test_run_repeats_by_the_seed(clock: SetClock) -> None:
    """The same seed tells the same calls at the same times, and drops the same."""

    def times(seed: int) -> list[list[datetime]]:
        sandbox = Sandbox(clock=clock, fates=lambda _: Fate("BUSY"), hook=HOOK, seed=seed)
        sandbox.chaos.on("hook_reorder=@5s, hook_drop=20%, hook_duplicate=20%")
        threads = [sandbox.hook_queue.thread(accept_call(sandbox)) for _ in range(20)]
        return [[due for due, _ in thread.waiting] for thread in threads]

    assert times(3) == times(3)
    assert times(3) != times(4)
    assert {len(one) for one in times(3)} == {0, 1, 2}


async def test_further_attempts_come_at_their_own_times(sandbox: Sandbox, clock: SetClock) -> None:
    """What failed is posted again after its pause: chaos meets a hook once."""
    accept_call(sandbox)
    assert await posted(sandbox, Receiver(500)) == [100500]
    sandbox.chaos.on("hook_drop=100%", "hook_delay")
    clock.advance(1)
    assert await posted(sandbox) == [100500]


async def test_person_posts_again_without_chaos(sandbox: Sandbox) -> None:
    """Who has a dropped hook posted after all gets it."""
    sandbox.chaos.on("hook_drop=100%")
    entry_id = accept_call(sandbox)
    sandbox.desk.resend(entry_id)
    assert await posted(sandbox) == [100500]
    assert [one["got"] for one in told(sandbox)] == ["dropped by chaos", 200]


async def test_rules_for_requests_leave_hooks_alone(sandbox: Sandbox) -> None:
    """Each side has its own."""
    sandbox.chaos.on("hang=100%, http_503=100%")
    accept_call(sandbox)
    assert await posted(sandbox) == [100500]
