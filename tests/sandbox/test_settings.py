"""What a sandbox may be made with, and set to; the wrong is refused where it is given."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from alphasms_async.sandbox import (
    Autopilot,
    Fate,
    HookStyle,
    Sandbox,
    SandboxCall,
    State,
    VirtualClock,
)

from .receiver import accept_call
from .wire import OTHER_PHONE, PHONE

MONEY = r"is an amount of money.*, a Decimal like Decimal\('\d+\.\d\d'\)"
WHOLE = "is a whole number from 1 up, or None"
WRONG: list[tuple[str, object, str]] = [
    ("api_key", "", "is a text that is not empty"),
    ("api_key", 5, "is a text that is not empty"),
    ("price", 0.4, f"{MONEY}, not 0.4"),
    ("price", "0.40", f"{MONEY}, not '0.40'"),
    ("price", Decimal(-1), rf"{MONEY}, not Decimal\('-1'\)"),
    ("balance", "abc", f"{MONEY}, not 'abc'"),
    ("balance", 250, f"{MONEY}, not 250"),
    ("balance", Decimal("NaN"), MONEY),
    ("currency", "hryvnia", "is three capital letters, like 'UAH', not 'hryvnia'"),
    ("max_bytes", -1, "is a whole number from 0 up, not -1"),
    ("max_bytes", "5MB", "is a whole number from 0 up, not '5MB'"),
    ("fates", 3, r"is a function of the call, the text of an Autopilot, .* or None, not 3"),
    ("fates", Fate("BUSY"), r"is a function of the call"),
    ("message_fate", "DELIVERED", r"is a Fate, like Fate\('DELIVERED'\), or None, not 'DELIVERED'"),
    ("hook", 5, "is a whole URL, like http://127.0.0.1:8000/hooks, or None"),
    ("hook", "app.example/hooks", "is a whole URL, like http://127.0.0.1:8000/hooks, or None"),
    ("hook_style", "json", r"is a HookStyle, like HookStyle\(encoding='form'\), not 'json'"),
    ("hook_pauses", 5, r"is seconds from 0 up to ten years in a tuple, like \(1, 5, 25\), not 5"),
    (
        "hook_pauses",
        "125",
        r"is seconds from 0 up to ten years in a tuple, like \(1, 5, 25\), not '125'",
    ),
    ("hook_pauses", (1, "5"), r"is seconds from 0 up to ten years in a tuple"),
    ("hook_pauses", (1, float("inf")), r"is seconds from 0 up to ten years in a tuple"),
    ("hook_timeout_seconds", "10", "is seconds from 0 up to ten years, like 2.5, not '10'"),
    ("hook_timeout_seconds", -1, "is seconds from 0 up to ten years, like 2.5, not -1"),
    ("hook_timeout_seconds", None, "is seconds from 0 up to ten years, like 2.5, not None"),
    ("hook_timing", "later", "is 'hang-up' or 'key', not 'later'"),
    ("queue_seconds", "2", "is seconds from 0 up to ten years, like 2.5, not '2'"),
    ("queue_seconds", float("nan"), "is seconds from 0 up to ten years, like 2.5, not nan"),
    ("posts_hooks", "no", "is True or False, not 'no'"),
    ("allow_remote_hooks", 1, "is True or False, not 1"),
    ("watcher", [], r"is a function of what happens, or None, not \[\]"),
]
MADE_WITH: list[tuple[str, object, str]] = [
    ("seed", "lucky", r"is a whole number, like 42, or None, not 'lucky'"),
    ("seed", 2**60, r"is a whole number, like 42, or None"),
    ("first_id", 0, "is a whole number from 1 up, not 0"),
    ("first_id", "100500", "is a whole number from 1 up, not '100500'"),
    ("keep", 0, f"{WHOLE}, not 0"),
    ("keep", "10", f"{WHOLE}, not '10'"),
    ("keep", True, f"{WHOLE}, not True"),
    ("keep_bytes", 2.5, "is a whole number from 1 up, or None, not 2.5"),
    ("clock", datetime(2024, 7, 11, tzinfo=UTC), "is a function that returns the time"),
]
SET_ONLY: list[tuple[str, object, str]] = [
    ("banned", "yes", "is True or False, not 'yes'"),
    ("api_disabled", None, "is True or False, not None"),
    ("ip_denied", 1, "is True or False, not 1"),
    ("unsupported_operators", "38067", r"is a set of how phones begin, like \{'38067'\}, not '380"),
    ("unsupported_operators", {38067}, r"is a set of how phones begin, like \{'38067'\}"),
]


# As they look to who runs no type checker.
made: Any = Fate
style: Any = HookStyle


def anything(value: Any) -> Any:
    """Return what may be called in any way."""
    return value


def named(wrong: list[tuple[str, object, str]]) -> list[Any]:
    """Return them with names that say what is wrong."""
    return [pytest.param(*one, id=f"{one[0]}={str(one[1])[:20]}") for one in wrong]


@pytest.mark.parametrize(("name", "value", "line"), named(WRONG + MADE_WITH))
def test_wrong_setting_is_refused_where_it_is_made(name: str, value: object, line: str) -> None:
    """One line: the name, what would be right, and what was given."""
    settings: Any = {name: value}
    with pytest.raises((TypeError, ValueError), match=line) as caught:
        Sandbox(**settings)
    assert len(caught.value.args) == 1
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{name} is ")


@pytest.mark.parametrize(("name", "value", "line"), named(WRONG + SET_ONLY))
def test_wrong_setting_is_refused_where_it_is_set(
    sandbox: Sandbox, name: str, value: object, line: str
) -> None:
    """The same line, and the old value stays."""
    before = getattr(sandbox, name)
    with pytest.raises((TypeError, ValueError), match=line) as caught:
        setattr(sandbox, name, value)
    assert (len(caught.value.args), getattr(sandbox, name)) == (1, before)


@pytest.mark.parametrize(("name", "value"), [("api_key", 53_127), ("hook", "s3cret-53127.example")])
def test_what_is_secret_is_not_shown(name: str, value: object) -> None:
    """Neither a key nor a hook stands in the line that refuses it."""
    settings: Any = {name: value}
    with pytest.raises((TypeError, ValueError), match=name) as caught:
        Sandbox(**settings)
    assert "53127" not in str(caught.value)


def test_long_value_is_shown_in_part() -> None:
    """A line stays a line."""
    settings: Any = {"message_fate": "x" * 5000}
    with pytest.raises(TypeError) as caught:
        Sandbox(**settings)
    assert len(str(caught.value)) < 200


def test_text_of_an_autopilot_is_one() -> None:
    """Where fates are wanted its text will do; `mixed` has the sandbox's seed then."""
    sandbox = Sandbox(fates="mixed", seed=3)
    assert sandbox.fates == Autopilot("mixed", seed=3)
    changed: Any = sandbox
    changed.fates = "busy 2s"
    assert sandbox.fates == Autopilot("busy 2s", seed=3)
    with pytest.raises(ValueError, match=r"An autopilot is one of mixed, off, .* not 'dance'"):
        Sandbox(fates="dance")


