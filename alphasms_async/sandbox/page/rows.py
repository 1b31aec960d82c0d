"""One accepted thing as a line of the page's table."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.hooks.queue import HookThread
from alphasms_async.sandbox.page.answers import Json, maybe_milliseconds, milliseconds, money

_Cut: TypeAlias = Callable[[str | None], str | None]

MOST_ROWS: Final = 500
"""How many rows the page is given at a time."""

_MOST_LETTERS: Final = 200


def row(
    account: Account, entry: SandboxEntry, now: datetime, *, is_whole: bool = False
) -> dict[str, Json]:
    """Return the row of `entry` as it stands at `now`.

    Args:
        account: Whose it is.
        entry: What was accepted.
        now: The time.
        is_whole: Whether its texts are whole. Else they are cut to 200 letters and "…", for there
            are many rows; what the page searches in is what it has of them.
    """
    cut = _as_it_is if is_whole else _cut
    line = account.lines.line(entry.id)
    call = entry if isinstance(entry, SandboxCall) else None
    return {
        "id": entry.id,
        "kind": _kind(entry),
        "page": entry.kind,
        "phone": entry.phone,
        "phase": line.phase.value,
        "word": None if line.fate is None else line.fate.word,
        "keys": line.digits or "",
        "collects": call is not None and call.listens,
        "talked": line.talked_seconds(now),
        "price": money(entry.price),
        "at": milliseconds(entry.at),
        "ringing_at": maybe_milliseconds(line.ringing_at),
        "answered_at": maybe_milliseconds(line.answered_at),
        "ended_at": maybe_milliseconds(line.ended_at),
        "text": cut(entry.text),
        "code": None if call is None else call.code,
        "file": None if call is None else cut(call.filename),
        "chaos": entry.chaos,
        "hook": _hook(account, entry, cut),
    }


def rows_before(account: Account, before: int | None, limit: int) -> dict[str, Json]:
    """Return the newest rows, or those accepted before the id `before`, and whether more follow."""
    entries = account.ledger.entries()
    older: Iterable[SandboxEntry] = reversed(entries)
    if before is not None:
        older = (entry for entry in older if entry.id < before)
    found = list(islice(older, limit + 1))
    now = account.clock()
    rows = [row(account, entry, now) for entry in found[:limit]]
    return {"rows": rows, "more": len(found) > limit}


def _as_it_is(text: str | None) -> str | None:
    return text


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= _MOST_LETTERS:
        return text
    return f"{text[:_MOST_LETTERS]}…"


def _kind(entry: SandboxEntry) -> str:
    if not isinstance(entry, SandboxCall):
        return "sms"
    return "call" if entry.code is None else "otp"


def _hook(account: Account, entry: SandboxEntry, cut: _Cut) -> Json:
    thread = account.hook_queue.thread(entry.id)
    if account.hook_of(entry) is None and thread == HookThread():
        return None
    last = thread.deliveries[-1] if thread.deliveries else None
    return {
        "attempts": 0 if last is None else last.attempt,
        "status": None if last is None else last.status,
        "error": None if last is None else cut(last.error),
        "ms": None if last is None else round(last.seconds * 1000),
        "taken": last is not None and last.is_taken,
        "next_at": maybe_milliseconds(thread.next_at),
        "in_flight": thread.in_flight,
    }
