"""As much of ASGI as a receiver needs: a body within limits, and a short answer."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias

from attrs import frozen

__all__ = [
    "Answer",
    "BodyTooLarge",
    "ClientLeft",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "live",
    "read_body",
    "refuse_socket",
]

Scope: TypeAlias = MutableMapping[str, Any]
"""What a request, a socket or the server's own life is about."""

Message: TypeAlias = MutableMapping[str, Any]
"""One step of it."""

Receive: TypeAlias = Callable[[], Awaitable[Message]]
"""Returns the client's next step."""

Send: TypeAlias = Callable[[Message], Awaitable[None]]
"""Takes ours."""

_ALWAYS: Final = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class ClientLeft(Exception):
    """The client hung up before its request was whole."""


class BodyTooLarge(Exception):
    """The body is longer than anybody wants to hold."""


@frozen
class Answer:
    """A status and one line of text, which tells nothing of the request."""

    status: int
    text: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Send it whole."""
        body = f"{self.text}\n".encode()
        length = (b"content-length", str(len(body)).encode())
        headers = [*_ALWAYS, length, *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: It is longer than `max_bytes`, or says that it will be.
        ClientLeft: It did not come to its end.
    """
    if _announced(scope["headers"]) > max_bytes:
        raise BodyTooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientLeft
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the Content-Length; 0 for none, and for one that the server should have refused."""
    told = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    # More digits than that are no number to Python, and as large as any.
    return int(told[:20]) if told.isdigit() else 0


async def live(receive: Receive, send: Send) -> None:
    """Answer a server that starts and stops us as it would a whole application."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def refuse_socket(receive: Receive, send: Send) -> None:
    """Turn a WebSocket away before it opens."""
    await receive()
    await send({"type": "websocket.close", "code": 1000})
