"""A request on its way into a connection."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import lru_cache

import httpx
from aiohttp import StreamReader
from aiohttp.http_writer import StreamWriter

from alphasms_async.transports.aiohttp.pools import Loan
from alphasms_async.transports.aiohttp.routes import Route

__all__ = ["Head", "Upload", "head_of"]

Head = tuple[bytes, int | None]
"""All that goes before a body, and the body's length in bytes; `None` when that is unknown, and
it goes out in chunks."""

# Up to here one write of the head and the first piece is cheaper than two.
_JOINED_BYTES = 128 * 1024
# From here a view spares the copy that the event loop makes of what the socket did not take.
_VIEWED_BYTES = 64 * 1024
# A method, and the name of a header.
_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")


def head_of(request: httpx.Request, route: Route) -> Head:
    """Return the head of a request, its headers as they are and in their order.

    Raises:
        httpx.LocalProtocolError: It would not be HTTP.
    """
    target = route.prefix + request.url.raw_path
    method = request.method.encode()
    _lowered(method)
    lines = [b"%b %b HTTP/1.1\r\n%b" % (method, target, route.lines)]
    headers = request.headers.raw
    length: int | None = 0
    for name, value in headers:
        lines.append(b"%b: %b\r\n" % (name, value))
        lowered = _lowered(name)
        if value != value.strip():
            raise httpx.LocalProtocolError("the request has a header with a blank around its value")
        if lowered == b"transfer-encoding":
            if value.lower() != b"chunked":
                raise httpx.LocalProtocolError("the request's Transfer-Encoding is not chunked")
            length = None
        elif lowered == b"content-length" and length is not None:
            if not value.isdigit():
                raise httpx.LocalProtocolError("the request's Content-Length is not a number")
            length = int(value)
    lines.append(b"\r\n")
    head = b"".join(lines)
    if not head.count(b"\n") == head.count(b"\r") == len(headers) + route.lines.count(b"\n") + 2:
        raise httpx.LocalProtocolError("the request has a header with a line break in it")
    if b"\0" in head or b"\f" in head or b"\v" in head:
        raise httpx.LocalProtocolError("the request has a header with a control character in it")
    return head, length


@lru_cache(maxsize=256)
def _lowered(token: bytes) -> bytes:
    if not _TOKEN.fullmatch(token):
        raise httpx.LocalProtocolError("the request has a method or a header that can be none")
    return token.lower()


class Upload:
    """Writes a request, and waits only when the connection takes no more.

    Args:
        loan: The connection, which is given back at the end.
        head: What goes before the body.
        stream: The body, which is read once, as it is written.
        seconds: How long a piece may wait for the other side to take it. `None`: no limit.
    """

    __slots__ = (
        *("_head", "_left", "_rest", "_seconds", "_stream", "_unwritten"),
        *("answer", "is_whole", "loan"),
    )

    def __init__(
        self, loan: Loan, head: Head, stream: httpx.AsyncByteStream, seconds: float | None
    ) -> None:
        self.loan: Loan = loan
        self._head, self._left = head
        self._stream = stream
        self._seconds = seconds
        self._unwritten = memoryview(b"")
        self._rest: asyncio.Task[None] | None = None
        self.is_whole: bool = False
        """Whether all of it was written."""
        self.answer: StreamReader | None = None
        """The body of the answer, once its head has come."""

    async def begin(self) -> None:
        """Write what the connection takes; the rest is written while the answer is waited for.

        Raises:
            httpx.LocalProtocolError: The body is not as long as its Content-Length says.
        """
        pieces = aiter(self._stream)
        async for piece in pieces:
            self._put(piece)
            if self.loan.transport.is_closing():
                # Why is known to whoever waits for the answer, which may have come all the same.
                return
            if self.loan.wire.writing_paused:
                # A task, for a server may answer that it wants no more of it.
                self._rest = asyncio.create_task(self._go_on(pieces))
                return
        self._finish()

    def end(self, *, is_answered: bool) -> None:
        """Write no more, and give the connection back.

        Args:
            is_answered: Whether the answer has come to its end.
        """
        if self._rest is not None:
            self._rest.cancel()
        self.loan.end(keep=is_answered and self.is_whole)

    async def _go_on(self, pieces: AsyncIterator[bytes]) -> None:
        try:
            await self._settle()
            async for piece in pieces:
                if self.loan.transport.is_closing():
                    return
                self._put(piece)
                await self._settle()
            self._finish()
        except BaseException as error:
            # Raised where the answer is read, be it a cancellation of the body's own making.
            if self.answer is None:
                self.loan.wire.set_exception(error)
            elif not self.answer.is_eof():
                self.answer.set_exception(error)
            if not isinstance(error, Exception):
                raise

    def _put(self, piece: bytes) -> None:
        if self._left is None:
            if not piece:
                return
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        else:
            self._left -= len(piece)
            if self._left < 0:
                raise httpx.LocalProtocolError("the body is longer than its Content-Length")
        if self._head:
            head, self._head = self._head, b""
            if len(piece) <= _JOINED_BYTES:
                piece = head + piece
            else:
                self.loan.transport.write(head)
        if len(piece) <= _VIEWED_BYTES:
            self.loan.transport.write(piece)
        else:
            self._unwritten = memoryview(piece)
            self._push()

    def _push(self) -> None:
        """Write of a large piece as much as the connection takes."""
        wire, transport = self.loan.wire, self.loan.transport
        # What is written over TLS is kept whole, encrypted, until the socket takes it.
        most = _VIEWED_BYTES if transport.get_extra_info("sslcontext") else len(self._unwritten)
        while self._unwritten and not wire.writing_paused and not transport.is_closing():
            transport.write(self._unwritten[:most])
            self._unwritten = self._unwritten[most:]

    async def _settle(self) -> None:
        """Wait until the connection has taken what was put."""
        await self._drain()
        while self._unwritten and not self.loan.transport.is_closing():
            self._push()
            await self._drain()

    async def _drain(self) -> None:
        wire = self.loan.wire
        if not wire.writing_paused:
            return
        try:
            async with asyncio.timeout(self._seconds):
                await StreamWriter(wire, asyncio.get_running_loop()).drain()
        except TimeoutError as error:
            raise httpx.WriteTimeout("the server took no more in time") from error

    def _finish(self) -> None:
        if self.loan.transport.is_closing():
            return
        if self._left:
            raise httpx.LocalProtocolError("the body is shorter than its Content-Length")
        end = b"0\r\n\r\n" if self._left is None else b""
        if self._head or end:
            self.loan.transport.write(self._head + end)
        self.is_whole = True
        self.loan.wire.start_timeout()
