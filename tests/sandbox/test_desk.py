from collections.abc import Callable
from decimal import Decimal
from operator import methodcaller
from threading import Barrier, Thread
from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import (
    Autopilot,
    CallOver,
    Fate,
    Happening,
    Phase,
    Sandbox,
    SandboxCall,
    State,
    Turn,
)

from .receiver import HOOK, SetClock, accept_call, accept_message
from .wire import KEY, PHONE, ask_json

OFF = Autopilot("off")


@pytest.fixture
def clock() -> SetClock:
    """Give a time of day that a test moves."""
    return SetClock()


@pytest.fixture
def sandbox(clock: SetClock) -> Sandbox:
    """Give a sandbox on that clock, whose calls ring 30 s for a person to answer them."""
    return Sandbox(clock=clock, fates=OFF)


@pytest.fixture
def call(sandbox: Sandbox) -> SandboxCall:
    """Give a call that rings, waits for keys and has a hook."""
    accept_call(sandbox, hook=HOOK, dtmf=True)
    return sandbox.calls()[-1]


def told(sandbox: Sandbox, call: SandboxCall) -> list[tuple[str, int, str | None]]:
    """Return the words, seconds and keys that the hooks of `call` tell, once they are posted."""
    waiting = sandbox.hook_queue.thread(call.id).waiting
    return [(post.fate.word, post.fate.talk_seconds, post.fate.digits) for _, post in waiting]


def test_person_answers_presses_and_hangs_up(
    sandbox: Sandbox, call: SandboxCall, clock: SetClock
) -> None:
    """The call goes through its phases as the person acts, and the hook tells what they did."""
    seen = [call.phase]
    clock.advance(4)
    call.answer()
    seen.append(call.phase)
    clock.advance(3)
    call.press("7")
    call.press("*1")
    clock.advance(2)
    call.hang_up()
    seen.append(call.phase)
    assert seen == [Phase.RINGING, Phase.TALKING, Phase.ENDED]
    assert call.digits == "7*1"
    assert told(sandbox, call) == [("ANSWERED", 5, "7*1")]


def test_press_answers_a_call_that_rings(
    sandbox: Sandbox, call: SandboxCall, clock: SetClock
) -> None:
    """Who presses a key has taken the call; it is theirs, and does not end by itself."""
    call.press("7")
    clock.advance(3600)
    assert (call.phase, call.digits, told(sandbox, call)) == (Phase.TALKING, "7", [])


def test_press_answers_a_call_that_nothing_was_planned_for(sandbox: Sandbox) -> None:
    """A call that is only accepted rings and is answered in one."""
    turns = list[Phase]()

    def note(happened: Happening) -> None:
        if isinstance(happened, Turn):
            turns.append(happened.line.phase)

    sandbox.fates, sandbox.watcher = None, note
    call_id = accept_call(sandbox)
    sandbox.desk.press(call_id, "5")
    assert turns == [Phase.RINGING, Phase.TALKING, Phase.TALKING]


def test_call_without_dtmf_listens_for_no_keys(sandbox: Sandbox) -> None:
    """A program that forgot to ask for keys learns it here; the call is left as it was."""
    call_id = accept_call(sandbox, dtmf=False)
    with pytest.raises(ValueError, match=f"no keys in call {call_id}: it was placed without"):
        sandbox.desk.press(call_id, "7")
    assert sandbox.desk.line(call_id).phase is Phase.RINGING


@pytest.mark.anyio
async def test_voice_sms_always_listens(sandbox: Sandbox, client: httpx.AsyncClient) -> None:
    """A text read out has no field for it, and its keys are told as those of other calls."""
    sms = {"type": "sms", "id": 7, "phone": int(PHONE), "sms_signature": "Voice"}
    await ask_json(client, {**sms, "sms_message": "a"})
    (call,) = sandbox.calls()
    call.press("7")
    assert call.digits == "7"


def test_answered_call_is_nobodys_to_wait_for(sandbox: Sandbox, call: SandboxCall) -> None:
    """A call that a person has answered ends when they hang up; who waits for hooks goes on."""
    sandbox.posts_hooks = False
    call.answer()
    sandbox.wait_for_hooks(timeout=0)
    assert call.phase is Phase.TALKING


def test_answering_again_changes_nothing(call: SandboxCall, clock: SetClock) -> None:
    """An answered call was answered when it was."""
    call.answer()
    line = call.line
    clock.advance(9)
    call.answer()
    assert line == call.line


def test_answer_takes_a_call_over_from_the_autopilot(sandbox: Sandbox, clock: SetClock) -> None:
    """Who answers what the autopilot talks in has it to themselves: no key, no end but theirs."""
    sandbox.fates = Autopilot("answer 2s · press 7 · hangup 12s")
    call_id = accept_call(sandbox, dtmf=True)
    clock.advance(3)
    sandbox.desk.answer(call_id)
    clock.advance(3600)
    line = sandbox.desk.line(call_id)
    assert (line.phase, line.digits) == (Phase.TALKING, None)


