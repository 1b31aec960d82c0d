"""Whoever stops planning on the way, by whatever means, leaves no campaign behind."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import pytest

from alphasms_async.campaigns import Journal, SqliteJournal
from alphasms_async.campaigns.records import PlannedRow
from tests.campaigns.journals import NAME, Stage, Time, listed, staged
from tests.campaigns.planning import planned
from tests.doubles import phones

pytestmark = pytest.mark.anyio

_MANY = 30_000
Cancel = Callable[[], object]
"""Cancels whoever is planning; called in the thread that reads the rows."""
Planning = Callable[[Cancel], Awaitable[object]]
"""Plans, and has itself cancelled on the way."""


async def by_scope(planning: Planning) -> None:
    """Cancel the scope that it is in, as anyio does."""
    with anyio.CancelScope() as scope:
        await planning(lambda: anyio.from_thread.run_sync(scope.cancel))
    assert scope.cancelled_caught


async def by_task(planning: Planning) -> None:
    """Cancel the task, as asyncio itself does when Ctrl-C is pressed."""

    async def plan() -> None:
        await planning(lambda: anyio.from_thread.run_sync(task.cancel))

    task = asyncio.create_task(plan())
    with pytest.raises(asyncio.CancelledError):
        await task


ways = pytest.mark.parametrize(
    ("anyio_backend", "broken_off"),
    [
        pytest.param("asyncio", by_scope, id="asyncio"),
        pytest.param("trio", by_scope, id="trio"),
        pytest.param("asyncio", by_task, id="asyncio-task"),
    ],
)
"""Each way in which one who plans is cancelled."""


def many(cancel: Cancel) -> Iterator[PlannedRow]:
    """Give recipients for a while, and have the reader cancelled after the third."""
    for line in range(1, _MANY):
        yield PlannedRow(line, f"38050{line:07}")
        if line == 3:
            cancel()


@ways
async def test_whoever_is_cancelled_reads_no_further(journal: Journal, broken_off: Any) -> None:
    """The list is not read to its end, its campaign never was, and its name is free."""
    lists: list[Iterator[PlannedRow]] = []

    async def plan(cancel: Cancel) -> None:
        lists.append(many(cancel))
        await journal.plan(NAME, {}, lists[0])

    await broken_off(plan)
    assert next(lists[0]).line < _MANY
    assert await journal.campaigns() == []
    assert (await journal.plan(NAME, {}, listed(phones(2)))).tally.total == 2


@ways
async def test_a_list_of_phones_is_given_up_too(journal: Journal, broken_off: Any) -> None:
    """Planned as a person does, with counts and warnings, it is the same."""

    def numbers(cancel: Cancel) -> Iterator[str]:
        for row in many(cancel):
            yield str(row.phone)

    async def plan(cancel: Cancel) -> None:
        await planned(journal, numbers(cancel))

    await broken_off(plan)
    assert await journal.campaigns() == []
    assert (await planned(journal, phones(3))).to_dial == 3


@ways
async def test_what_others_write_meanwhile_stays(stage: Stage, broken_off: Any) -> None:
    """Those who wait behind a plan that is given up get their turn."""

    async def plan(cancel: Cancel) -> None:
        await stage.journal.plan("summer", {}, many(cancel))

    async with anyio.create_task_group() as group:
        group.start_soon(broken_off, plan)
        group.start_soon(stage.claim)
        group.start_soon(stage.claim)
    assert await stage.states() == ["dialing", "dialing", "planned"]
    assert [one.name for one in await stage.journal.campaigns()] == [NAME]


async def test_whoever_is_cancelled_before_its_turn_leaves_nothing(stage: Stage) -> None:
    """One that is cancelled while it waits behind another begins no more; the other goes on."""
    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            group.start_soon(staged, stage.journal, stage.time, 5)
            scope.cancel()
            await stage.journal.plan("summer", {}, listed(phones(5)))
        assert scope.cancelled_caught
        group.cancel_scope.cancel()
    assert "summer" not in [one.name for one in await stage.journal.campaigns()]


@ways
async def test_whoever_is_cancelled_during_the_commit_leaves_nothing(
    tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch, broken_off: Any
) -> None:
    """Too late to be rolled back, the campaign is taken out."""
    when_durable: list[Cancel] = []

    class Slow(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            cursor = super().execute(sql, *parameters)
            if sql == "commit" and when_durable:
                when_durable.pop()()
            return cursor

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Slow))

    async def plan(cancel: Cancel) -> None:
        when_durable.append(cancel)
        await journal.plan(NAME, {}, listed(phones(3)))

    async with SqliteJournal(tmp_path / "calls.journal", clock=time) as journal:
        await broken_off(plan)
        assert when_durable == []
        assert await journal.campaigns() == []
        await journal.plan(NAME, {}, listed(phones(3)))


async def test_a_name_that_is_taken_stays_with_its_owner(stage: Stage) -> None:
    """One who is cancelled while its name is refused takes nothing from whoever has it."""
    with anyio.CancelScope() as scope:
        scope.cancel()
        await stage.journal.plan(NAME, {}, listed(phones(5)))
    assert scope.cancelled_caught
    assert await stage.states() == ["planned"] * 3
