import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.models import CallOutcome, State
from alphasms_async.webhooks.words import is_call_word, outcome_of, state_of

# Written out from gateway.md, sections 2, 4 and 5: not taken from the code.
CALL_WORDS = {
    "ANSWERED": CallOutcome.ANSWERED,
    "Answered": CallOutcome.ANSWERED,
    "answered": CallOutcome.ANSWERED,
    "NO ANSWER": CallOutcome.NO_ANSWER,
    "NO_ANSWER": CallOutcome.NO_ANSWER,
    "NO-ANSWER": CallOutcome.NO_ANSWER,
    "NOANSWER": CallOutcome.NO_ANSWER,
    "No Answer": CallOutcome.NO_ANSWER,
    "no  answer": CallOutcome.NO_ANSWER,
    "noAnswer": CallOutcome.NO_ANSWER,
    "BUSY": CallOutcome.BUSY,
    "FAILED": CallOutcome.FAILED,
    "failed": CallOutcome.FAILED,
    "CANCEL": CallOutcome.FAILED,
    "CANCELED": CallOutcome.FAILED,
    "Cancelled": CallOutcome.FAILED,
}
MESSAGE_WORDS = {
    "ACCEPTED": (State.QUEUED, CallOutcome.UNKNOWN),
    "DELETED": (State.DELETED, CallOutcome.FAILED),
    "DELIVERED": (State.DELIVERED, CallOutcome.ANSWERED),
    "Delivered": (State.DELIVERED, CallOutcome.ANSWERED),
    "EXPIRED": (State.EXPIRED, CallOutcome.NO_ANSWER),
    "FILTERED": (State.REJECTED, CallOutcome.FAILED),
    "INVALID DESTINATION ADDRESS": (State.REJECTED, CallOutcome.FAILED),
    "invalid_source_address": (State.REJECTED, CallOutcome.FAILED),
    "NO ROUTE": (State.UNDELIVERABLE, CallOutcome.NO_ANSWER),
    "PARTIALLY DELIVERED": (State.PARTIALLY_DELIVERED, CallOutcome.ANSWERED),
    "QUEUED": (State.QUEUED, CallOutcome.UNKNOWN),
    "READ": (State.READ, CallOutcome.ANSWERED),
    "REJECTED": (State.REJECTED, CallOutcome.FAILED),
    "REPLIED": (State.READ, CallOutcome.ANSWERED),
    "ROUTING": (State.SENDING, CallOutcome.UNKNOWN),
    "SIM FULL": (State.UNREACHABLE, CallOutcome.UNKNOWN),
    "UNDELIVERABLE": (State.UNDELIVERABLE, CallOutcome.NO_ANSWER),
    "UNKNOWN": (State.UNKNOWN, CallOutcome.UNKNOWN),
    "0": (State.QUEUED, CallOutcome.UNKNOWN),
    "1": (State.SENDING, CallOutcome.UNKNOWN),
    "2": (State.SENT, CallOutcome.UNKNOWN),
    "3": (State.DELIVERED, CallOutcome.ANSWERED),
    "5": (State.UNREACHABLE, CallOutcome.UNKNOWN),
    "10": (State.DELETED, CallOutcome.FAILED),
    "50": (State.PARTIALLY_DELIVERED, CallOutcome.ANSWERED),
    "96": (State.UNDELIVERABLE, CallOutcome.NO_ANSWER),
    "99": (State.REJECTED, CallOutcome.FAILED),
    "116": (State.READ, CallOutcome.ANSWERED),
    "100": (State.QUEUED, CallOutcome.UNKNOWN),
    "102": (State.DELIVERED, CallOutcome.ANSWERED),
    "103": (State.EXPIRED, CallOutcome.NO_ANSWER),
    "105": (State.UNDELIVERABLE, CallOutcome.NO_ANSWER),
    "108": (State.REJECTED, CallOutcome.FAILED),
    "201": (State.NOT_FOUND, CallOutcome.UNKNOWN),
    "203": (State.REJECTED, CallOutcome.FAILED),
}
STRANGE = [
    "",
    "RINGING",
    "NOT ANSWERED",
    "ANSWER ED!",
    "4",
    "999",
    "1000",
    "-3",
    "3.0",
    "٣",
    "½",
    "\0",
]


@pytest.mark.parametrize(("word", "outcome"), CALL_WORDS.items(), ids=CALL_WORDS)
def test_word_of_a_call_is_its_outcome(word: str, outcome: CallOutcome) -> None:
    """However it is cased or joined, a word of calls means one outcome."""
    assert outcome == outcome_of(word)
    assert is_call_word(word)


@pytest.mark.parametrize("word", MESSAGE_WORDS)
def test_word_of_a_message_is_its_state(word: str) -> None:
    """A word or code of the status interfaces means the same in an event."""
    state, _ = MESSAGE_WORDS[word]
    assert state == state_of(word)
    assert not is_call_word(word)


@pytest.mark.parametrize("word", MESSAGE_WORDS)
def test_word_of_a_message_tells_of_a_call_too(word: str) -> None:
    """What was read aloud reports like a message, and was answered, was not, or failed."""
    _, outcome = MESSAGE_WORDS[word]
    assert outcome == outcome_of(word)


@pytest.mark.parametrize("state", State)
def test_only_what_is_over_has_an_outcome(state: State) -> None:
    """A state that may still change says nothing of how a call ended."""
    words = [word for word, (its, _) in MESSAGE_WORDS.items() if its is state]
    is_told = [outcome_of(word) is not CallOutcome.UNKNOWN for word in words]
    assert all(told == state.is_final for told in is_told)


@pytest.mark.parametrize("word", STRANGE)
def test_word_nobody_documented_means_nothing(word: str) -> None:
    """An unknown word is no state, no outcome, and neither reached nor not."""
    assert (state_of(word), outcome_of(word)) == (State.UNKNOWN, CallOutcome.UNKNOWN)
    assert outcome_of(word).is_reached is None


REACHED = {
    "ANSWERED": True,
    "DELIVERED": True,
    "READ": True,
    "3": True,
    "NO ANSWER": False,
    "BUSY": False,
    "FAILED": False,
    "CANCEL": False,
    "UNDELIVERABLE": False,
    "EXPIRED": False,
    "REJECTED": False,
    "99": False,
    "ACCEPTED": None,
    "SIM FULL": None,
    "UNKNOWN": None,
}


@pytest.mark.parametrize(("word", "is_reached"), REACHED.items(), ids=REACHED)
def test_word_tells_whether_the_phone_was_reached(word: str, is_reached: bool | None) -> None:  # noqa: FBT001 - a column of the table
    """Of a flash call a word says yes, no, or nothing."""
    assert outcome_of(word).is_reached is is_reached


@given(st.text())
def test_no_word_is_too_strange_to_be_asked_about(word: str) -> None:
    """Any text at all has a state and an outcome."""
    assert (state_of(word) in State, outcome_of(word) in CallOutcome) == (True, True)
