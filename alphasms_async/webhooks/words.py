"""What the gateway's words for a call or a message mean.

One word of an event is documented: `ANSWERED`. The other words of calls are those of every
telephone exchange; the words and codes of messages are those of the status interfaces, whose
tables stand in `gateway.states`.
"""

import re

from alphasms_async.gateway.states import state_of_http_code, state_of_word, state_of_xml_code
from alphasms_async.models import CallOutcome, State

__all__ = ["is_call_word", "outcome_of", "state_of"]

# Of calls, written with and without what stands between two words.
_CALLS = {
    "ANSWERED": CallOutcome.ANSWERED,
    "NO ANSWER": CallOutcome.NO_ANSWER,
    "BUSY": CallOutcome.BUSY,
    "FAILED": CallOutcome.FAILED,
    "CANCEL": CallOutcome.FAILED,  # taken back before anybody could answer
    "CANCELED": CallOutcome.FAILED,
    "CANCELLED": CallOutcome.FAILED,
}

_CODE = re.compile(r"[0-9]{1,3}")


def _joined(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word).upper()


_JOINED_CALLS = {_joined(word): outcome for word, outcome in _CALLS.items()}


def is_call_word(word: str) -> bool:
    """Return whether only a call can end like this."""
    return _joined(word) in _JOINED_CALLS


def outcome_of(word: str) -> CallOutcome:
    """Return what a word of calls or of messages, or a code, says of a call."""
    return _JOINED_CALLS.get(_joined(word)) or CallOutcome.of(state_of(word))


def state_of(word: str) -> State:
    """Return what a word of messages, or a code of http.php or xml.php, says of a message."""
    if not _CODE.fullmatch(word):
        return state_of_word(word)
    # The two pages share one code, 1, which is not final in either.
    state = state_of_http_code(int(word))
    return state_of_xml_code(int(word)) if state is State.UNKNOWN else state
