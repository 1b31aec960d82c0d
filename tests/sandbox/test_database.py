"""What a sandbox was, it is again when it is begun on the same file."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from alphasms_async.sandbox import (
    Autopilot,
    Fate,
    Phase,
    Sandbox,
    SandboxCall,
    SandboxMessage,
    State,
    keeping,
)

from .receiver import HOOK, Receiver, SetClock, accept_call, accept_message, through, told
from .wire import OTHER_PHONE, PHONE, voice_form, wav

in_both_worlds = pytest.mark.anyio

PRICE = Decimal("0.40")
SECOND_ID = 100501


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "sandbox.db"


@pytest.fixture
def clock() -> SetClock:
    """The time of day, which goes on while no sandbox is there."""
    return SetClock()


def call(phone: str = PHONE, *, sound: bytes | None = None) -> SandboxCall:
    """Return a draft of a call with a recording."""
    audio = wav() if sound is None else sound
    return SandboxCall(
        kind="voice", phone=phone, price=PRICE, audio=audio, filename="a.wav", dtmf=True
    )


def count(path: Path, table: str) -> int:
    """Return how many rows a table has."""
    with closing(sqlite3.connect(path)) as connection:
        (rows,) = connection.execute(f"select count(*) from {table}").fetchone()  # noqa: S608 - ours
        return int(rows)


def test_calls_and_messages_are_there_again(path: Path) -> None:
    """Each with all that it was accepted with, the recording byte for byte."""
    before = Sandbox()
    with keeping(before, path):
        before.accept(call())
        accept_message(before, hook=HOOK)
    after = Sandbox()
    with keeping(after, path):
        assert after.ledger.entries() == before.ledger.entries()
        assert [one.audio for one in after.calls()] == [wav()]


def test_text_of_any_kind_is_there_again(path: Path) -> None:
    """Also one that no database takes as text."""
    text = "Ваш 'код' \\ \ud800 \0 \u2028 \n"
    message = SandboxMessage(kind="sms", phone=PHONE, price=PRICE, text=text, extra={text: text})
    with keeping(before := Sandbox(), path):
        before.accept(message)
    with keeping(after := Sandbox(), path):
        assert after.ledger.entries() == before.ledger.entries()


def test_call_taken_back_can_be_answered(path: Path) -> None:
    """It is a call of the sandbox that is there now."""
    with keeping(before := Sandbox(), path):
        before.accept(call())
    after = Sandbox()
    with keeping(after, path):
        (taken,) = after.calls()
        taken.press("7")
        assert (taken.phase, taken.digits) == (Phase.TALKING, "7")


def test_recording_is_written_once(path: Path) -> None:
    """However many calls play it, and other recordings beside it."""
    sandbox = Sandbox()
    with keeping(sandbox, path):
        for sound in (wav(), wav(), wav(seconds=2)):
            sandbox.accept(call(sound=sound))
    assert (count(path, "entry"), count(path, "recording")) == (3, 2)


def test_recording_is_read_once(path: Path) -> None:
    """Calls taken back, and the next one, have the same bytes in memory."""
    with keeping(before := Sandbox(), path):
        before.accept(call())
        before.accept(call())
    after = Sandbox()
    with keeping(after, path):
        after.accept(call())
        first, *others = (one.audio for one in after.calls())
        assert all(one is first for one in others)


def test_money_ids_and_codes_go_on(path: Path) -> None:
    """The next id is one more, the balance what was left, the code the next one of the seed."""
    alone = Sandbox(seed=7)
    codes = [alone.ledger.mint_code() for _ in range(3)]
    with keeping(before := Sandbox(seed=7), path):
        before.balance = Decimal("100.00")
        before.accept(call())
        assert [before.ledger.mint_code() for _ in range(2)] == codes[:2]
    after = Sandbox(seed=7, first_id=900_000)
    with keeping(after, path):
        assert (after.balance, after.ledger.accepted) == (Decimal("99.60"), 1)
        assert (after.accept(call()).id, after.ledger.mint_code()) == (SECOND_ID, codes[2])


def test_ids_that_a_kill_may_have_lost_are_not_given_again(path: Path) -> None:
    """A client may know them of calls that the file does not, and takes no event for another's."""
    with keeping(before := Sandbox(), path):
        before.accept(call())
        accept_call(before)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "update account set settings = replace(settings, :over, :killed)",
            {"over": '"is_last":true', "killed": '"is_last":false'},
        )
    with keeping(after := Sandbox(), path):
        assert accept_call(after) == SECOND_ID + 1 + 10_000


def test_clients_ids_stay_used(path: Path) -> None:
    """A message that was sent before is refused when it is sent again."""
    message = SandboxMessage(kind="sms", phone=PHONE, price=PRICE, client_id=5)
    with keeping(before := Sandbox(), path):
        before.accept(message)
    after = Sandbox()
    with keeping(after, path):
        assert after.ledger.find_by_client_id(5) is not None


