"""Others that come near a journal while it is written: they take nothing from its writer."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from alphasms_async.campaigns.commands import Pause
from alphasms_async.campaigns.sqlite import SqliteJournal, tell
from alphasms_async.campaigns.sqlite.lock import holder_of
from alphasms_async.errors import JournalLocked
from tests.campaigns.journals import NAME, Stage, Time, staged

pytestmark = pytest.mark.anyio

# The last connection of all takes the -wal away, unless somebody else's lock is in its way.
LOOK = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute("select * from campaign").fetchall()
connection.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "calls.journal"


@pytest.fixture
async def written(path: Path, time: Time) -> AsyncGenerator[Stage]:
    """A campaign in a journal that is being written."""
    async with SqliteJournal(path, purpose="dialling spring", clock=time) as journal:
        yield await staged(journal, time)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits to see whether the writer takes a command."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.file._TELL_SECONDS", 0)


def looked_into(path: Path) -> None:
    """Have another program open the file and close it again."""
    subprocess.run(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-I", "-S", "-c", LOOK, str(path)], check=True
    )


async def refused(path: Path) -> None:
    """Try to write the journal beside its writer."""
    with pytest.raises(JournalLocked):
        await SqliteJournal(path).__aenter__()


async def read(path: Path) -> None:
    """Read the journal beside its writer."""
    async with SqliteJournal(path, read_only=True) as journal:
        await journal.campaigns()


async def ask(path: Path) -> None:
    """Leave the writer a command."""
    await tell(path, [Pause(NAME)])


@pytest.mark.parametrize("come_near", [refused, read, ask])
async def test_a_neighbour_takes_no_lock_away(
    written: Stage, path: Path, come_near: Callable[[Path], Awaitable[None]]
) -> None:
    """What this process opens and closes beside the writer lets no other process end its -wal.

    A process loses all its locks on a file when it closes any descriptor of it.
    """
    await come_near(path)
    await anyio.to_thread.run_sync(looked_into, path)
    assert await anyio.to_thread.run_sync(path.with_name("calls.journal-wal").exists)
    await written.claim()
    async with SqliteJournal(path, read_only=True) as journal:
        states = [str(row.state) for row in await journal.rows(written.campaign)]
    assert states == ["dialing", "planned", "planned"]


class Door:
    """The way to the file, on which whoever opens it is held up."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()
        self._connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect(self, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        """Connect, once the door is open."""
        self.reached.set()
        assert self.open.wait(5)
        return self._connect(*args, **kwargs)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """What holds up everybody who connects."""
    door = Door()
    monkeypatch.setattr(sqlite3, "connect", door.connect)
    return door


async def enter(path: Path) -> None:
    async with SqliteJournal(path):
        await anyio.sleep_forever()


async def test_whoever_is_cancelled_while_it_opens_leaves_the_journal_free(
    path: Path, door: Door
) -> None:
    """The lock that was taken meanwhile goes back, and the next one gets in."""
    async with anyio.create_task_group() as group:
        group.start_soon(enter, path)
        await anyio.to_thread.run_sync(door.reached.wait)
        group.cancel_scope.cancel()
        door.open.set()
    assert holder_of(path) is None
    async with SqliteJournal(path):
        assert holder_of(path) is not None


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_whoever_s_task_is_cancelled_while_it_opens_leaves_the_journal_free(
    path: Path, door: Door
) -> None:
    """By the loop's own means, which no shield holds off, it is the same."""
    task = asyncio.create_task(enter(path))
    await anyio.to_thread.run_sync(door.reached.wait)
    task.cancel()
    await asyncio.sleep(0)
    door.open.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert holder_of(path) is None
    async with SqliteJournal(path) as journal:
        assert await journal.campaigns() == []
