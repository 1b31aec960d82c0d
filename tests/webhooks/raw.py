"""ASGI by hand, for what no HTTP client would do."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from alphasms_async.webhooks import WebhookReceiver
from tests.webhooks.hooks import DOCUMENTED, query_of

Message = dict[str, Any]
LEFT: Message = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def scope_of(query: str | None = None, **others: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/hooks/alphasms",
        "query_string": (query_of() if query is None else query).encode("latin-1"),
        "headers": [],
        **others,
    }


def giving(*messages: Message) -> Callable[[], Awaitable[Message]]:
    """Return a `receive` that gives these messages, and then nothing for ever."""
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await anyio.sleep_forever()
        return waiting.pop(0)

    return receive


async def exchange(
    receiver: WebhookReceiver, *messages: Message, scope: dict[str, Any] | None = None
) -> list[Message]:
    """Return what a receiver sends to a request that comes in these messages."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = messages or (part(DOCUMENTED),)
    await receiver(scope_of() if scope is None else scope, giving(*given), send)
    return sent


async def status_of(
    receiver: WebhookReceiver, *messages: Message, scope: dict[str, Any] | None = None
) -> int | None:
    """Return the status that a receiver answers with; `None` when it does not answer."""
    sent = await exchange(receiver, *messages, scope=scope)
    return sent[0]["status"] if sent else None
