"""What has become of one accepted thing, in words, and what a test would say of it."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.fate import Fate
from alphasms_async.sandbox.hooks.queue import HookDelivery
from alphasms_async.sandbox.line import Line, Phase
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


def test_line(entry: SandboxEntry, line: Line) -> str:
    """Return one line of a test that does what was done last, or asserts what was accepted."""
    to = json.dumps(entry.phone)
    if not isinstance(entry, SandboxCall):
        return f"assert sandbox.messages(to={to})"
    call = f"sandbox.calls(to={to})[-1]"
    if line.fate is not None:
        act = _BY_HAND.get(line.fate.word)
        return (
            f"sandbox.end_call({call}.id, {_fate(line.fate)})" if act is None else f"{call}.{act}"
        )
    if line.phase is Phase.TALKING:
        done = "answer()" if line.digits is None else f"press({json.dumps(line.digits)})"
        return f"{call}.{done}"
    if entry.code is not None:
        return f"assert {call}.code == {json.dumps(entry.code)}"
    return f"assert sandbox.calls(to={to})"


def _fate(fate: Fate) -> str:
    """Return the fate as code, as far as its word and its state go."""
    word = json.dumps(fate.word)
    try:
        is_known = Fate(fate.word).state is fate.state
    except ValueError:
        is_known = False
    return f"Fate({word})" if is_known else f"Fate({word}, state=State.{fate.state.name})"


def _life(entry: SandboxEntry, line: Line) -> Iterator[tuple[datetime, str]]:
    yield entry.at, "accepted"
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
    return f"hook attempt {delivery.attempt}: {outcome}"
