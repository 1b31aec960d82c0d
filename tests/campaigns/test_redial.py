import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.errors import InvalidRequest

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
BUSY = frozenset({"busy"})
BOTH = frozenset({"busy", "no_answer"})


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("1", RedialPolicy(1, 1800, BOTH)),
        ("2 after 30m", RedialPolicy(2, 1800, BOTH)),
        ("3 after 2h", RedialPolicy(3, 7200, BOTH)),
        ("2 after 45m on busy", RedialPolicy(2, 2700, BUSY)),
        ("10 after 60s on no_answer", RedialPolicy(10, 60, frozenset({"no_answer"}))),
        (" 2  After 1H30M  ON Busy, no answer ", RedialPolicy(2, 5400, BOTH)),
        ("1 on no-answer", RedialPolicy(1, 1800, frozenset({"no_answer"}))),
    ],
)
def test_a_policy_is_read_as_people_write_it(text: str, policy: RedialPolicy) -> None:
    """How often, after how long and on what; the last two may be left out."""
    assert RedialPolicy.parse(text) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two",
        "after 30m",
        "2 after",
        "2 after 30",
        "2 after 30m15h",
        "2 after h",
        "2 30m",
        "2 on",
        "2.5 after 30m",
        "2 after 30m\n1",
        "x" * 90,
    ],
)
def test_a_text_that_is_no_policy_is_refused(text: str) -> None:
    """One line of bearable length says what is right."""
    with pytest.raises(InvalidRequest) as caught:
        RedialPolicy.parse(text)
    assert str(caught.value) == (
        f"the redial policy cannot be read: {text[:40]!r}: "
        "write 2 after 30m, or 3 after 2h on busy, or 1"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "redial 1 to 10 times, not 0"),
        ("11 after 1h", "redial 1 to 10 times, not 11"),
        ("1 after 59s", "redial after 1 minute to 30 days, not after 59.0 seconds"),
        ("1 after 721h", "redial after 1 minute to 30 days, not after 2595600.0 seconds"),
        ("1 on answered", "redial on no_answer, busy or both, not on 'answered'"),
        ("1 on busy,failed", "redial on no_answer, busy or both, not on 'busy, failed'"),
        ("1 on busy,", "redial on no_answer, busy or both, not on ', busy'"),
    ],
)
def test_a_policy_that_asks_for_too_much_is_refused(text: str, message: str) -> None:
    """The line names the bound that was passed."""
    with pytest.raises(InvalidRequest) as caught:
        RedialPolicy.parse(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "facts",
    [
        {"times": True},
        {"times": 1.5},
        {"times": "2"},
        {"times": 2, "after_seconds": float("nan")},
        {"times": 2, "after_seconds": float("inf")},
        {"times": 2, "after_seconds": "60"},
        {"times": 2, "on": ()},
    ],
)
def test_a_policy_put_together_by_hand_is_checked(facts: dict[str, Any]) -> None:
    """No policy exists that could not be written down."""
    with pytest.raises(InvalidRequest):
        RedialPolicy(**facts)


def test_outcomes_may_be_given_in_any_collection() -> None:
    """What is kept is a set of its own."""
    assert RedialPolicy(1, on=frozenset(["busy", "busy"])).on == BUSY


@pytest.mark.parametrize(
    ("outcome", "done", "is_due"),
    [
        ("no_answer", 1, True),
        ("busy", 1, True),
        ("busy", 2, True),
        ("no_answer", 3, False),
        ("no_answer", 4, False),
        ("answered", 1, False),
        ("failed", 1, False),
    ],
)
def test_two_redials_follow_the_first_call(
    outcome: str,
    done: int,
    is_due: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """A recipient who is never reached is called three times in all, and no other again."""
    due = RedialPolicy.parse("2 after 45m").due(outcome, done, AT)
    assert due == (AT + timedelta(minutes=45) if is_due else None)


def test_an_outcome_that_is_not_asked_for_is_not_followed() -> None:
    """`on busy` leaves those who did not answer alone."""
    policy = RedialPolicy.parse("2 on busy")
    assert policy.due("no_answer", 1, AT) is None
    assert policy.due("busy", 1, AT) is not None


def test_the_moment_is_told_in_utc() -> None:
    """Whatever the zone in which the call ended."""
    ended = AT.astimezone(timezone(timedelta(hours=3)))
    due = RedialPolicy(1).due("busy", 1, ended)
    assert due is not None
    assert (due, due.tzinfo) == (AT + timedelta(minutes=30), UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    """The machine's own zone is not guessed."""
    with pytest.raises(InvalidRequest, match="a moment has a time zone"):
        RedialPolicy(1).due("busy", 1, datetime(2026, 6, 1, 12))  # noqa: DTZ001 - the mistake itself


def test_the_call_that_ended_is_counted() -> None:
    """No calls done is a mistake that would call once too often."""
    with pytest.raises(InvalidRequest, match="done counts this call too"):
        RedialPolicy(1).due("busy", 0, AT)


def test_a_policy_is_written_down_as_plain_json() -> None:
    """The form is one that the next version has to read too."""
    assert RedialPolicy.parse("2 after 30m").as_json() == {
        "times": 2,
        "after_seconds": 1800.0,
        "on": ["busy", "no_answer"],
    }


NO_POLICIES: list[dict[str, Any]] = [
    {},
    {"times": 2, "after_seconds": 60.0},
    {"times": 2, "on": ["busy"]},
    {"after_seconds": 60.0, "on": ["busy"]},
    {"times": 2, "after_seconds": 60.0, "on": "busy"},
    {"times": 2, "after_seconds": 60.0, "on": [None]},
    {"times": 2, "after_seconds": 60.0, "on": []},
    {"times": 99, "after_seconds": 60.0, "on": ["busy"]},
]


@pytest.mark.parametrize("facts", NO_POLICIES)
def test_json_that_is_no_policy_is_refused(facts: dict[str, Any]) -> None:
    """Only what `as_json` writes is read."""
    with pytest.raises(InvalidRequest):
        RedialPolicy.from_json(facts)


POLICIES = st.builds(
    RedialPolicy,
    st.integers(1, 10),
    st.floats(60, 2_592_000),
    st.frozensets(st.sampled_from(["busy", "no_answer"]), min_size=1),
)


@given(POLICIES)
def test_a_policy_comes_back_from_json_as_it_was(policy: RedialPolicy) -> None:
    """What is written down for the next run is the same policy, through the text as well."""
    assert RedialPolicy.from_json(json.loads(json.dumps(policy.as_json()))) == policy


@given(POLICIES)
def test_no_recipient_is_redialled_more_often_than_the_policy_says(policy: RedialPolicy) -> None:
    """However unlucky, there are as many redials as the policy has, and then an end."""
    outcome = min(policy.on)
    done = 1
    while policy.due(outcome, done, AT) is not None:
        done += 1
    assert done == policy.times + 1
