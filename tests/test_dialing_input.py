"""What the bulk dialer takes, and what it refuses before anybody is called."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from alphasms_async import (
    AlphaSMS,
    ClientClosed,
    DialResult,
    InvalidRecording,
    InvalidRequest,
    Recording,
)
from tests.doubles import KEY, PHONE, FakeGateway, phones
from tests.sounds import wav

pytestmark = pytest.mark.anyio

AUDIO = Recording.from_bytes(wav(seconds=0.05))
A = PHONE


async def dialled(recipients: Any) -> list[DialResult]:
    """Dial all recipients, and return their results."""
    async with AlphaSMS(KEY, transport=FakeGateway()) as api, api.dial(recipients, AUDIO) as run:
        return [result async for result in run]


def generated(numbers: list[str]) -> Iterator[str]:
    yield from numbers


MAKERS: list[Callable[[list[str]], Iterable[str]]] = [
    list,
    tuple,
    set,
    dict.fromkeys,
    iter,
    generated,
]


@pytest.mark.parametrize("make", MAKERS)
async def test_any_iterable_is_dialled(make: Callable[[list[str]], Iterable[str]]) -> None:
    """Lists, sets, iterators and generators of numbers are all recipients."""
    results = await dialled(make(phones(5)))
    assert {result.phone for result in results} == set(phones(5))


async def test_async_iterable_is_dialled() -> None:
    """An async generator of numbers is dialled to its end."""

    async def numbers() -> AsyncIterator[str]:
        for number in phones(5):
            await anyio.lowlevel.checkpoint()
            yield number

    results = await dialled(numbers())
    assert {result.phone for result in results} == set(phones(5))


async def test_stream_of_recipients_is_dialled() -> None:
    """A memory object stream, which has no end of its own, is dialled until it is closed."""
    send, receive = anyio.create_memory_object_stream[str](10)
    async with send, receive:
        for number in phones(5):
            send.send_nowait(number)
        send.close()
        results = await dialled(receive)
    assert len(results) == 5


async def test_nobody_to_dial_is_no_error() -> None:
    """An empty list is a run without results."""
    assert await dialled([]) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"recipients": PHONE},
        {"recipients": PHONE.encode()},
        {"recipients": None},
        {"recipients": 380501234567},
        {"concurrency": 0},
        {"concurrency": -1},
        {"concurrency": 1.5},
        {"concurrency": True},
        {"per_second": 0},
        {"per_second": -1},
        {"per_second": float("nan")},
        {"per_second": "5"},
        {"hook": "nowhere"},
        {"hook": "https://app.example/\r\n"},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_at_once(bad: dict[str, Any]) -> None:
    """A single number, or a limit that is none, is refused by `dial` itself."""
    api = AlphaSMS(KEY, transport=FakeGateway())
    options: dict[str, Any] = {"recipients": [PHONE], "audio": AUDIO, **bad}
    with pytest.raises(InvalidRequest):
        api.dial(**options)


async def enter(run: Any) -> None:
    async with run:
        raise AssertionError


async def test_bad_recording_is_refused_on_entering() -> None:
    """The recording is read on entering; a bad one takes no recipient."""
    taken = iter(phones(3))
    async with AlphaSMS(KEY, transport=FakeGateway()) as api:
        with pytest.raises(InvalidRecording):
            await enter(api.dial(taken, b"not a wav"))
    assert list(taken) == phones(3)


async def test_closed_client_is_refused_on_entering() -> None:
    """A closed client dials nobody."""
    gateway = FakeGateway()
    api = AlphaSMS(KEY, transport=gateway)
    await api.aclose()
    with pytest.raises(ClientClosed):
        await enter(api.dial([PHONE], AUDIO))
    assert gateway.asked == 0


async def test_dial_is_entered_once() -> None:
    """A dial cannot be entered a second time, neither within nor after its block."""
    async with AlphaSMS(KEY, transport=FakeGateway()) as api:
        run = api.dial([A], AUDIO)
        async with run:
            with pytest.raises(RuntimeError, match="once"):
                await enter(run)
        with pytest.raises(RuntimeError, match="once"):
            await enter(run)


async def test_dial_is_read_in_its_block() -> None:
    """Results are not to be had before the block is entered, and over after it is left."""
    async with AlphaSMS(KEY, transport=FakeGateway()) as api:
        run = api.dial([A], AUDIO)
        with pytest.raises(RuntimeError, match="enter the dial"):
            await anext(run)
        async with run:
            pass
        with pytest.raises(StopAsyncIteration):
            await anext(run)
