from datetime import timedelta
from decimal import Decimal

import pytest

from alphasms_async.sandbox import (
    Autopilot,
    Ending,
    Fate,
    Happening,
    Sandbox,
    SandboxCall,
    SandboxMessage,
)
from alphasms_async.sandbox.hooks.queue import AT_ONCE

from .receiver import HOOK, Receiver, SetClock, accept_call, accept_message, through
from .wire import PHONE, wav

in_both_worlds = pytest.mark.anyio

BUSY = Fate("BUSY")


def kept(sandbox: Sandbox) -> list[int]:
    """Return the ids of all that the sandbox still knows."""
    return [entry.id for entry in sandbox.ledger.entries()]


def test_ids_and_money_go_on_beyond_what_is_kept() -> None:
    """The oldest is forgotten and its money stays spent; no id is given twice."""
    sandbox = Sandbox(keep=2, fates=lambda _: BUSY)
    ids = [accept_call(sandbox) for _ in range(5)]
    assert ids == [100500, 100501, 100502, 100503, 100504]
    assert (kept(sandbox), sandbox.balance) == (ids[-2:], Decimal("248.00"))


def test_oldest_that_is_over_goes_first() -> None:
    """A call that still rings is kept while there is another that has ended."""
    clock = SetClock()
    sandbox = Sandbox(keep=3, clock=clock, fates=Autopilot("off"))
    rings = [accept_call(sandbox), accept_call(sandbox)]
    sandbox.script(PHONE, BUSY)
    accept_call(sandbox)
    last = accept_call(sandbox)
    assert kept(sandbox) == [*rings, last]


def test_what_is_over_by_now_counts_as_over() -> None:
    """A call whose time came unseen goes before one that rings."""
    clock = SetClock()
    sandbox = Sandbox(keep=2, clock=clock)
    sandbox.script(PHONE, Fate("NO ANSWER", after_seconds=60), Fate("BUSY", after_seconds=2))
    rings = accept_call(sandbox)
    accept_call(sandbox)
    clock.advance(3)
    assert [rings, accept_call(sandbox)] == kept(sandbox)


def test_oldest_goes_when_none_is_over() -> None:
    """Where all still ring, the oldest has to go, and never ends."""
    clock, seen = SetClock(), list[Happening]()
    sandbox = Sandbox(keep=2, clock=clock, fates=Autopilot("busy 9s"), watcher=seen.append)
    ids = [accept_call(sandbox) for _ in range(3)]
    clock.advance(60)
    sandbox.lines.go_on()
    assert ids[1:] == [one.entry.id for one in seen if isinstance(one, Ending)]
    assert sandbox.lines.left == 0


def test_forgotten_call_is_unknown_everywhere() -> None:
    """Its id is one that was never given: no state, no line, nobody to answer it."""
    sandbox = Sandbox(keep=1)
    forgotten = accept_call(sandbox)
    call = sandbox.calls()[0]
    accept_call(sandbox)
    for ask in (sandbox.state_of, sandbox.desk.answer, sandbox.desk.line, sandbox.desk.resend):
        with pytest.raises(LookupError, match=f"the id {forgotten}"):
            ask(forgotten)
    with pytest.raises(LookupError, match=f"the id {forgotten}"):
        call.hang_up()


def test_clients_id_may_be_used_again_once_forgotten() -> None:
    """What is not remembered cannot be repeated."""
    sandbox = Sandbox(keep=1)
    for _ in range(2):
        for client_id in (7, 8):
            draft = SandboxMessage(kind="sms", phone=PHONE, price=Decimal(1), client_id=client_id)
            sandbox.accept(draft)
    assert sandbox.ledger.find_by_client_id(7) is None
    assert sandbox.ledger.find_by_client_id(8) is not None


@in_both_worlds
async def test_hooks_go_with_what_they_tell_of() -> None:
    """Neither the log nor what waits remains of what is forgotten; all else stays."""
    clock = SetClock()
    sandbox = Sandbox(keep=2, clock=clock, hook=HOOK, fates=lambda _: BUSY)
    ids = [accept_call(sandbox), accept_call(sandbox)]
    await sandbox.post_hooks(through(Receiver(503, 503)))
    ids.append(accept_call(sandbox))
    threads = [sandbox.hook_queue.thread(entry_id) for entry_id in ids]
    told = [(len(one.deliveries), len(one.waiting)) for one in threads]
    assert told == [(0, 0), (1, 1), (0, 1)]
    assert [one.entry_id for one in sandbox.deliveries()] == [ids[1]]
    assert sandbox.hook_queue.left == 2


