"""Connections that ask nothing, or slowly, and more of them than there are files for."""

import errno
import logging
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from anyio.abc import SocketStream
from attrs import frozen
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from alphasms_async import accepting, serving
from alphasms_async.serving import address_of, listening_socket, served

pytestmark = pytest.mark.asyncio

HOST = "127.0.0.1"
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: 127"
REST_OF_IT = b".0.0.1\r\n\r\n"
HEAD = HALF_A_HEAD + REST_OF_IT
UPLOAD = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(body + b"!")(scope, receive, send)


@frozen
class Served:
    """What is served, and the way there."""

    listener: socket.socket

    async def connect(self, *said: bytes) -> SocketStream:
        """Open a connection, and say something over it."""
        stream = await anyio.connect_tcp(HOST, self.listener.getsockname()[1])
        for text in said:
            await stream.send(text)
        return stream

    async def get(self) -> str:
        """Ask over a connection of its own."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(address_of(self.listener))).text


@asynccontextmanager
async def echoing() -> AsyncGenerator[Served]:
    with listening_socket("a test", HOST, 0) as listener:
        async with served(echo, listener):
            yield Served(listener)


async def answer(stream: SocketStream) -> bytes:
    """Return what has come, an answer or a part of it."""
    with anyio.fail_after(10):
        return await stream.receive()


async def is_over(stream: SocketStream) -> bool:
    """Wait until the connection is closed, and return whether nothing was said before."""
    try:
        with anyio.fail_after(10):
            await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return True
    return False


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have heads come at once."""
    monkeypatch.setattr(serving, "_HEAD_SECONDS", 0.05)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("said", [[], [b"G"], [HALF_A_HEAD]], ids=["nothing", "a letter", "half"])
async def test_half_a_head_is_not_waited_for(said: list[bytes]) -> None:
    """Who does not ask is hung up on, without a word."""
    async with echoing() as house:
        async with await house.connect(*said) as stream:
            assert await is_over(stream)
        assert await house.get() == "!"


@pytest.mark.usefixtures("impatient")
async def test_letters_win_no_time() -> None:
    """A head that comes letter by letter has no more time than another."""
    async with echoing() as house, await house.connect(HALF_A_HEAD) as stream:
        with pytest.raises((anyio.BrokenResourceError, anyio.EndOfStream)), anyio.fail_after(10):
            await go_on(stream)


async def go_on(stream: SocketStream) -> None:
    """Send letter by letter, until the other side has gone."""
    while True:
        await stream.send(b"x")
        with anyio.move_on_after(0.001):
            await stream.receive()


@pytest.mark.usefixtures("impatient")
async def test_next_head_is_timed_too() -> None:
    """On a connection that is kept, half of the next request's head is not waited for either."""
    async with echoing() as house, await house.connect(HEAD) as stream:
        assert (await answer(stream)).endswith(b"!")
        await stream.send(HALF_A_HEAD)
        assert await is_over(stream)


@pytest.mark.usefixtures("impatient")
async def test_body_has_all_the_time() -> None:
    """An upload, and an answer, may take longer than a head: only that has to come soon."""
    async with (
        echoing() as house,
        await house.connect(UPLOAD, b"sl") as slow,
        await house.connect(HALF_A_HEAD) as later,
    ):
        assert await is_over(later)
        await slow.send(b"ow!")
        assert (await answer(slow)).endswith(b"slow!!")


async def test_head_in_two_parts_is_answered() -> None:
    """A head may come in parts, and so may two at once."""
    async with echoing() as house, await house.connect(HALF_A_HEAD) as stream:
        await stream.send(REST_OF_IT + HALF_A_HEAD)
        assert (await answer(stream)).endswith(b"!")
        await stream.send(REST_OF_IT)
        assert (await answer(stream)).endswith(b"!")


def allow(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    """Let the process have so many files more than it has, those that are spared apart."""
    one = os.dup(0)
    os.close(one)
    monkeypatch.setattr(accepting, "_SPARE_FILES", 0)
    monkeypatch.setattr(accepting, "_most_files", lambda: one + more)


async def test_who_asks_nothing_makes_room(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of more connections than there are files for, the oldest that ask nothing go, unsaid."""
    async with echoing() as house:
        allow(monkeypatch, 20)
        crowd = [await house.connect(HALF_A_HEAD) for _ in range(60)]
        assert await house.get() == "!"
        assert await is_over(crowd[0])
        await crowd[-1].send(REST_OF_IT)
        assert (await answer(crowd[-1])).endswith(b"!")
        for stream in crowd:
            await stream.aclose()
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


async def test_who_asks_something_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all ask something, who comes last is turned away, until somebody has gone."""
    async with echoing() as house:
        allow(monkeypatch, 8)
        crowd = [await house.connect(UPLOAD) for _ in range(40)]
        for late in crowd[30:]:
            assert await is_over(late)
            await late.aclose()
        await crowd[0].send(b"first")
        assert (await answer(crowd[0])).endswith(b"first!")
        assert await house.get() == "!"
        for stream in crowd:
            await stream.aclose()


class Scarce(socket.socket):
    """A socket that listens where no file is left for a connection, the first few times."""

    times = 3

    def accept(self) -> tuple[socket.socket, object]:
        """Take a connection, or not."""
        if self.times:
            self.times -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


async def test_no_file_left_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where others have all the files, a connection waits, and one line says what for."""
    monkeypatch.setattr(accepting, "_PAUSE_SECONDS", 0.001)
    with listening_socket("a test", HOST, 0) as listener:
        scarce = Scarce(fileno=listener.detach())
        async with served(echo, scarce):
            assert await Served(scarce).get() == "!"
    (said,) = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert "ulimit -n" in said.getMessage()
    assert (scarce.times, said.exc_info) == (0, None)
