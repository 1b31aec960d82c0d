"""A receiver of hooks that a test tells what to answer, and what stands ready beside it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import anyio
import httpx
from starlette.types import Receive, Scope, Send

from alphasms_async.sandbox import Sandbox, SandboxCall, SandboxMessage
from alphasms_async.sandbox.server import serve

from .wire import PHONE

HOOK = "https://app.example/hooks?t=s3cret"


class SetClock:
    """A time of day that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2024, 7, 11, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time, aware."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.now += timedelta(seconds=seconds)


class Receiver:
    """An ASGI app that keeps every request, and answers with `statuses` in turn, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.requests: list[httpx.Request] = []
        self.statuses = list(statuses)

    @property
    def bodies(self) -> list[str]:
        """The bodies as they came."""
        return [request.content.decode() for request in self.requests]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the request and answer it."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        url = f"{scope['path']}?{scope['query_string'].decode()}"
        self.requests.append(
            httpx.Request(
                scope["method"], f"http://receiver{url}", headers=scope["headers"], content=body
            )
        )
        await self.answer(send)

    async def answer(self, send: Send) -> None:
        """Answer with the next status; one from 300 to 399 leads to a place of its own."""
        status = self.statuses.pop(0) if self.statuses else 200
        headers = [(b"location", b"/elsewhere")] if 300 <= status < 400 else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})


class CrowdedReceiver(Receiver):
    """A receiver that answers nobody before `crowd` are with it, and counts the most there were."""

    def __init__(self, crowd: int) -> None:
        super().__init__()
        self.crowd = crowd
        self.present = self.most = 0
        self.gathered: anyio.Event | None = None

    async def answer(self, send: Send) -> None:
        """Wait for the crowd, then answer."""
        # Made here, on the event loop that serves, which may not be the test's.
        self.gathered = self.gathered or anyio.Event()
        self.present += 1
        self.most = max(self.most, self.present)
        if self.present >= self.crowd:
            self.gathered.set()
        await self.gathered.wait()
        await anyio.lowlevel.checkpoint()
        await super().answer(send)
        self.present -= 1


@contextmanager
def served(receiver: Receiver, *, port: int = 0) -> Generator[str]:
    """Serve `receiver` on loopback and give its address."""
    with serve(receiver, port, anyio.lowlevel.checkpoint) as url:
        yield url


def accept_call(
    sandbox: Sandbox, phone: str = PHONE, *, hook: str | None = None, dtmf: bool = True
) -> int:
    """Have the sandbox accept a call as its pages do, and return its id."""
    price = Decimal("0.40")
    draft = SandboxCall(kind="voice", phone=phone, price=price, hook=hook, dtmf=dtmf)
    return sandbox.accept(draft).id


def accept_message(sandbox: Sandbox, *, hook: str | None = None) -> int:
    """Have the sandbox accept a message as its pages do, and return its id."""
    price = Decimal("0.40")
    return sandbox.accept(SandboxMessage(kind="sms", phone=PHONE, price=price, hook=hook)).id


def through(receiver: Receiver) -> httpx.ASGITransport:
    """Return what carries hooks to `receiver` without a socket."""
    return httpx.ASGITransport(receiver)


def told(sandbox: Sandbox) -> list[Mapping[str, object]]:
    """Return what the log says of each attempt, in short."""
    return [
        {"id": one.entry_id, "attempt": one.attempt, "got": one.status or one.error}
        for one in sandbox.deliveries()
    ]