@in_both_worlds
async def test_what_is_in_flight_leaves_no_trace() -> None:
    """A hook that comes back after its call was forgotten is neither logged nor tried again."""
    sandbox = Sandbox(keep=1, hook=HOOK, fates=lambda _: BUSY)
    accept_call(sandbox)
    seen = list[Happening]()

    class Forgetful(Receiver):
        async def __call__(self, *args: object) -> None:
            sandbox.fates = None
            accept_call(sandbox)
            sandbox.watcher = seen.append
            await super().__call__(*args)  # type: ignore[arg-type]  # as it came

    await sandbox.post_hooks(through(Forgetful(503)))
    assert (sandbox.deliveries(), sandbox.hook_queue.left, seen) == ([], 0, [])


@in_both_worlds
async def test_room_of_what_was_forgotten_in_flight_is_free_again() -> None:
    """A receiver has as much room after its hooks were forgotten as before."""
    clock = SetClock()
    sandbox = Sandbox(keep=AT_ONCE, clock=clock, hook=HOOK, fates=lambda _: BUSY)
    for _ in range(2):
        for _ in range(AT_ONCE):
            accept_call(sandbox)
        taken = [sandbox.hook_queue.take() for _ in range(AT_ONCE + 1)]
        assert (sum(post is not None for post in taken), taken[-1]) == (AT_ONCE, None)


def test_messages_count_as_calls_do() -> None:
    """What is kept is counted over calls and messages."""
    sandbox = Sandbox(keep=2, message_fate=Fate("DELIVERED"))
    accept_call(sandbox)
    messages = [accept_message(sandbox), accept_message(sandbox)]
    accept_call(sandbox)
    assert messages[0] not in kept(sandbox)
    assert len(kept(sandbox)) == 2


def test_waiting_call_is_forgotten_with_its_queue() -> None:
    """One forgotten in the queue never rings."""
    clock = SetClock()
    sandbox = Sandbox(keep=1, clock=clock, queue_seconds=5, fates=Autopilot("busy 9s"))
    forgotten = accept_call(sandbox)
    accept_call(sandbox)
    clock.advance(60)
    sandbox.lines.go_on()
    assert sandbox.lines.last_line(forgotten).ringing_at is None


@pytest.mark.parametrize("keep", [0, -1])
def test_something_is_kept(keep: int) -> None:
    """To keep nothing is no setting."""
    with pytest.raises(ValueError, match="keep"):
        Sandbox(keep=keep)


def test_one_recording_is_kept_once() -> None:
    """Calls that play the same sound share its bytes; another sound is another."""
    sandbox = Sandbox()
    sounds = [wav(seconds=1.0), wav(seconds=2.0)]
    for number in range(40):
        sound = bytes(bytearray(sounds[number % 2]))
        sandbox.accept(SandboxCall(kind="voice", phone=PHONE, price=Decimal("0.40"), audio=sound))
    assert len({id(call.audio) for call in sandbox.calls()}) == 2
    assert [call.audio for call in sandbox.calls()[:2]] == sounds


def test_recording_not_played_of_late_is_forgotten() -> None:
    """Only those of the last few calls are looked through, and the rest are not held."""
    sandbox = Sandbox()
    first = sandbox.ledger.shared(bytes([1] * 100))
    for number in range(2, 40):
        sandbox.ledger.shared(bytes([number] * 100))
    assert sandbox.ledger.shared(bytes([1] * 100)) is not first
    assert sandbox.ledger.shared(None) is None


def test_standing_of_what_was_kept_has_its_own_moment() -> None:
    """Forgetting others changes nothing in what is kept."""
    clock = SetClock()
    sandbox = Sandbox(keep=1, clock=clock, fates=Autopilot("busy 2s"))
    accept_call(sandbox)
    clock.advance(1)
    accept_call(sandbox)
    clock.advance(60)
    (call,) = sandbox.calls()
    assert sandbox.standing(call).since - call.at == timedelta(seconds=2)
