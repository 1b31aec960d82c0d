import json
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from alphasms_async.sandbox import Chaos, Sandbox
from alphasms_async.sandbox.changes import About, Change
from alphasms_async.sandbox.chaos.rules import RULES, Rule

API = {
    *("latency", "http_503", "http_502", "reset_before", "reset_during", "reset_after"),
    *("half_answer", "wrong_json", "slow_read", "slow_drip", "hang", "charged_no_reply"),
    "rate_limit",
}
HOOKS = {"hook_delay", "hook_duplicate", "hook_reorder", "hook_drop"}


def rule(chaos: Chaos, name: str) -> tuple[bool, float, float | None]:
    """Return what of a rule can be changed."""
    found = chaos.rules[name]
    return found.on, found.share, found.amount


def test_everything_is_off_at_the_start() -> None:
    """A sandbox works until somebody wants it otherwise."""
    chaos = Sandbox().chaos
    assert {one for one in RULES if one.side == "api"} == {
        one for name, one in chaos.rules.items() if name in API
    }
    assert set(chaos.rules) == API | HOOKS
    assert not any(one.on for one in chaos.rules.values())
    assert (chaos.troubles_api, chaos.troubles_hooks, chaos.on_count) == (False, False, 0)


def test_rules_begin_as_they_are_drawn() -> None:
    """Switched on without a word more, a rule has these shares and amounts."""
    chaos = Chaos()
    assert rule(chaos, "latency") == (False, 1.0, 0.3)
    assert rule(chaos, "http_503") == (False, 0.2, None)
    assert rule(chaos, "reset_during") == (False, 0.05, None)
    assert rule(chaos, "half_answer") == (False, 0.05, None)
    assert rule(chaos, "slow_read") == (False, 1.0, 64)
    assert rule(chaos, "charged_no_reply") == (False, 0.02, None)


@pytest.mark.parametrize("one", RULES, ids=lambda one: one.name)
def test_each_rule_says_what_it_does(one: Rule) -> None:
    """What a page shows is a short line, and what is given fits its own range."""
    assert 0 < len(one.says) <= 50
    assert 0 < len(one.title) <= 20
    assert one.changed({"share": one.share, "amount": one.amount}) == one


@pytest.mark.parametrize(
    ("name", "amount", "says"),
    [
        ("latency", 0.3, "adds 300 ± 120 ms"),
        ("latency", 2, "adds 2 ± 0.8 s"),
        ("slow_read", 8, "reads the upload at 8 KB/s"),
        ("slow_drip", 0.05, "a byte every 50 ms"),
        ("hang", 90, "no answer, for 90 s at most"),
        ("rate_limit", 3, "429 beyond 3 a second"),
        ("hook_delay", 0, "posted 0 s late"),
    ],
)
def test_words_have_the_amount_in_them(name: str, amount: float, says: str) -> None:
    """What it does is said with how much of it."""
    chaos = Chaos()
    chaos.change({"rules": {name: {"amount": amount}}})
    assert says == chaos.rules[name].says


def test_json_has_all_of_it() -> None:
    """The seed, how many are on, and each rule whole, in one object that JSON can carry."""
    chaos = Chaos(42)
    chaos.on("latency=50%@2s", "hook_drop")
    shown = json.loads(json.dumps(chaos.as_json()))
    assert (shown["seed"], shown["on"], len(shown["rules"])) == (42, 2, len(RULES))
    assert shown["rules"][0] == {
        "name": "latency",
        "side": "api",
        "title": "Latency",
        "says": "adds 2 ± 0.8 s",
        "on": True,
        "share": 0.5,
        "amount": 2.0,
        "unit": "s",
        "least": 0,
        "most": 600,
        "hits": 0,
    }


def test_change_leaves_what_it_does_not_name() -> None:
    """Each setting of each rule is changed alone, and the seed too."""
    chaos = Chaos(7)
    chaos.change({"rules": {"latency": {"on": True}, "http_503": {"share": 1}}})
    chaos.change({"rules": {"latency": {"amount": 5}}})
    assert rule(chaos, "latency") == (True, 1.0, 5.0)
    assert rule(chaos, "http_503") == (False, 1.0, None)
    assert (chaos.seed, chaos.troubles_api, chaos.troubles_hooks) == (7, True, False)
    chaos.change({"seed": None})
    assert (chaos.seed, chaos.on_count) == (None, 1)


def test_off_keeps_shares_and_amounts() -> None:
    """What was switched off can be switched on again as it was."""
    chaos = Chaos()
    chaos.on("hang=7%@3s", "hook_delay")
    chaos.off()
    assert (chaos.troubles_api, chaos.troubles_hooks) == (False, False)
    assert rule(chaos, "hang") == (False, 0.07, 3.0)


