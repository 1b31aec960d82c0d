"""One accepted thing as a line of the page's table."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.hooks.queue import HookThread
from alphasms_async.sandbox.page.answers import Json, maybe_milliseconds, milliseconds

MOST_ROWS = 500
"""How many rows the page is given at a time."""


def row(account: Account, entry: SandboxEntry, now: datetime) -> dict[str, Json]:
    """Return the row of `entry` as it stands at `now`."""
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
        "price": f"{entry.price:f}",
        "at": milliseconds(entry.at),
        "ringing_at": maybe_milliseconds(line.ringing_at),
        "answered_at": maybe_milliseconds(line.answered_at),
        "ended_at": maybe_milliseconds(line.ended_at),
        "text": entry.text,
        "code": None if call is None else call.code,
        "file": None if call is None else call.filename,
        "hook": _hook(account, entry),
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


def _kind(entry: SandboxEntry) -> str:
    if not isinstance(entry, SandboxCall):
        return "sms"
    return "call" if entry.code is None else "otp"


def _hook(account: Account, entry: SandboxEntry) -> Json:
    thread = account.hook_queue.thread(entry.id)
    if account.hook_of(entry) is None and thread == HookThread():
        return None
    last = thread.deliveries[-1] if thread.deliveries else None
    return {
        "attempts": 0 if last is None else last.attempt,
        "status": None if last is None else last.status,
        "error": None if last is None else last.error,
        "ms": None if last is None else round(last.seconds * 1000),
        "taken": last is not None and last.is_taken,
        "next_at": maybe_milliseconds(thread.next_at),
        "in_flight": thread.in_flight,
    }
