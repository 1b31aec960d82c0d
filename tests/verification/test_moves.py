"""The steps of a verification, each as a function of what it was."""

import json
import math
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import StoreError
from alphasms_async.verification import Entry, VerificationState, moves
from alphasms_async.verification.hooks import News, hook_ref, read_ref
from alphasms_async.verification.moves import End
from alphasms_async.verification.records import (
    Send,
    SendState,
    VerificationRecord,
    entry_of,
    record_of,
)
from alphasms_async.verification.rules import Rules

NOW = 1_780_000_000.0
RULES = Rules(
    channels=3,
    attempts=3,
    most_resends=1,
    ttl_seconds=300,
    fallback_seconds=40,
    resend_seconds=30,
)
NEW = VerificationRecord(id="one", phone="380501234567", expires_at=NOW + 300, asked_at=NOW)
STARTED = moves.began(NEW, 0, NOW, RULES)

sends = st.lists(
    st.builds(
        Send,
        channel=st.integers(0, 2),
        state=st.sampled_from(SendState),
        digest=st.none() | st.just("ab" * 32),
        call_id=st.none() | st.integers(1, 2**63 - 1),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
records = st.builds(
    VerificationRecord,
    id=st.from_regex(r"[A-Za-z0-9_-]{24}", fullmatch=True),
    phone=st.from_regex(r"[0-9]{8,15}", fullmatch=True),
    expires_at=st.floats(0, 2e10),
    asked_at=st.floats(0, 2e10),
    wishes=st.integers(0, 20),
    state=st.sampled_from([one for one in VerificationState if one != "expired"]),
    tries=st.integers(0, 10),
    sends=sends,
    due_at=st.none() | st.floats(0, 2e10),
    key=st.none() | st.sampled_from("0123456789*#"),
    version=st.integers(0, 2**31),
)


@given(records)
def test_record_survives_its_store(record: VerificationRecord) -> None:
    """What is read back is what was kept, the version it has there included."""
    entry = entry_of(record)
    assert record_of(entry) == record
    assert record_of(entry).version == record.version


@given(st.text() | st.just("{}") | st.just('{"sends": [{}]}') | st.just("[" * 9999) | st.just("1"))
def test_damaged_record_is_told(body: str) -> None:
    """Whatever stands in a store where a record should, the error is ours and shows none of it."""
    entry = Entry(id="one", body=body, forget_at=NOW)
    with pytest.raises(StoreError, match=r"^a verification is damaged in its store$"):
        record_of(entry)


@pytest.mark.parametrize(
    "damage",
    [
        {"id": "two"},
        {"phone": None},
        {"expires_at": "soon"},
        {"asked_at": None},
        {"tries": "none"},
        {"sends": []},
        {"sends": [{"channel": "otp", "state": "sent"}]},
        {"sends": [{"channel": 0, "state": "sent", "digest": 7}]},
        {"sends": [{"channel": 0, "state": "sent", "call_id": "7"}]},
        {"due_at": "soon"},
        {"due_at": math.nan},
        {"expires_at": math.inf},
        {"asked_at": -1.0},
        {"key": 1},
    ],
    ids=str,
)
def test_fact_of_another_kind_is_damage(damage: dict[str, Any]) -> None:
    """What no step could work with is told when it is read, and not in the middle of a step."""
    entry = entry_of(STARTED)
    body = json.dumps({**json.loads(entry.body), **damage})
    with pytest.raises(StoreError, match=r"^a verification is damaged in its store$"):
        record_of(evolve(entry, body=body))


@given(records, st.floats(0, 2e10))
def test_what_is_over_stays_over(record: VerificationRecord, now: float) -> None:
    """No news moves a verification that is settled or expired, nor makes it due."""
    if record.is_open(now):
        return
    number = len(record.sends)
    for is_reached in (True, False):
        assert moves.told(record, number, News(is_reached), now, RULES) is None
        assert moves.confirmed(record, News(is_reached, "1"), now) is None
    ended = moves.ended(record, number, End(state=SendState.SENT), now, RULES)
    assert (ended.state, ended.due_at) == (record.state, record.due_at)


@given(records)
def test_next_channel_is_never_one_that_may_have_left(record: VerificationRecord) -> None:
    """By itself a channel follows only what it comes after, or itself when it did not leave."""
    channel = moves.after(record, RULES)
    last = record.last
    assert channel is None or (
        channel == last.channel
        if last.state is SendState.NOT_SENT
        else channel == last.channel + 1 < RULES.channels
    )


@pytest.mark.parametrize(
    ("end", "due_at"),
    [
        (End(state=SendState.SENT, call_id=7, digest="ab"), NOW + 41),
        (End(state=SendState.REFUSED), NOW + 1),
        (End(state=SendState.UNKNOWN), NOW + 1),
        (End(state=SendState.NOT_SENT), NOW + 6),
        (End(state=SendState.NOT_SENT, retry_after=20), NOW + 21),
        (End(state=SendState.NOT_SENT, retry_after=1e6), None),
    ],
    ids=["sent", "refused", "unknown", "not sent", "rate limited", "rate limited for too long"],
)
def test_end_of_a_flash_call_sets_the_timer(end: End, due_at: float | None) -> None:
    """What is queued is waited for from its answer on, what is no use is not, what stayed comes.

    That is soon, or when the gateway allows it.
    """
    assert moves.ended(STARTED, 1, end, NOW + 1, RULES).due_at == due_at


def test_end_of_an_older_send_sets_no_timer() -> None:
    """The answer to a call that another has followed already changes nothing but what it tells."""
    followed = moves.began(STARTED, 1, NOW + 40, RULES)
    ended = moves.ended(followed, 1, End(state=SendState.REFUSED), NOW + 41, RULES)
    assert (ended.sends[0].state, ended.due_at) == (SendState.REFUSED, NOW + 80)


def test_reach_stops_the_timer_once_the_code_is_known() -> None:
    """Until a flash call's answer tells its code, a phone that rang waits for the next channel.

    So it does for ever when the process that waited for the answer is dead.
    """
    rang = moves.told(STARTED, 1, News(is_reached=True), NOW + 20, RULES)
    assert rang is not None
    answered = moves.ended(rang, 1, End(state=SendState.SENT, digest="ab"), NOW + 21, RULES)
    assert (rang.due_at, answered.due_at) == (STARTED.due_at, None)


def test_reach_without_a_code_does_not_outweigh_a_miss() -> None:
    """When the call that got through has no code to check, news of the next one's miss counts."""
    unknown = moves.ended(STARTED, 1, End(state=SendState.UNKNOWN), NOW, RULES)
    followed = moves.began(unknown, 1, NOW, RULES)
    rang = moves.told(followed, 1, News(is_reached=True), NOW + 1, RULES)
    assert rang is not None
    missed = moves.told(rang, 2, News(is_reached=False), NOW + 2, RULES)
    assert missed is not None
    assert missed.due_at == NOW + 2


def test_send_in_place_of_one_that_did_not_leave_keeps_its_number() -> None:
    """What is tried again is the same send to the hook, and one in the count."""
    followed = moves.began(STARTED, 1, NOW, RULES)
    unsent = moves.ended(followed, 2, End(state=SendState.NOT_SENT), NOW, RULES)
    assert len(moves.began(unsent, 1, NOW + 5, RULES).sends) == 2


@pytest.mark.parametrize("state", [SendState.NOT_SENT, SendState.SENT])
def test_channel_that_is_no_more_is_the_last_that_is(state: SendState) -> None:
    """While a new version with fewer channels is rolled out, nothing is sent by one it lacks."""
    record = evolve(STARTED, sends=(Send(channel=2, state=state),))
    assert moves.again(record, evolve(RULES, channels=2)) == 1


def test_taken_back_send_is_left_where_another_followed() -> None:
    """Who comes too late to take a send back takes back none of somebody else's."""
    followed = moves.began(STARTED, 1, NOW + 40, RULES)
    assert moves.taken_back(followed, 1, None) is None


def test_taken_back_send_wakes_no_timer_that_was_stopped() -> None:
    """Once an older call has reached the phone, a wish that came to nothing makes nothing due."""
    sent = moves.ended(STARTED, 1, End(state=SendState.SENT, digest="ab"), NOW, RULES)
    wished = moves.began(moves.asked(sent, NOW + 30), 1, NOW + 30, RULES)
    rang = moves.told(wished, 1, News(is_reached=True), NOW + 31, RULES)
    assert rang is not None
    taken_back = moves.taken_back(rang, 2, sent)
    assert taken_back is not None
    assert (taken_back.wishes, taken_back.due_at) == (0, None)


def test_taken_back_send_makes_nothing_due_that_is_over() -> None:
    """What was cancelled while a wish was on its way stays so, and has no timer."""
    wished = moves.began(moves.asked(STARTED, NOW + 30), 1, NOW + 30, RULES)
    taken_back = moves.taken_back(moves.cancelled(wished), 2, STARTED)
    assert taken_back is not None
    assert (taken_back.state, taken_back.due_at) == (VerificationState.CANCELLED, None)


def test_wrong_code_takes_one_attempt() -> None:
    """The last of them ends the verification, and its timer."""
    once = moves.mistyped(STARTED, RULES)
    last = moves.mistyped(evolve(once, tries=2), RULES)
    assert (once.state, once.due_at) == (VerificationState.PENDING, STARTED.due_at)
    assert (last.state, last.due_at) == (VerificationState.FAILED, None)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), st.integers(1, 999))
def test_ref_is_read_as_it_was_made(id: str, number: int) -> None:
    """A hook brings back the verification and the send it was given out for."""
    assert read_ref(hook_ref(id, number)) == (id, number)


@given(st.text())
def test_any_ref_is_read_without_a_fault(ref: str) -> None:
    """What is no ref of ours is nobody's, whatever it is."""
    place = read_ref(ref)
    assert place is None or hook_ref(*place) == ref