def test_call_that_rings_goes_on(path: Path, clock: SetClock) -> None:
    """It is answered, hears its keys and ends as was planned when it was accepted."""
    pilot = Autopilot("answer 2s, press 75, hangup 12s")
    with keeping(before := Sandbox(clock=clock, fates=pilot), path):
        known = accept_call(before, dtmf=True)
        clock.advance(1)
        assert before.desk.line(known).phase is Phase.RINGING
    after = Sandbox(clock=clock)
    with keeping(after, path):
        assert after.desk.line(known) == before.desk.line(known)
        clock.advance(13)
        line = after.desk.line(known)
    assert (line.phase, line.digits, line.fate) == (
        Phase.ENDED,
        "75",
        Fate(after_seconds=14, talk_seconds=12, digits="75"),
    )


def test_key_is_heard_once(path: Path, clock: SetClock) -> None:
    """What was pressed before is not pressed again by the plan that is taken back."""
    pilot = Autopilot("answer 2s, press 75, hangup 12s")
    with keeping(before := Sandbox(clock=clock, fates=pilot, hook_timing="key"), path):
        known = accept_call(before, hook=HOOK, dtmf=True)
        clock.advance(7)
        assert before.desk.line(known).digits == "7"
    after = Sandbox(clock=clock)
    with keeping(after, path):
        clock.advance(60)
        assert after.desk.line(known).digits == "75"
        assert len(after.hook_queue.thread(known).waiting) == 3


def test_what_was_due_meanwhile_has_happened_at_its_time(path: Path, clock: SetClock) -> None:
    """A call that should have ended while nobody served has ended then, and not now."""
    with keeping(before := Sandbox(clock=clock, fates=Autopilot("busy 5s")), path):
        known = accept_call(before)
        ends_at = clock.now.replace(second=5)
    clock.advance(3600)
    after = Sandbox(clock=clock)
    with keeping(after, path):
        assert after.state_of(known) is State.UNDELIVERABLE
        assert after.desk.line(known).ended_at == ends_at


def test_call_that_a_person_answered_stays_theirs(path: Path, clock: SetClock) -> None:
    """It is talked in until somebody hangs up, whatever was planned before."""
    with keeping(before := Sandbox(clock=clock, fates=Autopilot("busy 5s")), path):
        known = accept_call(before)
        before.desk.answer(known)
    clock.advance(3600)
    after = Sandbox(clock=clock)
    with keeping(after, path):
        assert after.desk.line(known).phase is Phase.TALKING
        after.desk.hang_up(known)
        assert after.desk.line(known).talked_seconds(clock()) == 3600


@in_both_worlds
async def test_hook_that_waits_is_posted(path: Path, clock: SetClock) -> None:
    """What was not told before is told now, at the attempt that it had come to."""
    receiver = Receiver(500)
    with keeping(before := Sandbox(clock=clock, fates=Autopilot("busy 1s")), path):
        known = accept_call(before, hook=HOOK)
        clock.advance(1)
        await before.post_hooks(through(receiver))
    after = Sandbox(clock=clock)
    with keeping(after, path):
        assert await after.post_hooks(through(receiver)) == []
        clock.advance(1)
        await after.post_hooks(through(receiver))
        assert told(after) == [
            {"id": known, "attempt": 1, "got": 500},
            {"id": known, "attempt": 2, "got": 200},
        ]
    assert receiver.bodies[0] == receiver.bodies[1]


@in_both_worlds
async def test_hook_in_flight_at_the_end_is_posted_again(path: Path) -> None:
    """Nobody knows whether it arrived, and a receiver bears one twice better than none."""
    receiver = Receiver()
    with keeping(before := Sandbox(fates=lambda _: Fate("BUSY")), path):
        accept_call(before, hook=HOOK)
        taken = before.hook_queue.take()
        assert taken is not None
    after = Sandbox()
    with keeping(after, path):
        await after.post_hooks(through(receiver))
    assert [taken.attempt, len(receiver.bodies)] == [1, 1]


@in_both_worlds
async def test_log_of_hooks_keeps_its_order(path: Path, clock: SetClock) -> None:
    """Attempts for two calls stand in the order they were over, not call by call."""
    receiver = Receiver(500)
    with keeping(before := Sandbox(clock=clock, fates=lambda _: Fate("BUSY")), path):
        first = accept_call(before, hook=HOOK)
        await before.post_hooks(through(receiver))
        clock.advance(0.5)
        second = accept_call(before, hook=HOOK)
        await before.post_hooks(through(receiver))
        clock.advance(0.5)
        await before.post_hooks(through(receiver))
    after = Sandbox(clock=clock)
    with keeping(after, path):
        assert after.deliveries() == before.deliveries()
    assert [one.entry_id for one in after.deliveries()] == [first, second, first]


