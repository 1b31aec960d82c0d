"""How a bulk dial ends: by itself, left early, broken, cancelled; nobody taken is forgotten."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from attrs import define, field

from alphasms_async import AlphaSMS, ClientClosed, DialOutcome, DialResult, Recording, Summary
from tests.doubles import KEY, Carrying, FakeGateway, accepted, phone_of, phones
from tests.sounds import wav
from tests.turns import MOST_TURNS, Cancel, cancel_scope_after, cancel_task_after

pytestmark = pytest.mark.anyio

AUDIO = Recording.from_bytes(wav(seconds=0.05))


@define
class Run:
    """One run, and what is known of it from outside."""

    recipients: list[str]
    concurrency: int = 3
    gateway: FakeGateway = field(factory=FakeGateway)
    taken: list[str] = field(factory=list[str])
    read: list[DialResult] = field(factory=list[DialResult])
    summary: Summary = field(factory=Summary)

    async def dial(self, count: int | None = None) -> None:
        """Dial, read so many results, and leave."""
        async with AlphaSMS(KEY, transport=self.gateway) as api:
            run = api.dial(self._numbers(), AUDIO, concurrency=self.concurrency)
            self.summary = run.summary
            async with run:
                async for result in run:
                    self.read.append(result)
                    if len(self.read) == count:
                        break

    def _numbers(self) -> Iterator[str]:
        for recipient in self.recipients:
            self.taken.append(recipient)
            yield recipient

    @property
    def ended(self) -> list[DialResult]:
        """Every result there is."""
        return self.read + self.summary.unread

    @property
    def expected(self) -> dict[str, set[DialOutcome]]:
        """What each phone may have ended in, by how far the transport has got with it."""
        begun = {phone_of(body) for body in self.gateway.begun}
        return {
            phone: {DialOutcome.ACCEPTED, DialOutcome.UNCERTAIN}
            if phone in begun
            else {DialOutcome.NOT_SENT}
            for phone in self.taken
        }


def check(run: Run) -> None:
    """Everyone taken has one result, which says rightly whether the call may have left."""
    assert Counter(run.taken) == Counter(result.recipient for result in run.ended)
    assert run.summary.total == len(run.taken)
    for result in run.ended:
        assert result.outcome in run.expected[result.recipient]
    assert all(count == 1 for count in run.gateway.rings.values())
    assert (run.gateway.in_flight, run.gateway.unclosed) == (0, 0)


@pytest.mark.parametrize("count", [1, 2, 5, 9])
async def test_leaving_early_waits_and_keeps_the_rest(count: int) -> None:
    """Calls in flight end as they would have; their results are in `summary.unread`."""
    run = Run(phones(100), concurrency=4)
    await run.dial(count)
    check(run)
    assert len(run.taken) <= count + 4
    assert len(run.gateway.read) == run.summary.counts[DialOutcome.ACCEPTED]
    assert DialOutcome.UNCERTAIN not in run.summary.counts


async def test_leaving_at_once_calls_nobody_or_reports_it() -> None:
    """A block that is left without reading a result reports whom it took."""
    run = Run(phones(10))
    async with (
        AlphaSMS(KEY, transport=run.gateway) as api,
        api.dial(run.recipients, AUDIO) as results,
    ):
        pass
    assert results.summary.total == len(results.summary.unread)
    assert results.summary.counts[DialOutcome.ACCEPTED] == len(run.gateway.read)


async def test_stop_gives_the_results_that_are_still_to_come() -> None:
    """After `stop()` nobody is taken, and reading goes on to the end of what is in flight."""
    run = Run(phones(100), concurrency=4)
    async with (
        AlphaSMS(KEY, transport=run.gateway) as api,
        api.dial(run.recipients, AUDIO, concurrency=4) as results,
    ):
        await anyio.wait_all_tasks_blocked()
        results.stop()
        run.read = [result async for result in results]
    assert [result.outcome for result in run.read] == ["accepted"] * 4
    assert results.summary.unread == []


async def test_error_in_the_block_goes_on_as_it_is() -> None:
    """It is raised unwrapped, once the calls in flight have their answers."""
    run = Run(phones(100))
    answering = anyio.Event()
    gateway = run.gateway = FakeGateway(pause=answering.wait)

    async def dial() -> None:
        async with (
            AlphaSMS(KEY, transport=gateway) as api,
            api.dial(run.recipients, AUDIO, concurrency=3) as results,
        ):
            run.summary = results.summary
            await anyio.wait_all_tasks_blocked()
            raise ZeroDivisionError("told")

    async with anyio.create_task_group() as group:

        async def see() -> None:
            with pytest.raises(ZeroDivisionError, match="told"):
                await dial()

        group.start_soon(see)
        await anyio.wait_all_tasks_blocked()
        answering.set()
    assert run.summary.counts == {DialOutcome.ACCEPTED: 3}


BACKENDS = [
    pytest.param("asyncio", cancel_scope_after, id="asyncio"),
    pytest.param("trio", cancel_scope_after, id="trio"),
    pytest.param("asyncio", cancel_task_after, id="asyncio-task"),
]


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
@pytest.mark.parametrize("count", [None, 4])
async def test_cancelled_run_forgets_nobody(cancel: Cancel, count: int | None) -> None:
    """Cancelled at any await, everyone taken has one result, and it tells the truth."""
    outcomes: set[DialOutcome] = set()
    for turns in range(MOST_TURNS):
        run = Run(phones(7))
        over = await cancel(turns, lambda: run.dial(count))  # noqa: B023 - called at once
        check(run)
        outcomes |= run.summary.counts.keys()
        if over:
            break
    assert outcomes == {DialOutcome.ACCEPTED, DialOutcome.UNCERTAIN, DialOutcome.NOT_SENT}


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
async def test_cancelling_does_not_wait(cancel: Cancel) -> None:
    """A run whose calls would never end is over when it is cancelled."""
    run = Run(phones(5))
    run.gateway = FakeGateway(pause=anyio.sleep_forever)
    with anyio.fail_after(5):
        assert not await cancel(50, run.dial)
    check(run)
    assert run.summary.counts == {DialOutcome.NOT_SENT: 3}


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_transport_that_cancels_itself_ends_one_call() -> None:
    """A transport on asyncio that raises `CancelledError` by itself costs one result, no more."""
    numbers = phones(5)

    async def carry(request: httpx.Request) -> httpx.Response:
        if phone_of(await request.aread()) == numbers[2]:
            raise asyncio.CancelledError
        return accepted(request)

    async with (
        AlphaSMS(KEY, transport=Carrying(carry)) as api,
        api.dial(numbers, AUDIO, concurrency=2) as run,
    ):
        results = {result.phone: str(result.outcome) async for result in run}
    assert results == dict.fromkeys(numbers, "accepted") | {numbers[2]: "uncertain"}


def breaking_after(numbers: Iterable[str]) -> Iterator[str]:
    yield from numbers
    raise ZeroDivisionError("told")


async def read_all(recipients: Any, read: list[DialResult]) -> None:
    async with (
        AlphaSMS(KEY, transport=FakeGateway()) as api,
        api.dial(recipients, AUDIO, concurrency=2) as run,
    ):
        async for result in run:
            read.append(result)  # noqa: PERF401 - what came before an error counts


async def read_nothing(recipients: Any, error: Exception | None = None) -> None:
    async with (
        AlphaSMS(KEY, transport=FakeGateway()) as api,
        api.dial(recipients, AUDIO),
    ):
        await anyio.wait_all_tasks_blocked()
        if error is not None:
            raise error


async def test_list_that_breaks_raises_after_its_results() -> None:
    """An error of the caller's iterable is raised unwrapped where results are read, after them."""
    read: list[DialResult] = []
    with pytest.raises(ZeroDivisionError, match="told"):
        await read_all(breaking_after(phones(5)), read)
    assert sorted(str(result.phone) for result in read) == phones(5)


