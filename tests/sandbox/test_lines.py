from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from alphasms_async.sandbox import (
    Ending,
    Fate,
    Happening,
    Key,
    Line,
    Phase,
    Sandbox,
    SandboxCall,
    State,
    Turn,
)

from .receiver import SetClock, accept_call, accept_message

START = datetime(2024, 7, 11, 9, tzinfo=UTC)
HOOK = "http://127.0.0.1:9/hook"
TALK = Fate(after_seconds=14, talk_seconds=12, digits="71")


def at(seconds: float) -> datetime:
    """Return the moment `seconds` after the clock of these tests began."""
    return START + timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    """Give a time of day that a test moves."""
    return SetClock()


@pytest.fixture
def sandbox(clock: SetClock) -> Sandbox:
    """Give a sandbox on that clock."""
    return Sandbox(clock=clock)


def planned(sandbox: Sandbox, fate: Fate | None, *, hook: str | None = None) -> SandboxCall:
    """Have the sandbox accept a call that waits for keys, with `fate` to come."""
    sandbox.fates = lambda _: fate
    call_id = accept_call(sandbox, hook=hook, dtmf=True)
    (call,) = [call for call in sandbox.calls() if call.id == call_id]
    return call


def bodies(sandbox: Sandbox, call: SandboxCall) -> list[str]:
    """Return what the hooks of `call` that wait would post."""
    waiting = sandbox.hook_queue.thread(call.id).waiting
    return [sandbox.hook_style.body(post.entry, post.fate) for _, post in waiting]


def watched(sandbox: Sandbox) -> list[str]:
    """Return a list that fills with what the watcher is told, each in a word or two."""
    told = list[str]()

    def note(happened: Happening) -> None:
        if isinstance(happened, Turn):
            told.append(f"{happened.line.phase.value} {happened.line.digits or ''}".strip())
        elif isinstance(happened, Ending):
            told.append(happened.fate.word)

    sandbox.watcher = note
    return told


def test_answered_call_goes_through_all_phases(sandbox: Sandbox, clock: SetClock) -> None:
    """It rings, is talked in for the last of its time, hears its keys evenly, and ends."""
    call = planned(sandbox, TALK)
    seen = [(call.phase, call.digits, sandbox.state_of(call.id))]
    for seconds in (1.9, 0.1, 3.9, 0.1, 4, 3.9, 0.1):
        clock.advance(seconds)
        seen.append((call.phase, call.digits, sandbox.state_of(call.id)))
    ringing, talking = (Phase.RINGING, None, State.SENDING), State.ROUTING
    assert seen == [
        ringing,
        ringing,
        (Phase.TALKING, None, talking),
        (Phase.TALKING, None, talking),
        (Phase.TALKING, "7", talking),
        (Phase.TALKING, "71", talking),
        (Phase.TALKING, "71", talking),
        (Phase.ENDED, "71", State.DELIVERED),
    ]


def test_line_keeps_the_moment_of_each_turn(sandbox: Sandbox, clock: SetClock) -> None:
    """Looked at an hour late, each turn has the moment at which it came."""
    call = planned(sandbox, TALK)
    clock.advance(3600)
    assert call.line == Line(
        phase=Phase.ENDED,
        ringing_at=START,
        answered_at=at(2),
        ended_at=at(14),
        keys=(Key("7", at(6)), Key("1", at(10))),
        fate=TALK,
    )


@pytest.mark.parametrize("word", ["NO ANSWER", "BUSY", "FAILED", "CANCEL"])
def test_unanswered_call_rings_to_its_end(sandbox: Sandbox, clock: SetClock, word: str) -> None:
    """A call that nobody answers is never talked in."""
    call = planned(sandbox, Fate(word, after_seconds=5))
    clock.advance(4.9)
    before = call.line
    clock.advance(0.1)
    assert Line(phase=Phase.RINGING, ringing_at=START) == before
    assert call.line == Line(
        phase=Phase.ENDED, ringing_at=START, ended_at=at(5), fate=Fate(word, after_seconds=5)
    )


def test_call_that_ends_at_once_has_no_phases(sandbox: Sandbox) -> None:
    """A fate without a delay sets the end, its keys with it, and no turn is told."""
    told = watched(sandbox)
    call = planned(sandbox, Fate(talk_seconds=9, digits="5"))
    assert call.line == Line(
        phase=Phase.ENDED, ended_at=START, keys=(Key("5", START),), fate=call.line.fate
    )
    assert told == ["ANSWERED"]


def test_call_without_a_fate_stays_queued(sandbox: Sandbox, clock: SetClock) -> None:
    """Nothing happens to it, however long one waits, and nothing is said to come."""
    call = planned(sandbox, None)
    clock.advance(86_400)
    assert (call.line, sandbox.state_of(call.id)) == (Line(), State.ACCEPTED)
    assert sandbox.lines.left == 0


