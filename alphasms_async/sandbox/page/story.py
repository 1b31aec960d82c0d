"""What has become of one accepted thing, in words, and as lines of a test."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from alphasms_async.sandbox.chaos.mishap import spoiled
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fate import Fate
from alphasms_async.sandbox.hooks.queue import HookDelivery
from alphasms_async.sandbox.line import Line
from alphasms_async.sandbox.page.answers import Json, milliseconds

_BY_HAND: Final[Mapping[str, str]] = {
    "ANSWERED": "hang_up()",
    "BUSY": "decline()",
    "NO ANSWER": "ring_out()",
    "FAILED": "fail()",
}


def story(entry: SandboxEntry, line: Line, deliveries: tuple[HookDelivery, ...]) -> list[Json]:
    """Return all that has happened to `entry`, in its order."""
    happened = [*_life(entry, line), *((one.at, _attempt(one)) for one in deliveries)]
    # Stable: of one moment the life comes before what is told of it.
    happened.sort(key=lambda one: one[0])
    return [{"at": milliseconds(at), "text": text} for at, text in happened]


def as_test(entry: SandboxEntry, line: Line) -> str:
    """Return the lines of a test that do what was done with `entry`, in its order.

    The first of them takes the call, or asserts that the message came.
    """
    to = json.dumps(entry.phone)
    if not isinstance(entry, SandboxCall):
        return f"assert sandbox.messages(to={to})"
    return "\n".join([f"call = sandbox.wait_for_call(to={to})", *_deeds(entry, line)])


def _deeds(call: SandboxCall, line: Line) -> Iterator[str]:
    """Return what was done in `call`, a line each; of a flash call left alone what it is for."""
    if line.answered_at is not None:
        # Who presses a key at once has answered by it.
        if not line.keys or line.answered_at < line.keys[0].at:
            yield "call.answer()"
        if line.digits:
            yield f"call.press({json.dumps(line.digits)})"
    elif line.fate is None and call.code is not None:
        yield f"assert call.code == {json.dumps(call.code)}"
    if line.fate is not None:
        yield _end(line.fate, is_answered=line.answered_at is not None)


def _end(fate: Fate, *, is_answered: bool) -> str:
    """Return what ends the call so: what a person does where there is something, else the fate."""
    deed = _BY_HAND.get(fate.word)
    is_by_hand = is_answered or fate.word != "ANSWERED"
    if deed is None or not is_by_hand or not _is_as_the_word_says(fate):
        return f"sandbox.end_call(call.id, {_code(fate)})"
    return f"call.{deed}"


def _code(fate: Fate) -> str:
    """Return `fate` as code, all but when it comes."""
    arguments = [json.dumps(fate.word)]
    if fate.talk_seconds:
        arguments.append(f"talk_seconds={fate.talk_seconds}")
    if fate.digits:
        arguments.append(f"digits={json.dumps(fate.digits)}")
    if not _is_as_the_word_says(fate):
        arguments.append(f"state=State.{fate.state.name}")
    return f"Fate({', '.join(arguments)})"


def _is_as_the_word_says(fate: Fate) -> bool:
    """Say whether the word of `fate` brings its state without more."""
    try:
        return Fate(fate.word).state is fate.state
    except ValueError:
        return False


def _life(entry: SandboxEntry, line: Line) -> Iterator[tuple[datetime, str]]:
    yield entry.at, "accepted"
    if entry.chaos is not None:
        yield entry.at, f"{spoiled(entry.chaos)} (chaos)"
    if line.ringing_at is not None:
        yield line.ringing_at, "ringing"
    if line.answered_at is not None:
        yield line.answered_at, "answered"
    for key in line.keys:
        yield key.at, f"key {key.digit}"
    if line.ended_at is not None and line.fate is not None:
        yield line.ended_at, f"ended {line.fate.word}"


def _attempt(delivery: HookDelivery) -> str:
    outcome = delivery.status if delivery.status is not None else delivery.error
    which = f"attempt {delivery.attempt}"
    if delivery.is_resent:
        which = "sent again" if delivery.attempt == 1 else f"sent again, {which}"
    return f"hook {which}: {outcome}"
