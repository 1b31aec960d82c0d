"""A transport without a network, which answers like the gateway and notes all it is given."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx

from alphasms_async import AlphaSMS, OtpCall, Status

KEY = "5d41402abc4b2a76b9719d911017c592"
PHONE = "380501234567"

Answer = Callable[[httpx.Request], httpx.Response]
Step = Callable[[], Awaitable[object]]


def accepted(request: httpx.Request) -> httpx.Response:
    """Answer as the gateway does when all is well, whichever page is asked."""
    match request.url.path.rpartition("/")[2]:
        case "voice.php":
            return httpx.Response(200, json={"id": 100500, "price": 0.40})
        case "otp.php":
            return httpx.Response(200, json={"id": 100500, "code": 471})
        case "json.php":
            objects = json.loads(request.content)["data"]
            return httpx.Response(
                200, json={"success": True, "data": [_result(o) for o in objects]}
            )
        case "xml.php":
            return httpx.Response(200, text=_statuses(request.content.decode()))
        case _:
            return httpx.Response(200, text=_plain(request.content.decode()))


def refused(*texts: str) -> Answer:
    """Return an answer that says no, as voice.php and otp.php do."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"errors": list(texts)})

    return answer


def saying(status: int, text: str = "") -> Answer:
    """Return an answer of any kind."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=text)

    return answer


def _result(asked: dict[str, Any]) -> dict[str, Any]:
    data = {
        "id": asked.get("id"),
        "status": "DELIVERED",
        "amount": 250,
        "currency": "UAH",
    }
    if asked["type"] in {"sms", "voice", "pipeline"}:
        data |= {"msg_id": 100500, "parts": 1}
    if asked["type"] == "call/otp":
        data |= {"code": "0471", "price": 0.1}
    return {"success": True, "data": data}


def _statuses(asked: str) -> str:
    ids = re.findall(r'sms_id="(\d+)"', asked)
    told = "".join(f'<msg sms_id="{one}">102</msg>' for one in ids)
    return f"<package><status>{told}</status></package>"


def _plain(asked: str) -> str:
    if "command=price" in asked:
        return "price:0.40 currency:UAH"
    return "status:Delivered code:3 status_time:2024/10/12"


def phones(count: int) -> list[str]:
    """Return so many different phones."""
    return [f"38050{number:07}" for number in range(1_000_000, 1_000_000 + count)]


def phone_of(body: bytes | bytearray) -> str:
    """Return the phone that a body for voice.php or otp.php carries."""
    found = re.search(rb'name="phone"\r\n\r\n(\d+)', body)
    assert found is not None
    return found[1].decode()


class FakeGateway(httpx.AsyncBaseTransport):
    """Reads each request whole and answers it; each of its awaits is one `pause`.

    Args:
        answer: What to say to each request; its body has been read.
        pause: What to await before, while and after a request is read, and while it is answered.
    """

    def __init__(self, answer: Answer = accepted, pause: Step = anyio.lowlevel.checkpoint) -> None:
        self.asked = 0
        """How many requests were handed over."""
        self.begun: list[bytearray] = []
        """What was read of each body that somebody began to read."""
        self.read: list[httpx.Request] = []
        """The requests that were read whole."""
        self.in_flight = 0
        self.most_in_flight = 0
        self.unclosed = 0
        """How many answers were given and not closed yet."""
        self.closed = 0
        """How often this transport was closed."""
        self._answer = answer
        self._pause = pause

    @property
    def rings(self) -> Counter[str]:
        """How many requests of voice.php or otp.php were read whole, for each phone."""
        return Counter(phone_of(one.content) for one in self.read)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Read the request and answer it."""
        self.asked += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self._pause()
            whole = await self._read(request)
            await self._pause()
            answer = self._answer(whole)
        finally:
            self.in_flight -= 1
        self.unclosed += 1
        stream = _Halves(answer.content, self._pause, self._closed)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed += 1

    async def _read(self, request: httpx.Request) -> httpx.Request:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        body = bytearray()
        async for piece in request.stream:
            if not body:
                self.begun.append(body)
            body += piece
            await self._pause()
        whole = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            content=bytes(body),
            extensions=request.extensions,
        )
        self.read.append(whole)
        return whole

    def _closed(self) -> None:
        self.unclosed -= 1


class _Halves(httpx.AsyncByteStream):
    """The body of an answer, which comes in two pieces."""

    def __init__(self, content: bytes, pause: Step, closed: Callable[[], None]) -> None:
        self._content = content
        self._pause = pause
        self._closed = closed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        half = len(self._content) // 2
        for piece in (self._content[:half], self._content[half:]):
            await self._pause()
            yield piece

    async def aclose(self) -> None:
        self._closed()
        await self._pause()


class Carrying(httpx.AsyncBaseTransport):
    """A transport that is one function."""

    def __init__(self, carry: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> None:
        self._carry = carry

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Do what the function does."""
        return await self._carry(request)


async def send(transport: httpx.AsyncBaseTransport, timeout: float | None = None) -> OtpCall:
    """Place one flash call through a transport."""
    async with AlphaSMS(KEY, transport=transport, timeout=timeout) as api:
        return await api.otp.call(PHONE)


async def ask(transport: httpx.AsyncBaseTransport, timeout: float | None = None) -> Status:
    """Ask for one status through a transport."""
    async with AlphaSMS(KEY, transport=transport, timeout=timeout) as api:
        return await api.status.get(100500)