def test_message_has_no_phases(sandbox: Sandbox, clock: SetClock) -> None:
    """A written message that takes its time is accepted, then it ends."""
    told = watched(sandbox)
    sandbox.message_fate = Fate("DELIVERED", after_seconds=3)
    message_id = accept_message(sandbox)
    phases = [sandbox.desk.line(message_id).phase]
    clock.advance(3)
    phases.append(sandbox.desk.line(message_id).phase)
    assert phases == [Phase.QUEUED, Phase.ENDED]
    assert told == ["DELIVERED"]


def test_call_waits_in_the_queue_before_it_rings(sandbox: Sandbox, clock: SetClock) -> None:
    """What the queue takes comes before the fate's own seconds, which stay as they are."""
    sandbox.queue_seconds = 3
    call = planned(sandbox, TALK)
    clock.advance(2.9)
    before = call.phase
    clock.advance(60)
    line = call.line
    assert before is Phase.QUEUED
    assert (at(3), at(5), at(17)) == (line.ringing_at, line.answered_at, line.ended_at)


def test_queue_counts_from_the_acceptance(sandbox: Sandbox, clock: SetClock) -> None:
    """A fate given by hand to a call that has waited long enough has it ring at once."""
    sandbox.queue_seconds = 3
    call = planned(sandbox, None)
    clock.advance(2)
    sandbox.end_call(call.id, Fate("BUSY", after_seconds=2))
    clock.advance(60)
    other = planned(sandbox, None)
    clock.advance(10)
    sandbox.end_call(other.id, Fate("BUSY", after_seconds=2))
    assert (at(3), at(5)) == (call.line.ringing_at, call.line.ended_at)
    assert (at(72), Phase.RINGING) == (other.line.ringing_at, other.phase)


def test_call_answered_at_once_rings_first(sandbox: Sandbox, clock: SetClock) -> None:
    """Who is said to have talked all the time answers as it begins to ring, and is talking."""
    told = watched(sandbox)
    call = planned(sandbox, Fate(after_seconds=12, talk_seconds=12))
    clock.advance(1)
    assert (call.phase, told) == (Phase.TALKING, ["ringing", "in call"])


def test_turns_are_told_in_order(sandbox: Sandbox, clock: SetClock) -> None:
    """The watcher is told each turn once, then the end."""
    told = watched(sandbox)
    planned(sandbox, TALK)
    clock.advance(60)
    sandbox.lines.go_on()
    assert told == ["ringing", "in call", "in call 7", "in call 71", "ANSWERED"]


def test_ended_again_by_hand_has_the_keys_it_is_given(sandbox: Sandbox) -> None:
    """A program that ends a call once more says anew which keys were pressed."""
    call = planned(sandbox, Fate(digits="1"))
    sandbox.end_call(call.id, Fate(digits="2"))
    assert call.digits == "2"


def test_second_end_does_not_ring_again(sandbox: Sandbox, clock: SetClock) -> None:
    """A call that has ended and is to end otherwise later stays ended meanwhile."""
    told = watched(sandbox)
    call = planned(sandbox, Fate("BUSY"))
    sandbox.end_call(call.id, Fate(after_seconds=9, talk_seconds=3))
    clock.advance(7)
    before = call.phase
    clock.advance(2)
    assert [before, call.phase] == [Phase.ENDED] * 2
    assert told == ["BUSY", "ANSWERED"]


def test_end_by_hand_keeps_the_keys_that_were_heard(sandbox: Sandbox, clock: SetClock) -> None:
    """A program's end that names no keys leaves those that were pressed."""
    call = planned(sandbox, TALK)
    clock.advance(7)
    sandbox.end_call(call.id, Fate(talk_seconds=5))
    assert call.digits == "7"


def test_hook_is_told_of_each_key_at_its_time(sandbox: Sandbox, clock: SetClock) -> None:
    """With the timing `key` a hook goes out for each key, with all so far, and for the end."""
    sandbox.hook_timing = "key"
    call = planned(sandbox, TALK, hook=HOOK)
    clock.advance(60)
    sandbox.lines.go_on()
    waiting = sandbox.hook_queue.thread(call.id).waiting
    told = [(due, post.fate.digits, post.fate.talk_seconds) for due, post in waiting]
    assert told == [(at(6), "7", 4), (at(10), "71", 8), (at(14), "71", 12)]


