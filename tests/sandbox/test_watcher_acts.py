from collections.abc import Callable

import pytest

from alphasms_async.sandbox import (
    Autopilot,
    Ending,
    Fate,
    Happening,
    Line,
    Phase,
    Sandbox,
    SandboxCall,
    Turn,
    VirtualClock,
)

from .receiver import HOOK, accept_call

BUSY = Fate("BUSY")


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox on a clock that stands still, whose calls ring 30 s and have a hook."""
    return Sandbox(clock=VirtualClock(), fates=Autopilot("off"), hook=HOOK)


def words(sandbox: Sandbox) -> list[str]:
    """Return what the hooks that wait tell of the first call."""
    (call,) = sandbox.calls()
    return [post.fate.word for _, post in sandbox.hook_queue.thread(call.id).waiting]


def test_call_answered_as_it_comes_is_a_persons(sandbox: Sandbox) -> None:
    """Whoever is told of it answers, and the autopilot does not end it."""

    def answer(happened: Happening) -> None:
        if isinstance(happened, SandboxCall):
            happened.answer()

    sandbox.watcher = answer
    accept_call(sandbox)
    sandbox.advance(60)
    (call,) = sandbox.calls()
    assert (call.phase, words(sandbox)) == (Phase.TALKING, [])
    call.hang_up()
    assert words(sandbox) == ["ANSWERED"]


def test_call_ended_as_it_comes_ends_once(sandbox: Sandbox) -> None:
    """So it is when it was ended by hand, at once or for later."""

    def end(happened: Happening) -> None:
        if isinstance(happened, SandboxCall):
            sandbox.end_call(happened.id, Fate("CANCEL", after_seconds=3))

    sandbox.watcher = end
    accept_call(sandbox)
    sandbox.advance(60)
    assert words(sandbox) == ["CANCEL"]


def test_fates_that_end_the_call_themselves_are_not_heard(sandbox: Sandbox) -> None:
    """What the function has done counts, and not what it says after."""

    def decline(call: SandboxCall) -> Fate:
        call.decline()
        return Fate("NO ANSWER", after_seconds=30)

    sandbox.fates = decline
    accept_call(sandbox)
    sandbox.advance(60)
    assert words(sandbox) == ["BUSY"]


def is_call(happened: Happening) -> bool:
    """Say whether a call has come."""
    return isinstance(happened, SandboxCall)


def is_ringing(happened: Happening) -> bool:
    """Say whether a call has begun to ring."""
    return isinstance(happened, Turn) and happened.line.phase is Phase.RINGING


def is_key(happened: Happening) -> bool:
    """Say whether a key was heard."""
    return isinstance(happened, Turn) and bool(happened.line.keys)


def is_end(happened: Happening) -> bool:
    """Say whether a call has ended."""
    return isinstance(happened, Ending)


@pytest.mark.parametrize("moment", [is_call, is_ringing, is_key, is_end])
def test_watcher_may_have_all_forgotten(
    sandbox: Sandbox, moment: Callable[[Happening], bool]
) -> None:
    """Whenever it does, nothing is left of the call: no hook, no line, nobody to be given it."""
    sandbox.hook_timing = "key"

    def reset(happened: Happening) -> None:
        if moment(happened):
            sandbox.reset()
            sandbox.hook_timing = "key"

    sandbox.watcher = reset
    sandbox.fates = Autopilot("answer 2s, press 12, hangup 6s")
    call_id = accept_call(sandbox)
    sandbox.advance(60)
    assert (sandbox.calls(), sandbox.hook_queue.left, sandbox.lines.left) == ([], 0, 0)
    assert sandbox.lines.last_line(call_id) == Line()
    with pytest.raises(TimeoutError):
        sandbox.wait_for_call(timeout=0)


def test_person_whose_call_is_forgotten_meanwhile_is_told(sandbox: Sandbox) -> None:
    """Pressing on is refused as for any call that is not there, and leaves nothing."""

    def reset(happened: Happening) -> None:
        if is_key(happened):
            sandbox.reset()

    sandbox.watcher = reset
    call_id = accept_call(sandbox)
    with pytest.raises(LookupError, match=f"the id {call_id}"):
        sandbox.desk.press(call_id, "123")
    assert (sandbox.hook_queue.left, sandbox.lines.last_line(call_id)) == (0, Line())


@pytest.mark.parametrize(
    ("digits", "told"), [("17", ["1", "17", "17"]), ("7", ["1", "7"]), (None, ["1", "1"])]
)
def test_end_by_hand_adds_to_the_keys_that_were_heard(
    sandbox: Sandbox, digits: str | None, told: list[str]
) -> None:
    """Hooks told of each key hear of those that go on from there; others the end alone tells."""
    sandbox.hook_timing = "key"
    for after_seconds in (0, 5):
        call_id = accept_call(sandbox)
        sandbox.desk.press(call_id, "1")
        fate = Fate(after_seconds=after_seconds, talk_seconds=5, digits=digits)
        sandbox.end_call(call_id, fate)
        sandbox.advance(6)
        waiting = sandbox.hook_queue.thread(call_id).waiting
        assert [post.fate.digits for _, post in waiting] == told
        assert sandbox.desk.line(call_id).digits == told[-1]
