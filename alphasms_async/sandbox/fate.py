"""How one call or message ends."""

import re
from collections.abc import Mapping
from typing import Final

import attrs

from alphasms_async.sandbox.allowed import SECONDS, instance, is_span, whole
from alphasms_async.sandbox.states import State

# The words for calls beside ANSWERED are documented by nobody; these are what one expects. Those
# for messages are the JSON interface's own.
_STATES: Mapping[str, State] = {
    **{state.json_word: state for state in State},
    "ANSWERED": State.DELIVERED,
    "NO ANSWER": State.EXPIRED,
    "BUSY": State.UNDELIVERABLE,
    "FAILED": State.UNDELIVERABLE,
    "CANCEL": State.DELETED,
}
STATE: Final = instance(State, "State.DELIVERED")
"""What is a state."""
_TALK: Final = attrs.evolve(
    whole(0), like="a whole number of seconds from 0 up to ten years", fits=is_span
)
_KEYS = re.compile(r"[0-9*#]+", re.ASCII)


def check_keys(digits: str) -> None:
    """Raise ValueError unless `digits` are keys of a phone, at least one."""
    if not (isinstance(digits, str) and _KEYS.fullmatch(digits)):
        raise ValueError("digits are the keys pressed: 0 to 9, * and #, at least one.")


def _meaning(word: str) -> State:
    if word not in _STATES:
        raise ValueError(
            f"{word!r} is no word for an end that we know: take ANSWERED, NO ANSWER, BUSY, FAILED, "
            "CANCEL or one of json.php's, or give the state that goes with it: "
            f"Fate({word!r}, state=State.UNDELIVERABLE)."
        )
    return _STATES[word]


@attrs.frozen
class Fate:
    """How one call or message ends."""

    word: str = "ANSWERED"
    """The hook's status: ANSWERED, NO ANSWER, BUSY, FAILED or CANCEL for a call; a word of the
    JSON interface, such as DELIVERED, for a message; any other with a `state`."""
    after_seconds: float = attrs.field(default=0.0, kw_only=True)
    """How long after it was accepted it ends, from 0 up; a call that has to wait in a queue, see
    `Sandbox.queue_seconds`, waits before that. At 0 its hook may come before the answer to its
    request."""
    talk_seconds: int = attrs.field(default=0, kw_only=True)
    """How long was talked, from 0 up; a call's `duration`."""
    digits: str | None = attrs.field(default=None, kw_only=True)
    """The keys pressed: digits, `*` and `#`. None for none."""
    state: State = attrs.field(
        default=attrs.Factory(lambda fate: _meaning(fate.word), takes_self=True), kw_only=True
    )
    """What the status interfaces say afterwards; by default what the word means."""

    def __attrs_post_init__(self) -> None:
        SECONDS.check("after_seconds", self.after_seconds)
        _TALK.check("talk_seconds", self.talk_seconds)
        STATE.check("state", self.state)
        if self.digits is not None:
            check_keys(self.digits)