def test_settings_are_as_they_were_set_last(path: Path) -> None:
    """The switches, the hook and its timing, and the autopilot with its seed."""
    with keeping(before := Sandbox(), path):
        before.banned = before.ip_denied = True
        before.unsupported_operators.add("38099")
        before.hook, before.hook_timing = HOOK, "key"
        before.fates = Autopilot("mixed", seed=3)
    after = Sandbox(fates=Autopilot("off"))
    with keeping(after, path):
        assert (after.banned, after.api_disabled, after.ip_denied) == (True, False, True)
        assert after.unsupported_operators == {"38099"}
        assert (after.hook, after.hook_timing) == (HOOK, "key")
        assert after.fates == Autopilot("mixed", seed=3)


def test_chaos_is_as_it_was(path: Path) -> None:
    """Each rule, and the seed."""
    with keeping(before := Sandbox(), path):
        before.chaos.on("latency=50%@2s", "hook_drop")
        before.chaos.seed = 42
    after = Sandbox()
    with keeping(after, path):
        assert after.chaos.as_json() == before.chaos.as_json()


def test_scripts_are_as_they_were(path: Path) -> None:
    """What the next calls to a phone are to take, but for a program's own functions."""
    fates = (Fate("BUSY"), None, Autopilot("off"), Autopilot("busy 2s").fate_of)
    with keeping(before := Sandbox(), path):
        before.script(PHONE, lambda _: None, *fates)
        before.script(OTHER_PHONE, Fate())
    after = Sandbox()
    with keeping(after, path):
        # The methods of two equal autopilots are not equal, but look the same.
        assert repr(after.lines.scripts()) == repr({PHONE: fates, OTHER_PHONE: (Fate(),)})


def test_functions_of_the_program_stay(path: Path) -> None:
    """No file can keep `fates` of one's own, nor takes them away."""

    def fates(_: SandboxCall) -> Fate:
        return Fate("BUSY")

    with keeping(Sandbox(fates=fates, hook=HOOK), path):
        pass
    after = Sandbox(fates=fates)
    with keeping(after, path):
        assert (after.fates, after.hook) == (fates, HOOK)


def test_reset_empties_the_file(path: Path) -> None:
    """Nothing of what was forgotten comes back; what came since does."""
    with keeping(before := Sandbox(), path):
        before.accept(call())
        before.accept(call())
        before.reset()
        accept_call(before, OTHER_PHONE)
    after = Sandbox()
    with keeping(after, path):
        assert [(one.id, one.phone) for one in after.calls()] == [(100500, OTHER_PHONE)]
    assert count(path, "recording") == 0


def test_what_is_forgotten_leaves_the_file(path: Path) -> None:
    """No more is kept there than in memory, recordings too."""
    sandbox = Sandbox(keep=2, fates=lambda _: Fate("BUSY"))
    with keeping(sandbox, path):
        for seconds in range(1, 6):
            sandbox.accept(call(sound=wav(seconds=seconds)))
    assert (count(path, "entry"), count(path, "recording")) == (2, 2)
    after = Sandbox()
    with keeping(after, path):
        assert (len(after.calls()), after.ledger.accepted) == (2, 5)


def test_smaller_keep_forgets_what_the_file_has(path: Path) -> None:
    """Begun with less room, it keeps the newest alone."""
    with keeping(before := Sandbox(fates=lambda _: Fate("BUSY")), path):
        ids = [accept_call(before) for _ in range(5)]
    after = Sandbox(keep=2)
    with keeping(after, path):
        assert [one.id for one in after.calls()] == ids[-2:]
    assert count(path, "entry") == 2


def test_file_outlives_many_beginnings(path: Path, clock: SetClock) -> None:
    """Taken back again and again, nothing is doubled and nothing lost."""
    for number in range(1, 5):
        with keeping(sandbox := Sandbox(clock=clock, fates=Autopilot("busy 1s")), path):
            accept_call(sandbox, hook=HOOK)
            clock.advance(2)
            sandbox.lines.go_on()
            assert len(sandbox.calls()) == sandbox.hook_queue.left == number


@in_both_worlds
async def test_it_composes_with_serve(path: Path) -> None:
    """What came over the wire is in the file, whatever the caller's event loop."""
    before = Sandbox(fates=Autopilot("busy 30s"))
    with keeping(before, path), before.serve() as url:
        async with httpx.AsyncClient(base_url=url) as client:
            answers = [await client.post("/api/voice.php", files=voice_form()) for _ in range(3)]
    with keeping(after := Sandbox(), path):
        ids = [answer.json()["id"] for answer in answers]
        assert [(one.id, one.phase) for one in after.calls()] == [(id, Phase.RINGING) for id in ids]
