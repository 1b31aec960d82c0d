"""The two bodies of an exchange: ours, which is sent once, and the answer's, which is bounded."""

import zlib
from collections.abc import AsyncGenerator
from contextlib import suppress

import anyio
import httpx
from attrs import define

__all__ = ["Delivery", "OneShotBody", "read_body"]

_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_CLOSE_SECONDS = 1.0
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


@define
class Delivery:
    """How far a send has got; it outlives cancellation, when no exception of ours can be raised."""

    began: bool = False
    """Whether anybody began to read the body: from then on it may have arrived."""


class OneShotBody(httpx.AsyncByteStream):
    """A body that notes when somebody begins to read it, and that is never read twice.

    The second reading is refused, so that no retrying transport below can send again.
    """

    def __init__(self, pieces: tuple[bytes, ...], delivery: Delivery) -> None:
        self._pieces = pieces
        self._delivery = delivery
        self._reading: AsyncGenerator[bytes] | None = None
        self._over = False

    def __aiter__(self) -> AsyncGenerator[bytes]:
        if self._over:
            raise RuntimeError("this attempt is over: its body is sent no more")
        if self._reading is not None:
            raise RuntimeError("a body is sent once: this transport tried to send it again")
        self._reading = self._read()
        return self._reading

    async def _read(self) -> AsyncGenerator[bytes]:
        self._delivery.began = True
        for piece in self._pieces:
            if self._over:
                raise RuntimeError("this attempt is over: its body is sent no more")
            yield piece

    async def aclose(self) -> None:
        """Let nobody read any more: what an attempt has left behind must not send later.

        A reading that was broken off ends here, for trio warns of generators left half-way.
        """
        self._over = True
        if self._reading is not None:
            # A transport that answers early may still be reading in a task of its own.
            with suppress(RuntimeError):
                await self._reading.aclose()


async def read_body(response: httpx.Response) -> bytes:
    """Return the whole body of an answer, decompressed, and close the response.

    Raises:
        TypeError: The transport gives no asynchronous stream.
        ValueError: It is longer than any answer of the gateway, or not compressed as it says.
    """
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        raise TypeError("the transport answers with a synchronous stream")
    if response.is_stream_consumed:
        # An event hook of the caller's own client has read it already.
        return response.content
    body = bytearray()
    length = 0
    try:
        async for chunk in stream:
            length += len(chunk)
            if length <= _MAX_ANSWER_BYTES:
                body += chunk
    finally:
        # Shielded: a connection that cancellation keeps from closing would stay open for good.
        # And an answer that was read whole counts, whatever becomes of its connection.
        with anyio.move_on_after(_CLOSE_SECONDS, shield=True), suppress(Exception):
            await response.aclose()
    if length > _MAX_ANSWER_BYTES:
        # Read to its end nevertheless: broken off, httpx leaves generators behind on trio.
        raise ValueError(f"the answer is longer than {_MAX_ANSWER_BYTES} bytes")
    return _decompressed(bytes(body), response.headers.get("content-encoding", ""))


def _decompressed(body: bytes, encoding: str) -> bytes:
    """Undo a compression that was not asked for, and never by more than an answer may be long."""
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = unpacking.decompress(body, _MAX_ANSWER_BYTES)
    except zlib.error as error:
        raise ValueError(f"the answer is not {encoding}: {error}") from None
    if not unpacking.eof:
        raise ValueError(f"the answer is cut short, or longer than {_MAX_ANSWER_BYTES} bytes")
    return plain
