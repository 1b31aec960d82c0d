"""The bulk dialer's limits: how much at once, how fast, and how far ahead of its reader."""

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from trio.testing import MockClock

from alphasms_async import AlphaSMS, Recording
from tests.doubles import KEY, Carrying, FakeGateway, accepted, phone_of, phones
from tests.sounds import wav

pytestmark = pytest.mark.anyio

AUDIO = Recording.from_bytes(wav(seconds=0.05))


class Source:
    """Numbers without end, which counts how many were taken."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[str]:
        for number in range(1_000_000, 9_999_999):
            self.taken += 1
            yield f"38050{number}"


class AsyncSource(Source):
    """The same numbers, each of which is waited for."""

    def __aiter__(self) -> AsyncIterator[str]:
        self._numbers = iter(self)
        return self

    async def __anext__(self) -> str:
        await anyio.lowlevel.checkpoint()
        return next(self._numbers)


SOURCES = pytest.mark.parametrize("make_source", [Source, AsyncSource])


@pytest.mark.parametrize("concurrency", [1, 2, 7, 32])
async def test_no_more_calls_at_once_than_allowed(concurrency: int) -> None:
    """As many calls as `concurrency` says are in flight, and never one more."""
    answering = anyio.Event()
    gateway = FakeGateway(pause=answering.wait)
    async with (
        AlphaSMS(KEY, transport=gateway) as api,
        api.dial(phones(100), AUDIO, concurrency=concurrency) as run,
    ):
        await anyio.wait_all_tasks_blocked()
        assert gateway.in_flight == concurrency
        answering.set()
        assert len([result async for result in run]) == 100
    assert gateway.most_in_flight == concurrency


@SOURCES
async def test_endless_list_is_dialled_as_far_as_it_is_read(
    make_source: Callable[[], Source],
) -> None:
    """Recipients are taken for free slots only: read results plus `concurrency` at most."""
    source: Any = make_source()
    async with (
        AlphaSMS(KEY, transport=FakeGateway()) as api,
        api.dial(source, AUDIO, concurrency=5) as run,
    ):
        read = 0
        async for _ in run:
            read += 1
            assert source.taken <= read + 5
            if read == 200:
                break


@SOURCES
async def test_slow_reader_holds_the_run_up(make_source: Callable[[], Source]) -> None:
    """While nobody reads, no more is taken than there are slots, and nothing piles up."""
    source: Any = make_source()
    gateway = FakeGateway()
    async with (
        AlphaSMS(KEY, transport=gateway) as api,
        api.dial(source, AUDIO, concurrency=5) as run,
    ):
        await anyio.wait_all_tasks_blocked()
        assert (source.taken, len(gateway.read)) == (5, 5)
        await anext(run)
        await anyio.wait_all_tasks_blocked()
        assert (source.taken, len(gateway.read)) == (6, 6)


@pytest.mark.parametrize("junk", ["nobody", "380501000000"])
async def test_bad_recipients_hold_the_run_up_too(junk: str) -> None:
    """Invalid numbers and duplicates wait for a reader as calls do: no result is free."""
    taken = 0

    def junk_only() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield junk

    async with (
        AlphaSMS(KEY, transport=FakeGateway()) as api,
        api.dial(junk_only(), AUDIO, concurrency=4) as run,
    ):
        await anyio.wait_all_tasks_blocked()
        assert taken == 4
        for _ in range(100):
            await anext(run)
        await anyio.wait_all_tasks_blocked()
        assert taken == 104


async def test_results_come_as_calls_end() -> None:
    """A call that takes long does not hold up the results of the others."""
    slow, *fast = phones(10)
    release = anyio.Event()

    async def carry(request: httpx.Request) -> httpx.Response:
        if phone_of(await request.aread()) == slow:
            await release.wait()
        return accepted(request)

    async with (
        AlphaSMS(KEY, transport=Carrying(carry)) as api,
        api.dial([slow, *fast], AUDIO, concurrency=2) as run,
    ):
        first = [(await anext(run)).phone for _ in fast]
        release.set()
        last = [result.phone async for result in run]
    assert (first, last) == (fast, [slow])


class Starts:
    """Notes when calls begin."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self._gateway = FakeGateway()

    async def carry(self, request: httpx.Request) -> httpx.Response:
        """Note the time, and answer."""
        self.at.append(anyio.current_time())
        return await self._gateway.handle_async_request(request)

    @property
    def gaps(self) -> list[float]:
        """The seconds between one start and the next."""
        return [round(later - earlier, 6) for earlier, later in pairwise(self.at)]


# A clock that jumps whenever everybody waits: no second of these tests is a real one.
VIRTUAL = pytest.mark.parametrize(
    "anyio_backend", [pytest.param(("trio", {"clock": MockClock(autojump_threshold=0)}), id="trio")]
)


@VIRTUAL
async def test_calls_begin_evenly() -> None:
    """`per_second=5` begins one call each 200 ms, the first at once, with no burst."""
    starts = Starts()
    before = anyio.current_time()
    async with (
        AlphaSMS(KEY, transport=Carrying(starts.carry)) as api,
        api.dial(phones(11), AUDIO, per_second=5) as run,
    ):
        assert len([result async for result in run]) == 11
    assert (starts.at[0] - before, starts.gaps) == (0, [0.2] * 10)


@VIRTUAL
async def test_time_lost_is_not_made_up() -> None:
    """After a pause of the reader calls go on at the same pace, not in a burst."""
    starts = Starts()
    async with (
        AlphaSMS(KEY, transport=Carrying(starts.carry)) as api,
        api.dial(phones(12), AUDIO, per_second=10, concurrency=4) as run,
    ):
        await anyio.sleep(5)
        assert len([result async for result in run]) == 12
    assert len(starts.at) == 12
    assert min(starts.gaps) >= 0.1
    assert max(starts.gaps) > 4


@VIRTUAL
async def test_slow_calls_do_not_slow_the_pace() -> None:
    """Calls begin at the pace while others are still in flight."""
    starts = Starts()

    async def carry(request: httpx.Request) -> httpx.Response:
        response = await starts.carry(request)
        await anyio.sleep(1)
        return response

    async with (
        AlphaSMS(KEY, transport=Carrying(carry)) as api,
        api.dial(phones(10), AUDIO, per_second=10) as run,
    ):
        assert len([result async for result in run]) == 10
    assert starts.gaps == [0.1] * 9


@VIRTUAL
async def test_bad_recipients_take_no_turn() -> None:
    """Invalid numbers and duplicates do not wait for the pace."""
    starts = Starts()
    a, b = phones(2)
    before = anyio.current_time()
    async with (
        AlphaSMS(KEY, transport=Carrying(starts.carry)) as api,
        api.dial([a, a, "nobody", a, b], AUDIO, per_second=1) as run,
    ):
        assert len([result async for result in run]) == 5
    assert [at - before for at in starts.at] == [0, 1]


@VIRTUAL
async def test_leaving_does_not_wait_for_the_pace() -> None:
    """A recipient who waits for his turn when the block is left is `not_sent`, at once."""
    starts = Starts()
    before = anyio.current_time()
    async with (
        AlphaSMS(KEY, transport=Carrying(starts.carry)) as api,
        api.dial(phones(3), AUDIO, per_second=0.1) as run,
    ):
        await anext(run)
    assert anyio.current_time() == before
    assert [str(result.outcome) for result in run.summary.unread] == ["not_sent"]
    assert len(starts.at) == 1