def test_keys_of_a_call_that_ends_at_once_are_told_each(sandbox: Sandbox) -> None:
    """With the timing `key` keys that a fate names are told one by one before the end."""
    sandbox.hook_timing = "key"
    call = planned(sandbox, Fate(talk_seconds=3, digits="71"), hook=HOOK)
    waiting = sandbox.hook_queue.thread(call.id).waiting
    assert [post.fate.digits for _, post in waiting] == ["7", "71", "71"]


def test_hook_is_told_of_the_end_alone_otherwise(sandbox: Sandbox, clock: SetClock) -> None:
    """With the timing `hang-up` there is one hook, with every key."""
    call = planned(sandbox, TALK, hook=HOOK)
    clock.advance(60)
    sandbox.lines.go_on()
    told = f'{{"id": {call.id}, "phone": "{call.phone}", "status": "ANSWERED", "duration": 12'
    assert [f'{told}, "dtmf": "71"}}'] == bodies(sandbox, call)


def test_calls_end_in_the_order_of_their_time(sandbox: Sandbox, clock: SetClock) -> None:
    """Looked at late, what came first is told first, whatever was accepted first."""
    told = watched(sandbox)
    planned(sandbox, Fate("BUSY", after_seconds=4))
    planned(sandbox, Fate(after_seconds=5, talk_seconds=4))
    planned(sandbox, Fate("FAILED", after_seconds=2))
    clock.advance(60)
    sandbox.lines.go_on()
    assert told == ["ringing"] * 3 + ["in call", "FAILED", "BUSY", "ANSWERED"]


def test_forgotten_call_is_over_for_those_who_wait(clock: SetClock) -> None:
    """Who waits for the end of a call that is forgotten meanwhile is woken, and waits no more."""
    sandbox = Sandbox(clock=clock, keep=1, fates=lambda _: Fate("BUSY", after_seconds=60))
    accept_call(sandbox)
    sandbox.fates = None
    waiting = Thread(target=sandbox.wait_for_hooks)
    waiting.start()
    accept_call(sandbox)
    waiting.join(5)
    assert not waiting.is_alive()


def test_watcher_may_act_on_the_calls_it_is_told_of(sandbox: Sandbox, clock: SetClock) -> None:
    """One that hangs up as soon as it rings is heard, and nothing goes on in a call that is over.

    Whoever answered meanwhile is not told that they talk.
    """

    def decline(happened: Happening) -> None:
        if isinstance(happened, Turn) and happened.line.phase is Phase.RINGING:
            sandbox.desk.hang_up(happened.entry.id)

    sandbox.watcher = decline
    by_plan = planned(sandbox, TALK)
    by_person = planned(sandbox, None)
    by_person.answer()
    clock.advance(60)
    assert [(call.phase, sandbox.state_of(call.id)) for call in (by_plan, by_person)] == [
        (Phase.ENDED, State.UNDELIVERABLE)
    ] * 2


def at_once(*acts: Callable[[], None]) -> None:
    """Have all of `acts` done at the same time, each in a thread of its own."""
    barrier = Barrier(len(acts))

    def act(what: Callable[[], None]) -> None:
        barrier.wait(5)
        what()

    threads = [Thread(target=act, args=(what,)) for what in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def test_calls_from_several_threads_end_once_each() -> None:
    """Accepted, looked at and ended by several at once, each call ends once, with its one hook."""
    endings = list[int]()
    sandbox = Sandbox(
        fates=lambda call: Fate("BUSY", after_seconds=call.id % 3 / 1000), hook=HOOK, keep=100_000
    )
    sandbox.watcher = lambda one: endings.append(one.entry.id) if isinstance(one, Ending) else None

    def accept() -> None:
        for _ in range(100):
            accept_call(sandbox)

    def look() -> None:
        for _ in range(200):
            for call in sandbox.calls():
                assert call.line.phase in Phase

    at_once(accept, accept, accept, look)
    sandbox.fates = None
    while sandbox.lines.left:
        sandbox.lines.go_on()
    ids = [call.id for call in sandbox.calls()]
    hooks = [len(sandbox.hook_queue.thread(call_id).waiting) for call_id in ids]
    assert (ids, [1] * 300) == (sorted(endings), hooks)


def test_what_is_forgotten_meanwhile_stops_nobody() -> None:
    """Calls that are forgotten while they ring disturb neither those who look nor those after."""
    sandbox = Sandbox(fates=lambda _: Fate(after_seconds=0.001, talk_seconds=1), hook=HOOK, keep=3)
    failures = list[BaseException]()

    def guarded(act: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                for _ in range(300):
                    act()
            except BaseException as error:  # noqa: BLE001 shown below
                failures.append(error)

        return run

    at_once(*[guarded(lambda: accept_call(sandbox))] * 2, *[guarded(sandbox.lines.go_on)] * 2)
    assert (failures, len(sandbox.calls())) == ([], 3)
