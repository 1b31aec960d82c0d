"""How many events a second a receiver takes, and how long the gateway waits for its answer.

Each event is one call's, posted to the call's own signed hook, and is answered once it is durable.
Rivals in the same run: the receiver with a journal in memory, with a handler that keeps nothing,
and with an `EventSender`, for the journal is another process's, which finds the events in its
inbox; and an app that only reads the body. The gateway is a process of its own too, on kept
connections, so that the receiver is what is measured.
"""

import json
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from attrs import frozen
from starlette.types import ASGIApp

from alphasms_async.campaigns import (
    EventRecorder,
    EventSender,
    Journal,
    MemoryJournal,
    RowState,
    Settlement,
    SqliteJournal,
    Verdict,
)
from alphasms_async.serving import listening_socket, served
from alphasms_async.webhooks import HookEvent, HookKind, HookTokens, WebhookReceiver
from alphasms_async.webhooks.asgi import Receive, Scope, Send
from benchmarks.asking import Asked
from benchmarks.holding import holding
from benchmarks.journal import plan_rows
from benchmarks.options import Options, read_options
from benchmarks.posting import post_all, write_posts
from benchmarks.rounds import Spread, interleaved, latencies, ratios
from benchmarks.tables import RESULTS, Table, publish

__all__ = ["main"]

Serving = Callable[[Path, int], AbstractAsyncContextManager[ASGIApp]]
"""Takes a folder and how many calls there are; gives what serves their events. When it is left, it
looks whether each event has arrived."""

# One connection flushes the disk for each event: fewer do, and the run stays short.
_USUAL_ROWS = {1: 1_000, 16: 4_000, 64: 4_000}
_QUICK_ROWS = {1: 50, 16: 200, 64: 200}
_DIALERS = 64
_PRICE = Decimal("0.40")
_FIRST_ID = 100_500
_TOKENS = HookTokens("5d41402abc4b2a76b9719d911017c592")
_BASE = "https://app.example"
_OURS: Final = "SqliteJournal"


def _phone(recipient: int) -> str:
    # As the journal's benchmark plans them.
    return f"38050{recipient:07}"


def _post_of(recipient: int) -> tuple[str, str]:
    """Return what the gateway posts when the first call of a recipient has ended."""
    hook = _TOKENS.url(f"{_BASE}/hooks", HookKind.VOICE, f"c:{recipient}.1", timedelta(days=7))
    told = {"id": _FIRST_ID + recipient, "phone": _phone(recipient)}
    body = json.dumps({**told, "status": "ANSWERED", "duration": 21, "dtmf": "7"})
    return hook.removeprefix(_BASE), body


async def _dialled(journal: Journal, rows: int) -> int:
    """Write a campaign whose calls were all accepted, and return its id."""
    campaign = await plan_rows(journal, rows)

    async def dial() -> None:
        while claimed := await journal.claim(campaign, reserved=_PRICE):
            ref, its_id = claimed.ref, _FIRST_ID + claimed.ref.recipient
            await journal.settle(
                Settlement(ref=ref, verdict=Verdict.ACCEPTED, gateway_id=its_id, price=_PRICE)
            )

    async with anyio.create_task_group() as group:
        for _ in range(_DIALERS):
            group.start_soon(dial)
    return campaign


async def _check(journal: Journal, campaign: int, rows: int) -> None:
    """Refuse a figure of a run in which something went wrong."""
    told = (await journal.tally(campaign)).states[RowState.DONE]
    if told != rows:
        raise RuntimeError(f"only {told} of {rows} events are in the journal")


@asynccontextmanager
async def _recording(
    make: Callable[[Path], Journal], folder: Path, rows: int
) -> AsyncGenerator[ASGIApp]:
    async with make(folder) as journal:
        campaign = await _dialled(journal, rows)
        yield WebhookReceiver(_TOKENS, EventRecorder(journal))
        await _check(journal, campaign, rows)


@asynccontextmanager
async def _sending(folder: Path, rows: int) -> AsyncGenerator[ASGIApp]:
    path = folder / "bench.journal"
    async with SqliteJournal(path) as journal:
        campaign = await _dialled(journal, rows)
    with holding(path):
        yield WebhookReceiver(_TOKENS, EventSender(path))
    async with SqliteJournal(path) as journal:
        while await journal.drain():
            pass
        await _check(journal, campaign, rows)


@asynccontextmanager
async def _ignoring(_: Path, rows: int) -> AsyncGenerator[ASGIApp]:
    told: list[str | None] = []

    async def handle(event: HookEvent) -> None:
        told.append(event.ref)

    yield WebhookReceiver(_TOKENS, handle)
    if len(set(told)) != rows:
        raise RuntimeError(f"only {len(set(told))} of {rows} events were handed on")


async def _read_only(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"  # noqa: S101 - nothing else is asked of it
    while (await receive()).get("more_body", False):
        pass
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"6")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"taken\n"})


@asynccontextmanager
async def _reading(_: Path, __: int) -> AsyncGenerator[ASGIApp]:
    yield _read_only


def _on_disk(folder: Path) -> Journal:
    return SqliteJournal(folder / "bench.journal")


def _in_memory(_: Path) -> Journal:
    return MemoryJournal()


_RIVALS: Mapping[str, Serving] = {
    _OURS: partial(_recording, _on_disk),
    "MemoryJournal": partial(_recording, _in_memory),
    "no journal": _ignoring,
    "bare ASGI app": _reading,
    "EventSender": _sending,
}


@frozen
class _Receiver:
    """A receiver, and what posting to it came to, round by round."""

    serving: Serving
    rows: int
    connections: int
    rounds: list[Asked]

    async def __call__(self) -> float:
        """Take all events once; return how many that were a second."""
        with tempfile.TemporaryDirectory(dir=RESULTS) as name:
            folder, listener = Path(name), listening_socket("the receiver", "127.0.0.1", 0)
            posts, port = folder / "posts", listener.getsockname()[1]
            write_posts(posts, map(_post_of, range(1, self.rows + 1)))
            async with self.serving(folder, self.rows) as app, served(app, listener):
                self.rounds.append(await post_all(posts, port, self.connections))
        return self.rows / self.rounds[-1].seconds


async def _compared(connections: int, options: Options) -> Table:
    rows = options.rows_or(_USUAL_ROWS[connections], _QUICK_ROWS[connections])
    rivals = {name: _Receiver(serving, rows, connections, []) for name, serving in _RIVALS.items()}
    figures = await interleaved(1 if options.is_quick else 5, rivals)
    return Table(
        f"Events a second, {connections} at once, {rows:,} events",
        [
            {
                "receiver with": name,
                "events a second": Spread.of(figures[name]),
                **latencies([asked.waits for asked in rival.rounds]),
                f"{_OURS}'s is": ratios(figures[_OURS], figures[name]),
            }
            for name, rival in rivals.items()
        ],
    )


async def main(options: Options) -> None:
    """Measure, print and keep."""
    RESULTS.mkdir(exist_ok=True)
    # The first run of all pays for what is imported and made once.
    await _Receiver(_RIVALS[_OURS], 100, max(_USUAL_ROWS), [])()
    publish("hooks", [await _compared(connections, options) for connections in _USUAL_ROWS])


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
