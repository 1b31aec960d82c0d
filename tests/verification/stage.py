"""A verifier's surroundings: a gateway that can fail on demand, a clock, a store."""

import json
import re
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from attrs import frozen

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Sandbox, SandboxCall
from alphasms_async.verification import (
    Limits,
    PhoneVerifier,
    TextSms,
    VerificationStore,
    VoiceSms,
)

PHONE = "380501234567"
SECRET = "a secret that nobody guesses"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FALLBACK_SECONDS = 40
RESEND_SECONDS = 30
TTL_SECONDS = 300
NO_LIMITS = Limits(starts=None, per_phone=None, per_range=None, overall=None)

Carry = Callable[[httpx.Request], Awaitable[httpx.Response]]
Fault = Callable[[httpx.Request, Carry], Awaitable[httpx.Response]]

_CODE = re.compile(r"\d(?:, \d){3}|\d{4}")


class Time:
    """A clock that stands still until somebody sets it forward."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Tell the time, as often as asked the same."""
        return self.now

    def forward(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now += timedelta(seconds=seconds)


class Line(httpx.AsyncBaseTransport):
    """The way to a sandbox, on which the next requests meet the faults that were put there."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.faults = deque[Fault]()
        """What the next requests meet, in order."""
        self._carried = 0
        self._news = anyio.Event()
        self._inner = httpx.ASGITransport(sandbox.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request on, unless a fault does otherwise."""
        # A real line makes one wait, and may be cut off meanwhile.
        await anyio.lowlevel.checkpoint()
        if self.faults:
            return await self.faults.popleft()(request, self._carry)
        return await self._carry(request)

    async def carried(self, count: int) -> None:
        """Return once the sandbox has answered so many requests."""
        while self._carried < count:
            self._news = anyio.Event()
            await self._news.wait()

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        self._carried += 1
        self._news.set()
        await anyio.lowlevel.checkpoint()
        return answer


async def unreachable(_request: httpx.Request, _carry: Carry) -> httpx.Response:
    """Fail before anything left."""
    raise httpx.ConnectError("no route")


async def cut_off(request: httpx.Request, carry: Carry) -> httpx.Response:
    """Fail after everything arrived."""
    await carry(request)
    raise httpx.ReadError("reset")


async def rate_limited(request: httpx.Request, _carry: Carry) -> httpx.Response:
    """Read the request and ask for patience."""
    await request.aread()
    return httpx.Response(429)


def refusing(text: str) -> Fault:
    """Return a fault that reads the request and says no, as otp.php and voice.php do."""

    async def refuse(request: httpx.Request, _carry: Carry) -> httpx.Response:
        await request.aread()
        return httpx.Response(200, json={"errors": [text]})

    return refuse


async def operator_not_supported(request: httpx.Request, _carry: Carry) -> httpx.Response:
    """Read the request and refuse its phone, as json.php does."""
    (asked,) = json.loads(await request.aread())["data"]
    refused = {"success": False, "error": "Operator not supported", "data": {"id": asked["id"]}}
    return httpx.Response(200, json={"success": True, "data": [refused]})


@frozen
class Stage:
    """What a test of a verifier stands on."""

    sandbox: Sandbox
    line: Line
    client: AlphaSMS
    store: VerificationStore
    time: Time

    def verifier(self, secret: str | list[str] = SECRET, **options: Any) -> PhoneVerifier:
        """Return a verifier that is not entered yet: two fallbacks, begun as often as wanted."""
        usual: dict[str, Any] = {
            "fallback": (VoiceSms(), TextSms(sender="MyShop")),
            "limits": Limits(starts=None),
        }
        options = {**usual, **options}
        return PhoneVerifier(self.client, self.store, secret, clock=self.time, **options)

    def kinds(self) -> list[str]:
        """Return what was sent, in order."""
        return [entry.kind for entry in self.sandbox.ledger.entries()]

    def codes(self) -> list[str]:
        """Return the code of each send, in order."""
        codes: list[str] = []
        for entry in self.sandbox.ledger.entries():
            if isinstance(entry, SandboxCall) and entry.code is not None:
                codes.append(entry.code)
            else:
                found = _CODE.search(entry.text or "")
                assert found is not None
                codes.append(found[0].replace(", ", ""))
        return codes

    def ids(self) -> list[int]:
        """Return the gateway's id of each send, in order."""
        return [entry.id for entry in self.sandbox.ledger.entries()]


def other_than(*codes: str) -> str:
    """Return a code that is none of these."""
    return next(code for number in range(99) if (code := f"{number:04}") not in codes)
