from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.gateway.states import (
    name_of_xml_code,
    state_of_http_code,
    state_of_word,
    state_of_xml_code,
    utc,
)
from alphasms_async.models import State

# Written out from the API pages: not taken from the code.
HTTP_CODES = {
    0: State.QUEUED,
    1: State.SENDING,
    2: State.SENT,
    3: State.DELIVERED,
    5: State.UNREACHABLE,
    10: State.DELETED,
    50: State.PARTIALLY_DELIVERED,
    96: State.UNDELIVERABLE,
    99: State.REJECTED,
    116: State.READ,
}
XML_CODES = {
    1: State.QUEUED,
    100: State.QUEUED,
    101: State.SENDING,
    102: State.DELIVERED,
    103: State.EXPIRED,
    104: State.DELETED,
    105: State.UNDELIVERABLE,
    106: State.QUEUED,
    107: State.UNKNOWN,
    108: State.REJECTED,
    109: State.REJECTED,
    110: State.SENDING,
    111: State.REJECTED,
    112: State.REJECTED,
    113: State.REJECTED,
    200: State.UNKNOWN,
    201: State.NOT_FOUND,
    202: State.REJECTED,
    203: State.REJECTED,
    204: State.REJECTED,
    206: State.REJECTED,
    207: State.REJECTED,
    208: State.UNKNOWN,
    211: State.UNKNOWN,
}
WORDS = {
    "ACCEPTED": State.QUEUED,
    "DELETED": State.DELETED,
    "DELIVERED": State.DELIVERED,
    "EXPIRED": State.EXPIRED,
    "FILTERED": State.REJECTED,
    "INVALID DESTINATION ADDRESS": State.REJECTED,
    "INVALID SOURCE ADDRESS": State.REJECTED,
    "NO ROUTE": State.UNDELIVERABLE,
    "PARTIALLY DELIVERED": State.PARTIALLY_DELIVERED,
    "QUEUED": State.QUEUED,
    "READ": State.READ,
    "REJECTED": State.REJECTED,
    "REPLIED": State.READ,
    "ROUTING": State.SENDING,
    "SIM FULL": State.UNREACHABLE,
    "UNDELIVERABLE": State.UNDELIVERABLE,
    "UNKNOWN": State.UNKNOWN,
}
FINAL = {
    State.DELIVERED,
    State.PARTIALLY_DELIVERED,
    State.READ,
    State.UNDELIVERABLE,
    State.EXPIRED,
    State.REJECTED,
    State.DELETED,
}


def test_every_code_of_http_php_has_its_state() -> None:
    """Each of the 1000 codes up to 999 is what the API pages say, and unknown otherwise."""
    expected = [HTTP_CODES.get(code, State.UNKNOWN) for code in range(1000)]
    assert expected == [state_of_http_code(code) for code in range(1000)]


def test_every_code_of_xml_php_has_its_state() -> None:
    """Each of the 1000 codes up to 999 is what the API pages say, and unknown otherwise."""
    expected = [XML_CODES.get(code, State.UNKNOWN) for code in range(1000)]
    assert expected == [state_of_xml_code(code) for code in range(1000)]


def test_no_code_is_an_unknown_state() -> None:
    """Where no code can be read, both interfaces are unknown."""
    assert (state_of_http_code(None), state_of_xml_code(None)) == (State.UNKNOWN, State.UNKNOWN)


@pytest.mark.parametrize(
    ("code", "name"), [(1, "RECEIVED"), (102, "DELIVERED"), (211, "ERR_DELETE"), (0, None)]
)
def test_code_has_the_name_of_the_documents(code: int, name: str | None) -> None:
    """A person is shown what a code is called; one that nobody documented has no name."""
    assert name_of_xml_code(code) == name


@pytest.mark.parametrize(("word", "state"), WORDS.items())
def test_every_word_of_json_php_has_its_state(word: str, state: State) -> None:
    """Each documented word has its state, however it is cased, joined or spaced."""
    spellings = (word, word.lower(), word.title(), word.replace(" ", "_"), f" {word} ")
    assert {state} == {state_of_word(spelling) for spelling in spellings}
    assert state == state_of_word(word.replace(" ", "-")) == state_of_word(word.replace(" ", "  "))


@pytest.mark.parametrize("word", ["", " ", "DELIVERED!", "UNDELIVERED", "SIMFULL", "ÖK", "READ BY"])
def test_a_word_nobody_documented_is_unknown(word: str) -> None:
    """A word is matched whole, never by a part of it."""
    assert state_of_word(word) == State.UNKNOWN


def test_every_state_says_whether_it_is_final() -> None:
    """The states that do not change any more are the ones of the table."""
    assert {state for state in State if state.is_final} == FINAL


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2024-11-11T12:00:00", datetime(2024, 11, 11, 10, tzinfo=UTC)),
        ("2024-07-11T12:00:00", datetime(2024, 7, 11, 9, tzinfo=UTC)),
        ("2024/07/11 12:00:00", datetime(2024, 7, 11, 9, tzinfo=UTC)),
        (" 2024-07-11 12:00 ", datetime(2024, 7, 11, 9, tzinfo=UTC)),
        ("2024-07-11", datetime(2024, 7, 10, 21, tzinfo=UTC)),
        ("2024-07-11T12:00:00Z", datetime(2024, 7, 11, 12, tzinfo=UTC)),
        ("2024-07-11T12:00:00+05:00", datetime(2024, 7, 11, 7, tzinfo=UTC)),
        ("2024-07-11T12:00:00.250", datetime(2024, 7, 11, 9, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_kyivs(told: str, at: datetime) -> None:
    """A time comes out in UTC: Kyiv's by default, winter and summer, its own zone if it has one."""
    assert at == utc(told)


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        " ",
        "soon",
        "0000-00-00 00:00:00",
        "2024-13-01",
        "2024-02-30",
        "12:00",
        "1731319200",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-23:59",
        "٢٠٢٤-٠٧-١١",
        "2024-07-11T25:00:00",
    ],
)
def test_a_time_nobody_can_read_is_none(told: str | None) -> None:
    """A missing, impossible or foreign time is `None` and fails nothing."""
    assert utc(told) is None


@given(st.text(st.sampled_from("0123456789-/:.T+Z W\x00é")) | st.text())
def test_any_text_gives_an_aware_utc_time_or_none(told: str) -> None:
    """Whatever is read as a time, the result is aware and in UTC, or `None`."""
    at = utc(told)
    assert at is None or at.utcoffset() == timedelta(0)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001 - the gateway's form
def test_every_time_of_kyiv_is_within_its_offset(told: datetime) -> None:
    """A naive time moves by Kyiv's offset: one to four hours in all of its history."""
    at = utc(told.isoformat())
    assert at is not None
    assert timedelta(hours=1) <= told.replace(tzinfo=UTC) - at <= timedelta(hours=4)