async def test_list_that_breaks_unseen_raises_on_leaving() -> None:
    """An error that nobody has read up to is raised when the block is left."""
    with pytest.raises(ZeroDivisionError, match="told"):
        await read_nothing(breaking_after(phones(2)))


async def test_error_in_the_block_wins_over_the_lists() -> None:
    """When the block fails too, its own error is raised."""
    with pytest.raises(KeyError, match="mine"):
        await read_nothing(breaking_after(phones(2)), KeyError("mine"))


async def test_async_list_that_breaks_raises_too() -> None:
    """So is an error of an async iterable."""

    async def numbers() -> AsyncGenerator[str]:
        for number in phones(3):
            await anyio.lowlevel.checkpoint()
            yield number
        raise ZeroDivisionError("told")

    read: list[DialResult] = []
    with pytest.raises(ZeroDivisionError, match="told"):
        await read_all(numbers(), read)
    assert len(read) == 3


async def test_waiting_async_list_is_left() -> None:
    """Leaving early does not wait for an async iterable that has no next number yet."""

    async def numbers() -> AsyncGenerator[str]:
        for number in phones(3):
            yield number
        await anyio.sleep_forever()

    async with (
        AlphaSMS(KEY, transport=FakeGateway()) as api,
        aclosing(numbers()) as waiting,
        api.dial(waiting, AUDIO) as run,
    ):
        for _ in phones(3):
            await anext(run)
    assert run.summary.counts == {DialOutcome.ACCEPTED: 3}


async def test_closing_the_client_stops_the_run() -> None:
    """A client that is closed meanwhile lets calls in flight end, and takes nobody else."""
    run = Run(phones(100))
    async with (
        AlphaSMS(KEY, transport=run.gateway) as api,
        api.dial(run.recipients, AUDIO, concurrency=3) as results,
    ):
        first = await anext(results)
        await api.aclose()
        rest = [result async for result in results]
    assert type(results.summary.stopped) is ClientClosed
    assert {str(result.outcome) for result in (first, *rest)} == {"accepted", "not_sent"}
    assert len(run.gateway.read) == results.summary.counts[DialOutcome.ACCEPTED]
    assert results.summary.total < 10


async def test_summary_grows_while_the_run_goes_on() -> None:
    """The summary counts a result from its end on, read or not."""
    async with (
        AlphaSMS(KEY, transport=FakeGateway()) as api,
        api.dial(phones(10), AUDIO, concurrency=4) as run,
    ):
        await anyio.wait_all_tasks_blocked()
        assert (run.summary.total, run.summary.unread) == (4, [])
        assert len([result async for result in run]) == run.summary.total == 10
