"""A run of the dialer: everybody planned is called once, and the intent is durable before."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import CampaignState, PlannedRow
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState
from tests.campaigns.dialers import (
    HOOK,
    NOTHING,
    PRICE,
    RECORDING,
    Desk,
    Gateway,
    by_phone,
    desk,
    lost,
    planned,
    priced,
)
from tests.campaigns.journals import listed
from tests.campaigns.virtual import virtual
from tests.doubles import Carrying, FakeGateway, accepted, phone_of, phones, refused

pytestmark = pytest.mark.anyio

A, B, C, D, E = phones(5)


async def test_everybody_is_called_once(journal: Journal) -> None:
    """A list is dialled whole, each number once, with the recording byte for byte."""
    gateway = FakeGateway()
    ready = await planned(journal, 60, gateway)
    run = await ready.dial()
    assert gateway.rings == dict.fromkeys(phones(60), 1)
    assert all(RECORDING.data in one.content for one in gateway.read)
    assert await ready.counts() == {"accepted": 60}
    assert run.is_finished
    assert (run.campaign.state, run.halt, run.stopped) == (CampaignState.FINISHED, None, False)


async def test_a_run_tells_what_it_came_to(journal: Journal) -> None:
    """Each recipient ends as its answer says; the run counts them, and what they cost."""
    answers = {B: refused('Param "phone" is missing'), C: lost, D: refused("Not on a Sunday")}
    ready = await planned(journal, 5, FakeGateway(by_phone(answers)), concurrency=1)
    run = await ready.dial()
    assert await ready.states() == ["accepted", "refused", "uncertain", "refused", "accepted"]
    assert run.tally.states == {RowState.ACCEPTED: 2, RowState.REFUSED: 2, RowState.UNCERTAIN: 1}
    assert (run.money.spent, run.money.highest) == (2 * PRICE, PRICE)


async def test_a_row_keeps_what_the_answer_told() -> None:
    """The gateway's id, the price and why it was refused stand beside the recipient."""
    answers = {B: refused("Operator not supported")}
    async with desk(2, Gateway(then=by_phone(answers, priced("1.05", 77)))) as ready:
        await ready.dial()
        first, second = await ready.rows()
    assert (first.gateway_id, str(first.price), first.error) == (77, "1.05", None)
    assert (second.gateway_id, second.price) == (None, None)
    assert second.error is not None
    assert "Operator not supported" in second.error


async def test_an_id_is_kept_though_the_price_was_lost() -> None:
    """What an unreadable answer tells of its call is there for whoever looks for it."""
    strange = FakeGateway(lambda _: httpx.Response(200, json={"id": 77}))
    async with desk(1, strange) as ready:
        await ready.dial()
        (row,) = await ready.rows()
    assert (row.state, row.gateway_id) == (RowState.UNCERTAIN, 77)


async def test_who_is_skipped_is_not_called() -> None:
    """Neither what is no number nor a number that stands in the list twice is dialled."""
    rows = [PlannedRow(1, A), PlannedRow(2, None, "nobody"), PlannedRow(3, A), PlannedRow(4, B)]
    gateway = FakeGateway()
    async with desk(rows, gateway) as ready:
        await ready.dial()
        assert await ready.states() == ["accepted", "skipped", "skipped", "accepted"]
    assert gateway.rings == {A: 1, B: 1}


async def test_an_empty_campaign_is_finished_at_once() -> None:
    """Where nobody is to be called, a run has nothing to do."""
    gateway = FakeGateway()
    async with desk(0, gateway) as ready:
        run = await ready.dial()
    assert (gateway.asked, run.is_finished) == (0, True)


async def test_the_wishes_of_the_campaign_reach_every_call() -> None:
    """The hook goes with each call."""
    gateway = FakeGateway()
    async with desk(3, gateway, hook=HOOK) as ready:
        await ready.dial()
    part = f'name="hook"\r\n\r\n{HOOK}\r\n'.encode()
    assert [part in one.content for one in gateway.read] == [True] * 3