WRONG: list[tuple[object, str]] = [
    ([], "give an object with seed and rules"),
    ({"latency": {}}, "there is no 'latency'; there is seed and rules"),
    ({"seed": 1.5}, "seed is a whole number"),
    ({"seed": True}, "seed is a whole number"),
    ({"seed": "42"}, "seed is a whole number"),
    ({"seed": 2**60}, "seed is a whole number"),
    ({"rules": ["latency"]}, "give an object with latency, "),
    ({"rules": {"latncy": {}}}, "there is no 'latncy'; there is latency, "),
    ({"rules": {"x" * 10_000: {}}}, "there is no 'xxx"),
    ({"rules": {"latency": True}}, "give an object with on, share and amount"),
    ({"rules": {"latency": {"rate": 1}}}, "there is no 'rate'; there is on, share and amount"),
    ({"rules": {"latency": {"on": 1}}}, "latency: on is true or false"),
    ({"rules": {"latency": {"on": None}}}, "latency: on is true or false"),
    ({"rules": {"latency": {"share": 1.1}}}, "latency: share is a number from 0 to 1"),
    ({"rules": {"latency": {"share": -0.1}}}, "latency: share is a number from 0 to 1"),
    ({"rules": {"latency": {"share": "20%"}}}, "latency: share is a number from 0 to 1"),
    ({"rules": {"latency": {"share": float("nan")}}}, "latency: share is a number from 0 to 1"),
    ({"rules": {"latency": {"share": True}}}, "latency: share is a number from 0 to 1"),
    ({"rules": {"latency": {"amount": None}}}, r"latency: amount is .* from 0 to 600 \(s\)"),
    ({"rules": {"latency": {"amount": -1}}}, r"latency: amount is .* from 0 to 600 \(s\)"),
    ({"rules": {"latency": {"amount": 601}}}, r"latency: amount is .* from 0 to 600 \(s\)"),
    ({"rules": {"latency": {"amount": "2s"}}}, r"latency: amount is .* from 0 to 600 \(s\)"),
    ({"rules": {"slow_read": {"amount": 0}}}, r"slow_read: amount .* from 1 to 100000 \(KB/s\)"),
    ({"rules": {"http_503": {"amount": 1}}}, "http_503: it has no amount"),
]


