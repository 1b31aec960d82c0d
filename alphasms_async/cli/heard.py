"""What the receiver of a hook says beside its status: a transport that listens."""

from collections.abc import AsyncIterator
from typing import Final, cast
from urllib.parse import parse_qsl, urlsplit

import httpx
from attrs import define, field

__all__ = ["Listening", "first_line"]

_MOST_BYTES: Final = 4096
_MOST_LETTERS: Final = 200
_NOT_SHOWN: Final = "\N{REPLACEMENT CHARACTER}"
# Less than that proves nothing, and stands in any text.
_LEAST_SECRET: Final = 4


@define(eq=False)
class Listening(httpx.AsyncBaseTransport):
    """Carries requests by another transport, and keeps the beginning of each answer's body."""

    inner: httpx.AsyncBaseTransport
    """What carries them."""
    body: bytes = field(default=b"", init=False)
    """The beginning of the last one; empty for one that is packed."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request."""
        self.body = b""
        answer = await self.inner.handle_async_request(request)
        if "content-encoding" in answer.headers:
            return answer
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Heard(self, cast("httpx.AsyncByteStream", answer.stream)),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        """Close what carries them."""
        await self.inner.aclose()


@define(eq=False)
class _Heard(httpx.AsyncByteStream):
    listening: Listening
    stream: httpx.AsyncByteStream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.stream:
            room = _MOST_BYTES - len(self.listening.body)
            self.listening.body += chunk[:room]
            yield chunk

    async def aclose(self) -> None:
        await self.stream.aclose()


def first_line(body: bytes, hook: str) -> str:
    """Return the first line of an answer as it can be printed, empty when it has none.

    Args:
        body: How the answer begins.
        hook: What was posted to, whose query must not be shown.
    """
    lines = (" ".join(line.split()) for line in body.decode(errors="replace").splitlines())
    line = next(filter(None, lines), "")
    query = urlsplit(hook).query
    for secret in (query, *(value for _, value in parse_qsl(query))):
        if len(secret) >= _LEAST_SECRET:
            line = line.replace(secret, "...")
    shown = "".join(letter if letter.isprintable() else _NOT_SHOWN for letter in line)
    return shown[:_MOST_LETTERS]
