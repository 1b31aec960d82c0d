"""Cancellation at every await: work that is cancelled a turn of the loop later each time."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel

Work = Callable[[], Awaitable[object]]
Cancel = Callable[[int, Work], Awaitable[bool]]

MOST_TURNS = 2000


async def cancel_scope_after(turns: int, work: Work) -> bool:
    """Run the work, cancel its scope after so many turns, and return whether it came to its end."""
    ended = False
    scope = anyio.CancelScope()

    async def run() -> None:
        nonlocal ended
        with scope:
            await work()
            ended = True

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        scope.cancel()
    return ended


async def cancel_task_after(turns: int, work: Work) -> bool:
    """Do the same to an asyncio task by its own `cancel()`, which is told once and not again."""

    async def run() -> None:
        await work()

    task = asyncio.create_task(run())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    if task.cancelled():
        return False
    task.result()
    return True
