"""A run that is cut off: at any moment, the journal tells the truth, and a second run is safe."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.kinds import Placed, PlayRecording
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.states import Verdict
from tests.campaigns.dialers import NOTHING, PRICE, Desk, by_phone, planned
from tests.campaigns.journals import Time
from tests.doubles import Carrying, FakeGateway, accepted, phone_of, phones, refused
from tests.turns import MOST_TURNS, Cancel, cancel_scope_after, cancel_task_after

pytestmark = pytest.mark.anyio

BACKENDS = [
    pytest.param("asyncio", cancel_scope_after, id="asyncio"),
    pytest.param("trio", cancel_scope_after, id="trio"),
    pytest.param("asyncio", cancel_task_after, id="asyncio-task"),
]

NUMBERS = phones(6)
REFUSED = NUMBERS[3]


def gateway_of_one_refusal() -> FakeGateway:
    return FakeGateway(by_phone({REFUSED: refused("Operator not supported")}))


async def check_cut_off(ready: Desk, gateway: FakeGateway) -> set[str]:
    """Check every row against what the gateway saw; return the states there are."""
    begun = {phone_of(body) for body in gateway.begun}
    rows = {row.phone: str(row.state) for row in await ready.rows()}
    assert set(rows) == set(NUMBERS)
    for phone, state in rows.items():
        answered = "refused" if phone == REFUSED else "accepted"
        assert state in ({answered, "uncertain"} if phone in begun else {"planned"})
    assert (gateway.in_flight, gateway.unclosed) == (0, 0)
    return set(rows.values())


async def check_second_run(ready: Desk, gateway: FakeGateway) -> None:
    """Check that a second run calls those who are planned, and that no phone rings twice."""
    left = await ready.states()
    gateway_after = gateway_of_one_refusal()
    run = await ready.dial(gateway_after)
    assert run.is_finished
    assert gateway_after.rings.total() == left.count("planned")
    begun = Counter(phone_of(body) for body in [*gateway.begun, *gateway_after.begun])
    assert begun == dict.fromkeys(NUMBERS, 1)
    assert run.money.spent == (await ready.states()).count("accepted") * PRICE


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
async def test_cancelled_anywhere_nobody_rings_twice(cancel: Cancel) -> None:
    """Cancelled at any await, each row says what the gateway saw, and the next run is safe."""
    states: set[str] = set()
    for turns in range(MOST_TURNS):
        time, gateway = Time(), gateway_of_one_refusal()
        async with MemoryJournal(clock=time) as journal:
            ready = await planned(journal, 6, gateway, time, concurrency=3)
            over = await cancel(turns, ready.dial)
            states |= await check_cut_off(ready, gateway)
            # Whoever was cut off before it left rests for a moment.
            time.forward(60)
            await check_second_run(ready, gateway)
        if over:
            break
    assert states == {"planned", "accepted", "refused", "uncertain"}


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
@pytest.mark.parametrize("turns", [0, 3, 10, 30, 60, 100])
async def test_cancelled_with_a_file_nobody_rings_twice(
    cancel: Cancel, turns: int, tmp_path: Path
) -> None:
    """The same with commits in a thread, and a second run that opens the file again."""
    path, time, gateway = tmp_path / "calls.journal", Time(), gateway_of_one_refusal()
    async with SqliteJournal(path, clock=time) as journal:
        ready = await planned(journal, 6, gateway, time, concurrency=3)
        await cancel(turns, ready.dial)
        await check_cut_off(ready, gateway)
    time.forward(60)
    async with SqliteJournal(path, clock=time) as journal:
        ready.journal = journal
        await check_cut_off(ready, gateway)
        await check_second_run(ready, gateway)


@pytest.mark.parametrize(("anyio_backend", "cancel"), BACKENDS)
async def test_cancelling_does_not_wait_for_answers(cancel: Cancel) -> None:
    """A run whose calls would never end is over when it is cancelled, and they are uncertain."""

    async def never(request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        if gateway.asked:
            [piece async for piece in request.stream]
            await anyio.sleep_forever()
        return await gateway.handle_async_request(request)

    gateway = FakeGateway()
    async with MemoryJournal() as journal:
        ready = await planned(journal, 9, Carrying(never), concurrency=3)
        with anyio.fail_after(5):
            assert not await cancel(200, ready.dial)
        assert await ready.counts() == {"accepted": 1, "uncertain": 3, "planned": 5}


async def test_what_was_cut_off_before_it_left_is_planned_and_says_so() -> None:
    """Its attempt is in the ledger, not sent, and its budget is free again."""

    async def stuck(request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    async with MemoryJournal() as journal:
        ready = await planned(journal, 2, Carrying(stuck), quoted=PRICE, budget=2 * PRICE)
        await cancel_scope_after(100, ready.dial)
        assert await ready.counts() == {"planned": 2}
        (attempt,) = await ready.ledger()
        money = await journal.money(ready.id)
    assert (attempt.ref, attempt.verdict) == (Ref(1, 1), Verdict.NOT_SENT)
    assert attempt.error == "call to 380*****0000: not sent: cut off before it left"
    assert (money.spent, money.held) == (NOTHING, NOTHING)


async def test_what_was_cut_off_after_it_left_keeps_its_reservation() -> None:
    """Nobody knows whether it is paid."""

    async def silent(request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        [piece async for piece in request.stream]
        await anyio.sleep_forever()
        raise AssertionError

    async with MemoryJournal() as journal:
        ready = await planned(journal, 2, Carrying(silent), quoted=PRICE, budget=2 * PRICE)
        await cancel_scope_after(100, ready.dial)
        money = await journal.money(ready.id)
        row, _ = await ready.rows()
    assert row.error == "call to 380*****0000: outcome unknown: cut off after it began to leave"
    assert (money.spent, money.held) == (NOTHING, PRICE)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_transport_that_cancels_itself_ends_one_call() -> None:
    """A transport on asyncio that raises `CancelledError` by itself costs one row, no more."""

    async def carry(request: httpx.Request) -> httpx.Response:
        if phone_of(await request.aread()) == NUMBERS[2]:
            raise asyncio.CancelledError
        return accepted(request)

    async with MemoryJournal() as journal:
        ready = await planned(journal, 6, Carrying(carry), concurrency=2)
        run = await ready.dial()
        states = await ready.states()
    assert states == [
        "accepted",
        "accepted",
        "uncertain",
        "accepted",
        "accepted",
        "accepted",
    ]
    assert run.is_finished


@pytest.mark.parametrize(("after", "state"), [(False, "planned"), (True, "uncertain")])
async def test_a_fault_nobody_foresaw_ends_the_run(
    after: bool,  # noqa: FBT001 - a case of the table above
    state: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is raised as it is, its row is uncertain if it had left, and the next run goes on."""
    place = PlayRecording.place
    faults = iter([False, False, True])

    async def broken(*given: Any) -> Placed:
        is_faulty = next(faults, False)
        if is_faulty and not after:
            raise ZeroDivisionError("told")
        placed = await place(*given)
        if is_faulty:
            raise ZeroDivisionError("told")
        return placed

    monkeypatch.setattr(PlayRecording, "place", broken)
    time = Time()
    async with MemoryJournal(clock=time) as journal:
        ready = await planned(journal, 6, FakeGateway(), time, concurrency=1)
        with pytest.raises(ZeroDivisionError, match="told"):
            await ready.dial()
        assert await ready.states() == ["accepted", "accepted", state, *["planned"] * 3]
        time.forward(60)
        run = await ready.dial()
    assert run.is_finished
    assert run.tally.states == ({"accepted": 5, "uncertain": 1} if after else {"accepted": 6})