@pytest.mark.parametrize("concurrency", [1, 2, 7, 32])
@virtual
async def test_no_more_calls_at_once_than_allowed(concurrency: int) -> None:
    """As many as `concurrency` says are in flight, and never one more."""
    gateway = Gateway(seconds=1)
    async with desk(100, gateway, concurrency=concurrency) as ready:
        await ready.dial()
        assert await ready.counts() == {"accepted": 100}
    assert gateway.most_in_flight == concurrency


@virtual
async def test_fewer_recipients_than_allowed_are_called_at_once() -> None:
    """Once the first is answered, nobody waits for anybody."""
    gateway = Gateway(seconds=1)
    async with desk(6, gateway, concurrency=500) as ready:
        await ready.dial()
    assert gateway.gaps == [1, 0, 0, 0, 0]


async def test_progress_is_told_while_it_goes_on() -> None:
    """After each attempt the numbers are right, and at the end nobody is in flight."""
    shown: list[tuple[int, int, int]] = []
    spent: dict[int, Decimal] = {}

    def show() -> None:
        progress = ready.dialers[-1].progress
        shown.append((progress.done, progress.total, progress.begun))
        spent.setdefault(progress.done, progress.spent)

    rows = [*listed([A, B]), PlannedRow(3, None, "nobody")]
    async with desk(rows, Gateway(), concurrency=1) as ready:
        await ready.dial(on_change=show)
        progress = ready.dialers[-1].progress
    assert shown[0] == (0, 2, 0)
    assert shown[-1] == (2, 2, 2)
    assert spent == {done: done * PRICE for done in range(3)}
    assert (progress.in_flight, progress.spent, progress.held) == (0, 2 * PRICE, NOTHING)
    assert progress.states == {"accepted": 2, "skipped": 1}


async def seen_when_it_left(ready: Desk, look: Journal) -> list[tuple[list[str], bool]]:
    """Dial, and return how things stood whenever a request was about to be read.

    That is: where everybody stood, and whether the attempt was in the ledger, its end unknown.
    """
    seen: list[tuple[list[str], bool]] = []
    gateway = FakeGateway()

    async def carry(request: httpx.Request) -> httpx.Response:
        states = [str(row.state) for row in await look.rows(ready.id)]
        last = (await look.attempts(ready.id))[-1]
        seen.append((states, last.verdict is None and last.settled_at is None))
        return await gateway.handle_async_request(request)

    await ready.dial(Carrying(carry))
    return seen


IN_TURN = [
    (["dialing", "planned", "planned"], True),
    (["accepted", "dialing", "planned"], True),
    (["accepted", "accepted", "dialing"], True),
]


async def test_the_intent_is_there_before_a_byte_leaves() -> None:
    """When somebody begins to read a request, its recipient is being dialled already."""
    async with desk(3, concurrency=1) as ready:
        assert await seen_when_it_left(ready, ready.journal) == IN_TURN


async def test_the_intent_is_in_the_file_before_a_byte_leaves(tmp_path: Path) -> None:
    """Whoever reads the file beside the dialer sees it too: it is committed."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 3, concurrency=1)
        async with SqliteJournal(path, read_only=True) as look:
            assert await seen_when_it_left(ready, look) == IN_TURN


async def test_every_intent_of_many_is_in_the_file_before_a_byte_leaves(tmp_path: Path) -> None:
    """However many are in flight, none is read of whom the file does not know."""
    path = tmp_path / "calls.journal"

    def answer(request: httpx.Request) -> httpx.Response:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (state,) = connection.execute(
                "select r.state from recipient r join attempt a on a.recipient = r.id "
                "where r.phone = ? and a.verdict is null",
                [phone_of(request.content)],
            ).fetchone()
        assert state == "dialing"
        return accepted(request)

    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 40, FakeGateway(answer), concurrency=8)
        await ready.dial()
        assert await ready.counts() == {"accepted": 40}
