from decimal import Decimal

import pytest

from alphasms_async.sandbox import Autopilot, Fate, Sandbox, SandboxCall, State, mixed

from .receiver import SetClock, accept_call, accept_message

FLASH = "0471"


def called(
    phone: str = "380501234567", *, dtmf: bool = False, code: str | None = None
) -> SandboxCall:
    """Return a call as the gateway takes it, a flash call where there is a `code`."""
    return SandboxCall(
        kind="voice" if code is None else "otp",
        phone=phone,
        price=Decimal("0.40"),
        dtmf=dtmf,
        code=code,
    )


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("off", Fate("NO ANSWER", after_seconds=30)),
        ("busy 2s", Fate("BUSY", after_seconds=2)),
        ("no answer 30s", Fate("NO ANSWER", after_seconds=30)),
        ("fail 1s", Fate("FAILED", after_seconds=1)),
        ("busy 0s", Fate("BUSY")),
        ("busy 0.25s", Fate("BUSY", after_seconds=0.25)),
        ("answer 2s · hangup 12s", Fate(after_seconds=14, talk_seconds=12)),
        (
            "answer 2s · press 7 · hangup 12s",
            Fate(after_seconds=14, talk_seconds=12, digits="7"),
        ),
        ("answer 0s, press 12*#, hangup 1s", Fate(after_seconds=1, talk_seconds=1, digits="12*#")),
        (
            "  Answer  2 s ·press 7,  HANGUP 12 s ",
            Fate(after_seconds=14, talk_seconds=12, digits="7"),
        ),
    ],
)
def test_text_says_what_becomes_of_a_call(text: str, fate: Fate) -> None:
    """Each text gives its fate: how long it rings, the keys, how long it is talked in, the end."""
    assert fate == Autopilot(text)(called(dtmf=True))


@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("off", Fate(after_seconds=5)),
        ("answer 2s · press 7 · hangup 12s", Fate(after_seconds=2)),
        ("busy 2s", Fate("BUSY", after_seconds=2)),
        ("no answer 30s", Fate("NO ANSWER", after_seconds=30)),
        ("fail 1s", Fate("FAILED", after_seconds=1)),
    ],
)
def test_flash_call_is_reached_and_not_talked_in(text: str, fate: Fate) -> None:
    """A flash call that would be answered rings on for its seconds, and has been seen."""
    assert fate == Autopilot(text)(called(code=FLASH))


@pytest.mark.parametrize("text", ["mixed", "off", "answer 2s · press 7 · hangup 12s", "busy 9s"])
@pytest.mark.parametrize(
    ("digits", "fate"),
    [
        ("0001", Fate("BUSY", after_seconds=2)),
        ("0002", Fate("NO ANSWER", after_seconds=30)),
        ("0003", Fate("FAILED", after_seconds=1)),
    ],
)
@pytest.mark.parametrize("code", [None, FLASH])
def test_last_digits_come_first(text: str, digits: str, fate: Fate, code: str | None) -> None:
    """Phones with the last digits set apart end alike under every autopilot, flash calls too."""
    assert fate == Autopilot(text, seed=1)(called(f"38050123{digits}", dtmf=True, code=code))


def test_script_may_speak_of_a_phone_set_apart() -> None:
    """Who names the phone means it: what the text alone says goes past the last digits."""
    call = called("380501230001")
    assert Fate("FAILED", after_seconds=3) == Autopilot("fail 3s").fate_of(call)


def test_keys_are_pressed_where_they_are_waited_for() -> None:
    """A call that waits for no key hears none."""
    assert Autopilot("answer 2s · press 7 · hangup 12s")(called()) == Fate(
        after_seconds=14, talk_seconds=12
    )


def test_mixed_is_as_in_life() -> None:
    """`mixed` gives what the function of that name gives, call for call, ringing 2 to 6 s."""
    calls = [called(f"38050100{number:04}", dtmf=True) for number in range(10, 200)]
    calls += [called(f"38050200{number:04}", code=FLASH) for number in range(10, 50)]
    expected = [mixed(7, ringing_seconds=(2, 6))(call) for call in calls]
    found = [Autopilot("mixed", seed=7)(call) for call in calls]
    rings = [fate.after_seconds - fate.talk_seconds for fate in found if fate]
    assert expected == found
    assert 2 <= min(rings) <= max(rings) <= 6


def test_mixed_without_a_seed_is_left_to_chance() -> None:
    """Two of them do not agree about two hundred calls."""
    calls = [called(f"38050100{number:04}") for number in range(200)]
    one, other = Autopilot("mixed"), Autopilot("mixed")
    assert [one(call) for call in calls] != [other(call) for call in calls]


def test_text_comes_back_as_it_was_given() -> None:
    """`str` gives the text, and equal autopilots have equal texts and seeds."""
    text = "Answer 2s,  hangup 12s"
    assert text == str(Autopilot(text))
    assert Autopilot("mixed", seed=7) == Autopilot("mixed", seed=7) != Autopilot("mixed", seed=8)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "on",
        "busy",
        "busy 2",
        "busy -2s",
        "busy 12345s",
        "busy 2s · press 7",
        "answer 2s",
        "answer 2s · press 7",
        "answer 2s · press · hangup 12s",
        "answer 2s · press 7a · hangup 12s",
        "answer 2s · hangup 0s",
        "answer 2s · hangup 1.5s",
        "answer 2s · hangup 12s · press 7",
        "answer ٢s · hangup 12s",
        "mixed\x00",
        "busy 2s" * 100,
    ],
)
def test_other_text_is_refused(wrong: str) -> None:
    """A text with a slip in it is refused in one short line that shows every right one."""
    with pytest.raises(ValueError, match="mixed, off, answer 2s") as caught:
        Autopilot(wrong)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_what_is_no_text_is_refused() -> None:
    """So is a number where a text belongs."""
    with pytest.raises(ValueError, match="not 30"):
        Autopilot(30)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] the point


def test_autopilot_may_be_changed_at_any_time() -> None:
    """Calls accepted after the change take the new one; messages take no autopilot's."""
    clock = SetClock()
    sandbox = Sandbox(clock=clock, fates=Autopilot("busy 2s"))
    before = accept_call(sandbox)
    sandbox.fates = Autopilot("no answer 2s")
    after, message = accept_call(sandbox), accept_message(sandbox)
    clock.advance(2)
    states = [sandbox.state_of(entry_id) for entry_id in (before, after, message)]
    assert states == [State.UNDELIVERABLE, State.EXPIRED, State.ACCEPTED]


def test_script_takes_an_autopilot_for_one_call() -> None:
    """The next call to the phone is asked about, and no other."""
    clock = SetClock()
    sandbox = Sandbox(clock=clock, fates=Autopilot("no answer 1s"))
    sandbox.script("380501234567", Autopilot("busy 1s"))
    ids = [accept_call(sandbox), accept_call(sandbox)]
    clock.advance(1)
    states = [sandbox.state_of(entry_id) for entry_id in ids]
    assert states == [State.UNDELIVERABLE, State.EXPIRED]
