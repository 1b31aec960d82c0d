"""One accepted thing with all there is to know of it."""

from datetime import datetime
from operator import itemgetter
from shlex import quote

import httpx

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry
from alphasms_async.sandbox.hooks.queue import HookDelivery, HookThread
from alphasms_async.sandbox.hooks.style import HookStyle
from alphasms_async.sandbox.page.answers import Json, maybe_milliseconds, milliseconds
from alphasms_async.sandbox.page.asked import asked
from alphasms_async.sandbox.page.rows import row
from alphasms_async.sandbox.page.sound import Sounds
from alphasms_async.sandbox.page.story import as_test, story

_GLOBS = frozenset("[]{}")


async def details(
    account: Account, entry: SandboxEntry, sounds: Sounds, base_url: str
) -> dict[str, Json]:
    """Return all there is to know of `entry`.

    Args:
        account: Whose it is.
        entry: What was accepted.
        sounds: Looks into its recording.
        base_url: Where the lines for a terminal lead, without a path.
    """
    recording = entry.audio if isinstance(entry, SandboxCall) else None
    sound = None if recording is None else await sounds.look_into(recording)
    line = account.lines.line(entry.id)
    thread = account.hook_queue.thread(entry.id)
    return {
        **row(account, entry, account.clock(), is_whole=True),
        "request": asked(entry, base_url),
        "hook_url": account.hook_of(entry),
        "deliveries": [_delivery(one, account.hook_style) for one in thread.deliveries],
        "next": _next(thread),
        "key_times": [{"digit": key.digit, "at": milliseconds(key.at)} for key in line.keys],
        "sound": None if sound is None else sound.facts,
        "peaks": None if sound is None else sound.peaks,
        "log": story(entry, line, thread.deliveries),
        "test": as_test(entry, line),
    }


def _delivery(delivery: HookDelivery, style: HookStyle) -> Json:
    return {
        "attempt": delivery.attempt,
        "resent": delivery.is_resent,
        "at": milliseconds(delivery.at),
        "ms": round(delivery.seconds * 1000),
        "pause_seconds": delivery.pause_seconds,
        "status": delivery.status,
        "error": delivery.error,
        "body": delivery.body,
        "curl": _curl(delivery, style),
    }


def _next(thread: HookThread) -> Json:
    """Return the attempt that is being made, or else comes next; None when there is none."""
    at: datetime | None = None
    if thread.in_flight_posts:
        post = thread.in_flight_posts[0]
    elif thread.waiting:
        at, post = min(thread.waiting, key=itemgetter(0))
    else:
        return None
    return {"attempt": post.attempt, "resent": post.is_resent, "at": maybe_milliseconds(at)}


def _curl(delivery: HookDelivery, style: HookStyle) -> str:
    """Return the line for a terminal that posts the hook again, as hooks are written now."""
    try:
        request = style.request(delivery.url, delivery.body)
    except (httpx.InvalidURL, ValueError):
        request = None
    if request is None or not request.url.host:
        # No address; said to be one all the same, it is not taken for an option.
        return f"curl --url {quote(delivery.url)}"
    url = str(request.url)
    words = ["curl"]
    if not _GLOBS.isdisjoint(url):
        words.append("-g")
    if request.method != ("POST" if request.content else "GET"):
        words += ["-X", request.method]
    words.append(quote(url))
    if request.content:
        kind = quote(f"content-type: {request.headers['content-type']}")
        words += ["-H", kind, "--data-raw", quote(request.content.decode())]
    return " ".join(words)
