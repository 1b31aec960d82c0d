"""What the tests of webhooks share: a secret, a clock that is set, hooks, and who takes events."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from alphasms_async.webhooks import HookEvent, HookKind, HookTokens, WebhookReceiver

SECRET = "a-secret-of-the-tests-5f0c"
BASE = "https://app.example/hooks/alphasms"
REF = "c:12.1"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DOCUMENTED = (
    b'{"id": 100500, "phone": "380501234567", "status": "ANSWERED", "duration": 123, "dtmf": "7"}'
)
"""The body of gateway.md, section 4."""


class SetClock:
    """A clock that stands until a test sets it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time that was set."""
        return self.now


def hook_tokens(*secrets: str, now: datetime = NOW) -> HookTokens:
    return HookTokens(secrets or SECRET, clock=SetClock(now))


def query_of(
    kind: HookKind = HookKind.VOICE,
    ref: str | None = REF,
    expires: datetime | timedelta | None = None,
    *,
    tokens: HookTokens | None = None,
) -> str:
    """Return the query of a good hook, `token=…`."""
    signer = hook_tokens() if tokens is None else tokens
    return signer.url(BASE, kind, ref, expires).partition("?")[2]


class Kept:
    """A handler that keeps what it is given, after it has failed as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.events: list[HookEvent] = []
        self._failures: Sequence[Exception] = list(failures)

    async def __call__(self, event: HookEvent) -> None:
        """Keep the event, or fail."""
        if self._failures:
            failure, *self._failures = self._failures
            raise failure
        self.events.append(event)


async def ask(
    app: Any,
    query: str | None = None,
    body: bytes = DOCUMENTED,
    *,
    method: str = "POST",
    path: str = "/hooks/alphasms",
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """Send one request to an ASGI app and return its answer."""
    url = f"https://app.example{path}?{query_of() if query is None else query}"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        return await client.request(method, url, content=body, headers=headers)


def receiver_of(*handlers: Kept, **limits: Any) -> WebhookReceiver:
    return WebhookReceiver(hook_tokens(), *handlers, **limits)