@pytest.mark.parametrize(("before", "keys"), [(3, "5"), (9, "75")])
def test_autopilot_hangs_up_though_a_person_presses(
    sandbox: Sandbox, clock: SetClock, before: float, keys: str
) -> None:
    """A call the autopilot answered ends at its time; its own keys are not pressed any more."""
    sandbox.fates = Autopilot("answer 2s · press 7 · hangup 12s")
    call_id = accept_call(sandbox, hook=HOOK, dtmf=True)
    (call,) = sandbox.calls()
    clock.advance(before)
    sandbox.desk.press(call_id, "5")
    clock.advance(13.9 - before)
    talking = call.phase
    clock.advance(0.1)
    assert [talking, call.phase] == [Phase.TALKING, Phase.ENDED]
    assert [("ANSWERED", 12, keys)] == told(sandbox, call)


@pytest.mark.parametrize(
    ("act", "word", "state"),
    [
        (SandboxCall.hang_up, "BUSY", State.UNDELIVERABLE),
        (SandboxCall.decline, "BUSY", State.UNDELIVERABLE),
        (SandboxCall.ring_out, "NO ANSWER", State.EXPIRED),
        (SandboxCall.fail, "FAILED", State.UNDELIVERABLE),
    ],
)
def test_ringing_call_ends_as_the_person_says(
    sandbox: Sandbox,
    call: SandboxCall,
    clock: SetClock,
    act: Callable[[SandboxCall], None],
    word: str,
    state: State,
) -> None:
    """Each way not to answer has its word and its state, and the plan is off."""
    clock.advance(1)
    act(call)
    clock.advance(3600)
    assert (sandbox.state_of(call.id), told(sandbox, call)) == (state, [(word, 0, None)])


def test_queued_call_may_be_declined(sandbox: Sandbox, clock: SetClock) -> None:
    """A call that waits in the queue does not ring any more once it is over."""
    sandbox.queue_seconds = 5
    call_id = accept_call(sandbox)
    sandbox.desk.hang_up(call_id)
    clock.advance(60)
    line = sandbox.desk.line(call_id)
    assert (line.phase, line.ringing_at) == (Phase.ENDED, None)


@pytest.mark.parametrize(
    "act",
    [
        SandboxCall.answer,
        methodcaller("press", "7"),
        SandboxCall.hang_up,
        SandboxCall.decline,
        SandboxCall.ring_out,
        SandboxCall.fail,
    ],
)
@pytest.mark.parametrize("ended_by", ["person", "plan"])
def test_nothing_can_be_done_in_a_call_that_is_over(
    sandbox: Sandbox,
    call: SandboxCall,
    clock: SetClock,
    act: Callable[[SandboxCall], None],
    ended_by: str,
) -> None:
    """Whoever is too late is told how it ended, in one line, and the call stays as it was."""
    if ended_by == "person":
        call.hang_up()
    else:
        clock.advance(30)
    line, hooks = call.line, told(sandbox, call)
    with pytest.raises(CallOver, match=rf"call {call.id} is over: (BUSY|NO ANSWER)$"):
        act(call)
    assert (line, hooks) == (call.line, told(sandbox, call))


@pytest.mark.parametrize("digits", ["", "7a", " ", "٧"])
def test_what_is_no_key_is_not_pressed(call: SandboxCall, digits: str) -> None:
    """Keys are checked before the call is touched: it still rings."""
    with pytest.raises(ValueError, match="0 to 9"):
        call.press(digits)
    assert call.phase is Phase.RINGING


@pytest.mark.parametrize("name", ["answer", "press", "hang_up", "end"])
def test_message_and_unknown_ids_have_no_phone(sandbox: Sandbox, name: str) -> None:
    """There is nothing to answer in a message, nor under an id that was never given."""
    arguments = {"press": ["7"], "end": ["BUSY"]}.get(name, [])
    act = getattr(sandbox.desk, name)
    with pytest.raises(LookupError, match=r"is a message, and no call"):
        act(accept_message(sandbox), *arguments)
    with pytest.raises(LookupError, match=r"nothing with the id 5"):
        act(5, *arguments)


def test_unknown_end_is_refused(sandbox: Sandbox, call: SandboxCall) -> None:
    """A word that means nothing ends no call."""
    with pytest.raises(ValueError, match="'answered' is no word"):
        sandbox.desk.end(call.id, "answered")
    assert call.phase is Phase.RINGING


def test_call_of_no_sandbox_rings_nobody() -> None:
    """A draft has no phone to it."""
    draft = SandboxCall(kind="voice", phone=PHONE, price=Decimal("0.40"))
    with pytest.raises(ValueError, match="no sandbox has accepted"):
        draft.answer()