def test_script_takes_the_text_of_an_autopilot() -> None:
    """It decides for the phone that was named, whatever its last digits are."""
    sandbox = Sandbox(clock=VirtualClock())
    magic = "380501230001"
    sandbox.script(magic, "no answer 5s", Fate("CANCEL"))
    ids = [accept_call(sandbox, magic), accept_call(sandbox, magic)]
    sandbox.advance(5)
    assert [sandbox.state_of(one) for one in ids] == [State.EXPIRED, State.DELETED]


@pytest.mark.parametrize(
    ("fate", "line"),
    [
        ("dance", "An autopilot is one of mixed, off, .* not 'dance'"),
        (3, r"a script is of fates: .*, not 3"),
        (State.DELIVERED, r"a script is of fates: "),
    ],
    ids=["dance", "3", "a state"],
)
def test_wrong_script_is_refused_at_once(sandbox: Sandbox, fate: Any, line: str) -> None:
    """And nothing of it is taken, nor blamed on the wire when the call comes."""
    with pytest.raises((TypeError, ValueError), match=line):
        sandbox.script(PHONE, Fate("BUSY"), fate)
    assert sandbox.lines.scripts() == {}


def test_function_that_gives_no_fate_is_named(sandbox: Sandbox) -> None:
    """What it gave is said where the call was accepted."""
    given: Any = "BUSY"
    sandbox.fates = lambda _: given
    with pytest.raises(TypeError, match=r"^fates gave 'BUSY', not a Fate or None\.$"):
        accept_call(sandbox)


@pytest.mark.parametrize("seconds", ["6", None, -1, float("nan"), float("inf"), True], ids=repr)
def test_time_goes_on_by_a_number(seconds: Any) -> None:
    """Anything else is one line, and time stands where it stood."""
    sandbox = Sandbox(clock=VirtualClock())
    before = sandbox.clock()
    with pytest.raises(
        ValueError, match=r"^Time goes on by a number of seconds from 0 up to ten years, not by"
    ):
        sandbox.advance(seconds)
    assert before == sandbox.clock()


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (
            lambda: made("BUSY", after_seconds="2"),
            "after_seconds is seconds from 0 up to ten years, like 2.5, not '2'",
        ),
        (
            lambda: made(talk_seconds="9"),
            "talk_seconds is a whole number of seconds from 0 up to ten years, not '9'",
        ),
        (
            lambda: made(talk_seconds=9.5),
            "talk_seconds is a whole number of seconds from 0 up to ten years, not 9.5",
        ),
        (lambda: made(digits=7), "digits are the keys pressed"),
        (
            lambda: made(state="DELIVERED"),
            "state is a State, like State.DELIVERED, not 'DELIVERED'",
        ),
        (lambda: style(encoding="xml"), "encoding is 'json', 'form' or 'query', not 'xml'"),
        (
            lambda: anything(Sandbox()).end_call(100500, "BUSY"),
            r"fate is a Fate, like Fate\('BUSY'\), not",
        ),
        (
            lambda: anything(Sandbox()).set_status(100500, "READ"),
            "state is a State, like State.DELIVERED",
        ),
    ],
    ids=["after", "talk", "half a second", "digits", "state", "style", "end_call", "set_status"],
)
def test_wrong_end_is_refused_at_once(make: Callable[[], object], line: str) -> None:
    """A fate, a hook's shape and a state are right when they are given, or not taken."""
    with pytest.raises((TypeError, ValueError), match=line) as caught:
        make()
    assert len(caught.value.args) == 1


def test_right_settings_are_taken(sandbox: Sandbox) -> None:
    """Numbers may be whole where they are seconds, and pauses a list."""
    changed: Any = sandbox
    changed.hook_pauses = [1, 5.5]
    sandbox.hook_timeout_seconds, sandbox.queue_seconds = 3, 0
    sandbox.unsupported_operators = {"38067"}
    sandbox.balance = Decimal("-3.50")
    assert (list(sandbox.hook_pauses), sandbox.balance) == ([1, 5.5], Decimal("-3.50"))
    call = SandboxCall(kind="voice", phone=OTHER_PHONE, price=Decimal(0))
    assert not sandbox.supports(call.phone)
