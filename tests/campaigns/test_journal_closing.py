"""Whoever is cancelled while a journal is opened or closed, however often, leaves it free."""

import asyncio
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.sqlite.lock import holder_of

pytestmark = pytest.mark.anyio

native = pytest.mark.parametrize("anyio_backend", ["asyncio"])
"""Only asyncio cancels a task as such, past every scope."""

MOMENTS = range(0, 60, 4)
"""How many steps of the loop pass before the first cancellation: opening, open and closing."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that is not there yet."""
    return tmp_path / "calls.journal"


async def use(path: Path) -> None:
    """Open a journal and close it again."""
    async with SqliteJournal(path):
        await anyio.lowlevel.checkpoint()


async def free(path: Path) -> None:
    """Insist that nobody has the journal, and that the next one gets in."""
    assert holder_of(path) is None
    await use(path)


async def cancel_until_it_ends(task: asyncio.Task[None]) -> None:
    """Cancel a task by the loop's own means, which no shield holds off, again and again."""
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


@native
@pytest.mark.parametrize("steps", MOMENTS)
async def test_a_task_that_is_cancelled_at_every_step_lets_go(path: Path, steps: int) -> None:
    """By the loop's own means, which no shield holds off, again and again until it has ended."""
    task = asyncio.create_task(use(path))
    for _ in range(steps):
        await asyncio.sleep(0)
    await cancel_until_it_ends(task)
    await free(path)


@native
@pytest.mark.parametrize("leave_after", range(4))
async def test_a_task_that_is_cancelled_while_it_closes_lets_go(
    path: Path, leave_after: int
) -> None:
    """Wherever in the closing it is by then."""
    closing = asyncio.Event()

    async def close() -> None:
        async with SqliteJournal(path):
            closing.set()

    task = asyncio.create_task(close())
    await closing.wait()
    for _ in range(leave_after):
        await asyncio.sleep(0)
    await cancel_until_it_ends(task)
    await free(path)


@pytest.mark.parametrize("steps", MOMENTS)
async def test_a_scope_that_is_cancelled_at_any_step_lets_go(path: Path, steps: int) -> None:
    """By the means of either loop."""
    async with anyio.create_task_group() as group:
        group.start_soon(use, path)
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    await free(path)
