"""Room for so many at a time."""

import anyio
import pytest

from alphasms_async.transports.room import Room
from tests.turns import cancel_scope_after

pytestmark = pytest.mark.anyio


async def test_no_more_are_in_than_there_is_room_for() -> None:
    """Seven come, three are in at a time, and all of them get in."""
    room = Room(3)
    inside = 0
    most: list[int] = []

    async def visit() -> None:
        nonlocal inside
        await room.enter()
        inside += 1
        most.append(inside)
        await anyio.lowlevel.checkpoint()
        inside -= 1
        room.leave()

    async with anyio.create_task_group() as group:
        for _ in range(7):
            group.start_soon(visit)
    assert (max(most), len(most)) == (3, 7)


async def test_first_come_first_served() -> None:
    """Whoever waits longest gets in next."""
    room = Room(1)
    entered: list[int] = []

    async def visit(number: int) -> None:
        await room.enter()
        entered.append(number)

    await room.enter()
    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(visit, number)
            await anyio.wait_all_tasks_blocked()
        for _ in range(4):
            room.leave()
            await anyio.wait_all_tasks_blocked()
    assert entered == [0, 1, 2, 3]


@pytest.mark.parametrize("turns", range(6))
async def test_cancelled_visitor_takes_no_room(turns: int) -> None:
    """Whoever is cancelled while it waits, or just as it is let in, leaves its room to others."""
    room = Room(1)

    async def visit() -> None:
        await room.enter()
        room.leave()

    async def leave() -> None:
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        room.leave()

    await room.enter()
    async with anyio.create_task_group() as group:
        group.start_soon(leave)
        await cancel_scope_after(turns, visit)
    with anyio.fail_after(1):
        await visit()
