"""A journal that knows fewer calls than were made from its place is not dialled."""

import json
import shutil
import signal
from pathlib import Path

import pytest

from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.errors import JournalError
from tests.campaigns.journals import Time, staged
from tests.campaigns.paths import beside, read, remove
from tests.campaigns.processes import python

pytestmark = pytest.mark.anyio

# Whoever is killed writes nothing down on his way out.
CLAIM_AND_DIE = """
import os, signal, sys
import anyio
from alphasms_async.campaigns.sqlite import SqliteJournal

async def claim(path):
    async with SqliteJournal(path) as journal:
        campaign = (await journal.campaign("spring")).id
        assert await journal.claim(campaign)
        await journal.drain()
        os.kill(os.getpid(), signal.SIGKILL)

anyio.run(claim, sys.argv[1])
"""


@pytest.fixture
async def path(tmp_path: Path, time: Time) -> Path:
    """A journal in which one call was made, and a copy beside it from before another one."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        await stage.claim()
    shutil.copy(path, copy_of(path))
    return path


def copy_of(path: Path) -> Path:
    return path.with_name("copy")


async def claim(path: Path) -> None:
    """Make another call."""
    async with SqliteJournal(path) as journal:
        assert await journal.claim((await journal.campaign("spring")).id)


async def refusal(path: Path) -> str:
    """Try to write a journal, and return the line that is said."""
    with pytest.raises(JournalError) as caught:
        async with SqliteJournal(path):
            pass
    return str(caught.value)


def fewer(path: Path, knows: int, made: int) -> str:
    return (
        f"the journal {path} knows {knows} calls, and {made} were made from here: it is an older "
        "copy or another file, with which those that it does not know would be called again. Put "
        f"the right one back; to begin anew with this one, delete {beside(path, 'lock')}"
    )


async def test_an_older_copy_is_not_dialled(path: Path) -> None:
    """It may be looked at, and is refused as often as it is tried."""
    await claim(path)
    shutil.copy(copy_of(path), path)
    for _ in range(2):
        assert await refusal(path) == fewer(path, 1, 2)
        async with SqliteJournal(path, read_only=True) as journal:
            assert len(await journal.campaigns()) == 1


async def test_calls_of_the_dead_are_counted(path: Path) -> None:
    """Who was killed has told of them on the way; the copy put back as it was is refused."""
    with python(CLAIM_AND_DIE, path) as process:
        assert process.wait() == -signal.SIGKILL
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        remove(path.with_name(name))
    shutil.copy(copy_of(path), path)
    assert await refusal(path) == fewer(path, 1, 2)


async def test_a_journal_that_was_deleted_is_not_begun_anew_by_itself(path: Path) -> None:
    """The same list would be called a second time."""
    remove(path)
    assert await refusal(path) == fewer(path, 0, 1)


async def test_whoever_knows_it_begins_anew(path: Path) -> None:
    """Without its lock a journal is what it says."""
    await claim(path)
    shutil.copy(copy_of(path), path)
    remove(beside(path, "lock"))
    await claim(path)
    assert json.loads(read(beside(path, "lock"))) == {"attempts": 2}


async def test_the_right_one_goes_on(path: Path) -> None:
    """Put back where it was, however often another one was refused there."""
    await claim(path)
    right = path.with_name("right")
    shutil.copy(path, right)
    shutil.copy(copy_of(path), path)
    assert await refusal(path) == fewer(path, 1, 2)
    shutil.copy(right, path)
    await claim(path)