def test_hook_is_told_of_each_key_as_it_is_pressed(
    sandbox: Sandbox, call: SandboxCall, clock: SetClock
) -> None:
    """With the timing `key` each key goes out with those before it, then the end."""
    sandbox.hook_timing = "key"
    call.answer()
    clock.advance(2)
    call.press("71")
    clock.advance(2)
    call.hang_up()
    answered = "ANSWERED"
    assert told(sandbox, call) == [(answered, 2, "7"), (answered, 2, "71"), (answered, 4, "71")]


def test_hook_may_be_sent_again(sandbox: Sandbox, call: SandboxCall) -> None:
    """What was told is told once more, by the account's own hook where the call has none."""
    call.press("7")
    call.hang_up()
    sandbox.desk.resend(call.id)
    bare = accept_call(sandbox)
    sandbox.desk.hang_up(bare)
    sandbox.hook = HOOK
    sandbox.desk.resend(bare)
    assert told(sandbox, call) == [("ANSWERED", 0, "7")] * 2
    assert len(sandbox.hook_queue.thread(bare).waiting) == 1


def test_message_may_be_told_again(sandbox: Sandbox) -> None:
    """So may what became of a written message."""
    sandbox.message_fate = Fate("DELIVERED")
    message_id = accept_message(sandbox, hook=HOOK)
    sandbox.desk.resend(message_id)
    assert len(sandbox.hook_queue.thread(message_id).waiting) == 2


def test_nothing_is_sent_again_that_nobody_asked_for(sandbox: Sandbox, call: SandboxCall) -> None:
    """A call that has not ended, and one without a hook, are refused in a line of their own."""
    with pytest.raises(ValueError, match="has not ended yet"):
        sandbox.desk.resend(call.id)
    bare = accept_call(sandbox)
    sandbox.desk.hang_up(bare)
    with pytest.raises(ValueError, match="has no hook"):
        sandbox.desk.resend(bare)


def test_person_waits_until_it_is_said_what_else_becomes_of_a_call(
    sandbox: Sandbox, clock: SetClock
) -> None:
    """Who answers before the autopilot has made up its mind is not overruled by it."""
    quick = list[Thread]()

    def fates(call: SandboxCall) -> Fate:
        quick.append(Thread(target=sandbox.desk.answer, args=(call.id,)))
        quick[0].start()
        return Fate("NO ANSWER", after_seconds=30)

    sandbox.fates = fates
    call_id = accept_call(sandbox)
    quick[0].join(5)
    clock.advance(60)
    assert sandbox.desk.line(call_id).phase is Phase.TALKING


def test_of_many_who_hang_up_one_does(sandbox: Sandbox, call: SandboxCall) -> None:
    """Done by ten at once, one hangs up, nine are too late, and the hook is told once."""
    barrier, late = Barrier(10), list[CallOver]()

    def hang_up() -> None:
        barrier.wait(5)
        try:
            call.hang_up()
        except CallOver as error:
            late.append(error)

    threads = [Thread(target=hang_up) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (len(late), told(sandbox, call)) == (9, [("BUSY", 0, None)])


async def story(client: httpx.AsyncClient) -> tuple[str, str, object]:
    """Return what http.php, xml.php and json.php say of what was accepted first."""
    asked = {"version": "http", "key": KEY, "command": "receive", "id": "100500"}
    http = (await client.post("/api/http.php", data=asked)).text
    package = f'<package key="{KEY}"><status><msg sms_id="100500"/></status></package>'
    xml = (await client.post("/api/xml.php", content=package)).text
    json: Any = await ask_json(client, {"type": "status", "id": 7})
    code = xml.partition("</msg>")[0].rpartition(">")[2]
    return http.partition(" status_time")[0], code, json["data"][0]["data"]["status"]


SAY = {"type": "voice", "id": 7, "phone": int(PHONE), "message": "Привіт", "dtmf": True}


@pytest.mark.anyio
async def test_three_interfaces_tell_what_a_person_does(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """They say pending in the queue, sending while it rings, sent while it is talked in."""
    sandbox.fates = None
    await ask_json(client, SAY)
    seen = [await story(client)]
    (call,) = sandbox.calls()
    sandbox.end_call(call.id, Fate("NO ANSWER", after_seconds=30))
    seen.append(await story(client))
    call.press("7")
    seen.append(await story(client))
    call.hang_up()
    seen.append(await story(client))
    assert seen == [
        ("status:Pending code:0", "106", "ACCEPTED"),
        ("status:Sending code:1", "110", "ROUTING"),
        ("status:Sent code:2", "101", "ROUTING"),
        ("status:Delivered code:3", "102", "DELIVERED"),
    ]