@pytest.mark.parametrize(("wanted", "message"), WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_wrong_change_is_one_line_and_tells_nobody(wanted: object, message: str) -> None:
    """What is wrong is named, and what would be right."""
    told = list[int]()
    chaos = Chaos(5, tell=lambda: told.append(1))
    with pytest.raises(ValueError, match=message) as caught:
        chaos.change(wanted)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert told == []


@pytest.mark.parametrize("name", ["seed", "http_503"])
def test_wrong_change_changes_nothing(name: str) -> None:
    """What is right beside what is wrong is not done either, wherever it stands."""
    chaos = Chaos(5)
    before = chaos.as_json()
    rules: dict[str, object] = {"latency": {"on": True}, "hook_drop": {"on": True}}
    wanted: dict[str, object] = {"seed": 6, "rules": rules}
    where = wanted if name == "seed" else rules
    where[name] = 0.5
    with pytest.raises(ValueError, match=name):
        chaos.change(wanted)
    assert before == chaos.as_json()


TEXTS: list[tuple[str, str, Mapping[str, object]]] = [
    ("latency", "latency", {"share": 1.0}),
    ("charged_no_reply", "charged_no_reply", {"share": 1.0}),
    ("http_503=20%", "http_503", {"share": 0.2}),
    ("http-503=100%", "http_503", {"share": 1.0}),
    ("HTTP_503 = 2.5 %", "http_503", {"share": 0.025}),
    ("latency=100%@300ms", "latency", {"share": 1.0, "amount": 0.3}),
    ("latency=@2s", "latency", {"share": 1.0, "amount": 2.0}),
    ("hang=5% @ 1.5 min", "hang", {"share": 0.05, "amount": 90.0}),
    ("slow_read=@64KB/s", "slow_read", {"share": 1.0, "amount": 64.0}),
    ("slow_read=@1MB/s", "slow_read", {"share": 1.0, "amount": 1024.0}),
    ("rate_limit=@10/s", "rate_limit", {"share": 1.0, "amount": 10.0}),
    ("hook_drop=0%", "hook_drop", {"share": 0.0}),
]


@pytest.mark.parametrize(("text", "name", "settings"), TEXTS, ids=[one[0] for one in TEXTS])
def test_text_of_a_rule_is_read(text: str, name: str, settings: Mapping[str, object]) -> None:
    """A name alone happens always; a share and an amount with its unit may follow."""
    assert Chaos.parse(text) == {"rules": {name: {"on": True, **settings}}}


def test_rule_named_without_a_share_happens_always() -> None:
    """Whatever its share was; one that is only switched on keeps that."""
    chaos = Chaos()
    chaos.change({"rules": {"hang": {"on": True}, "http_502": {"share": 0.5}}})
    assert rule(chaos, "hang") == (True, 0.02, 120.0)
    chaos.on("hang", "charged_no_reply", "http_502")
    shares = [chaos.rules[name].share for name in ("hang", "charged_no_reply", "http_502")]
    assert shares == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("wrong", [0.2, None, {"http_503": 0.2}, ["http_503"]], ids=repr)
def test_what_is_no_text_is_refused_in_a_line(wrong: Any) -> None:
    """A share that is given beside its rule is told where it stands."""
    chaos = Chaos()
    for say in (lambda: chaos.on("http_503", wrong), lambda: Chaos.parse(wrong)):
        with pytest.raises(ValueError, match=r'^chaos .*: a rule is a text.* "http_503=20%"\.$'):
            say()
    assert chaos.on_count == 0


def test_several_rules_stand_in_one_text() -> None:
    """Commas part them, and all are switched on."""
    chaos = Chaos()
    chaos.on("latency=@2s, http_503", "hook_drop=7%")
    assert [name for name, one in chaos.rules.items() if one.on] == [
        *("latency", "http_503", "hook_drop"),
    ]
    assert (chaos.rules["latency"].amount, chaos.rules["hook_drop"].share) == (2.0, 0.07)


WRONG_TEXTS = [
    ("", "the rules are latency, http_503, .*hook_drop"),
    ("latncy=20%", "'latncy=20%': the rules are latency, "),
    ("latency=20", "write latency, latency=20% or latency=20%@300ms"),
    ("latency=2s", "write latency, latency=20% or latency=20%@300ms"),
    ("latency=@300", "write latency, latency=20% or latency=20%@300ms"),
    ("latency=@2h", "write latency, latency=20% or latency=20%@300ms"),
    ("latency=@2KB/s", "write latency, latency=20% or latency=20%@300ms"),
    ("slow_read=@2s", "write slow_read, slow_read=20% or slow_read=20%@64KB/s"),
    ("rate_limit=@2", "write rate_limit, rate_limit=20% or rate_limit=20%@5/s"),
    ("http_503=@2s", "write http_503 or http_503=20%"),
    ("http_503=-1%", "write http_503 or http_503=20%"),
    ("http_503=120%", "'http_503=120%': a share is 100% at most"),
    ("hang=100.00000000001%@2s", "a share is 100% at most"),
    ("latency=@11min", r"latency: amount is a number from 0 to 600 \(s\)"),
    ("latency,", "the rules are"),
    ("latency, nothing", "'nothing': the rules are"),
]


@pytest.mark.parametrize(
    ("text", "message"), WRONG_TEXTS, ids=[one[0] or "nothing" for one in WRONG_TEXTS]
)
def test_wrong_text_is_one_line_that_says_what_is_right(text: str, message: str) -> None:
    """The rules are named, or the ways to write the one that was meant."""
    chaos = Chaos()
    with pytest.raises(ValueError, match=message) as caught:
        chaos.on("hang", text)
    assert "\n" not in str(caught.value)
    assert chaos.on_count == 0


def test_every_change_is_told() -> None:
    """Whoever shows the settings hears of each change, and that nothing else has changed."""
    sandbox, heard = Sandbox(), list[Change]()
    with sandbox.changes.listening(heard.append):
        sandbox.chaos.on("hang")
        sandbox.chaos.seed = 9
        sandbox.chaos.off()
    assert heard == [About.SETTINGS] * 3
    assert sandbox.chaos.seed == 9


def test_reset_ends_the_chaos() -> None:
    """A sandbox that is reset works again; shares, amounts and the seed are as at the start."""
    sandbox = Sandbox(seed=3)
    sandbox.chaos.on("hang=50%@3s", "hook_drop")
    sandbox.chaos.seed = 9
    sandbox.reset()
    assert sandbox.chaos.as_json() == Chaos(3).as_json()
    assert (sandbox.chaos.troubles_api, sandbox.chaos.troubles_hooks) == (False, False)


def test_rules_cannot_be_changed_behind_its_back() -> None:
    """What is handed out is no way in."""
    chaos = Chaos()
    with pytest.raises(TypeError):
        chaos.rules["hang"] = attrs.evolve(chaos.rules["hang"], on=True)  # type: ignore[index]  # pyright: ignore[reportIndexIssue] the point
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        chaos.rules["hang"].on = True  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue] the point
