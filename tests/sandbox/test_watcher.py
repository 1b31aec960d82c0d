import anyio
import pytest

from alphasms_async.sandbox import Ending, Fate, Happening, Sandbox, SandboxEntry

from .receiver import HOOK, Receiver, SetClock, accept_call, accept_message, served, through

pytestmark = pytest.mark.anyio


@pytest.fixture
def seen(sandbox: Sandbox) -> list[Happening]:
    """Give what the sandbox's watcher has been told."""
    seen: list[Happening] = []
    sandbox.watcher = seen.append
    return seen


async def test_watcher_is_told_in_order(sandbox: Sandbox, seen: list[Happening]) -> None:
    """A call is accepted, then it ends as its fate says, then each attempt at its hook is told."""
    fate = Fate("BUSY")
    sandbox.fates, sandbox.hook_pauses = (lambda _: fate), (0.0,)
    call_id = accept_call(sandbox, hook=HOOK)
    receiver = through(Receiver(503, 200))
    await sandbox.post_hooks(receiver)
    await sandbox.post_hooks(receiver)
    entry, ending, *deliveries = seen
    assert isinstance(entry, SandboxEntry)
    assert isinstance(ending, Ending)
    assert (entry.id, ending.entry, ending.fate) == (call_id, entry, fate)
    assert deliveries == sandbox.deliveries(call_id)


async def test_watcher_is_told_of_messages(sandbox: Sandbox, seen: list[Happening]) -> None:
    """A written message is told of as a call is."""
    sandbox.message_fate = Fate("DELIVERED")
    accept_message(sandbox)
    assert [type(one).__name__ for one in seen] == ["SandboxMessage", "Ending"]


async def test_watcher_hears_nothing_of_what_is_forgotten() -> None:
    """An end that a reset has taken back is not told."""
    clock, seen = SetClock(), list[Happening]()
    fate = Fate("BUSY", after_seconds=5)
    sandbox = Sandbox(clock=clock, fates=lambda _: fate, watcher=seen.append)
    accept_call(sandbox)
    sandbox.reset()
    clock.advance(10)
    await sandbox.post_hooks(through(Receiver()))
    assert [type(one).__name__ for one in seen] == ["SandboxCall", "Turn"]


async def test_ending_is_safe_to_print(sandbox: Sandbox, seen: list[Happening]) -> None:
    """No repr of what a watcher is told shows a hook or a whole phone."""
    sandbox.fates = lambda _: Fate("BUSY")
    accept_call(sandbox, hook=HOOK)
    assert not {part for part in ("s3cret", "0501234567") if part in repr(seen)}


async def test_first_id_may_be_chosen() -> None:
    """Ids begin where one says, after a reset too; beside an old journal that must be elsewhere."""
    sandbox = Sandbox(first_id=7)
    ids = [accept_call(sandbox), accept_call(sandbox)]
    sandbox.reset()
    assert [*ids, accept_call(sandbox)] == [7, 8, 7]


@pytest.mark.parametrize("first_id", [0, -1])
async def test_first_id_is_one_that_the_gateway_gives(first_id: int) -> None:
    """What is no id is refused when the sandbox is made."""
    with pytest.raises(ValueError, match="first_id"):
        Sandbox(first_id=first_id)


async def test_watcher_that_raises_stops_nothing(
    sandbox: Sandbox, raised: list[BaseException | None]
) -> None:
    """Its error is told as a thread's, alone, and all happens as without it, the hook included."""

    def complain(happened: Happening) -> None:
        raise ValueError(type(happened).__name__)

    sandbox.watcher, sandbox.fates = complain, lambda _: Fate("BUSY")
    with served(Receiver()) as url, sandbox.serve():
        accept_call(sandbox, hook=url)
        accept_call(sandbox, hook="http://127.0.0.1:0/?t=s3cret")
        await anyio.to_thread.run_sync(sandbox.wait_for_hooks)
        assert len(sandbox.deliveries()) == 2
        sandbox.watcher = None
        accept_call(sandbox, hook=url)
        await anyio.to_thread.run_sync(sandbox.wait_for_hooks)
    assert [one.status for one in sandbox.deliveries()].count(200) == 2
    names = [str(error) for error in raised]
    assert sorted(names) == sorted(["SandboxCall", "Ending", "HookDelivery"] * 2)
    assert {error.__context__ for error in raised if error} == {None}
