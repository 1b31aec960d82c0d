"""Whoever is cancelled, and whatever fails: what was asked for is durable, or dialling stops."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from alphasms_async.campaigns.events import CallEvent
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.sqlite.lock import holder_of
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import JournalError, JournalLocked
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, Stage, Time, staged

pytestmark = pytest.mark.anyio

native = pytest.mark.parametrize("anyio_backend", ["asyncio"])
"""Only asyncio cancels a task as such, past every scope."""


class Disk:
    """What statements to SQLite come to, and how often each was run."""

    def __init__(self) -> None:
        self.fails_on = ""
        """The statement that fails. Empty: none."""
        self.error = "disk I/O error"
        """What SQLite says then."""
        self.commits = 0

    def connection(self) -> type[sqlite3.Connection]:
        """Return a kind of connection that lies on this disk."""
        disk = self

        class OnDisk(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                disk.commits += sql == "commit"
                if sql == disk.fails_on:
                    raise sqlite3.OperationalError(disk.error)
                return super().execute(sql, *parameters)

        return OnDisk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that is not there yet."""
    return tmp_path / "calls.journal"


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that every journal of the test lies on."""
    disk = Disk()
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connect_to_disk(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return connect(*args, **kwargs, factory=disk.connection())

    monkeypatch.setattr(sqlite3, "connect", connect_to_disk)
    return disk


@pytest.fixture
async def filed(path: Path, time: Time, disk: Disk) -> AsyncGenerator[Stage]:
    """A campaign of twenty recipients in a file on that disk."""
    async with SqliteJournal(path, clock=time) as journal:
        yield await staged(journal, time, 20)


async def states(path: Path) -> list[str]:
    """Return where everybody stands, as somebody else reads it."""
    async with SqliteJournal(path, read_only=True) as journal:
        rows = await journal.rows((await journal.campaign(NAME)).id)
    return [str(row.state) for row in rows]


async def test_what_is_asked_for_together_is_committed_together(filed: Stage, disk: Disk) -> None:
    """The first may go alone; all that is asked for during its commit shares the next."""
    disk.commits = 0
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(filed.claim)
    assert await filed.states() == ["dialing"] * 20
    assert disk.commits <= 2


async def test_a_write_whose_caller_is_cancelled_is_durable(filed: Stage, path: Path) -> None:
    """A cancelled scope waits for the commit, and its result is not lost."""
    claimed: list[Claimed] = []
    with anyio.CancelScope() as scope:
        scope.cancel()
        claimed.append(await filed.claim())
        claimed.append(await filed.claim())
        await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert [one.line for one in claimed] == [1, 2]
    assert (await states(path))[:3] == ["dialing", "dialing", "planned"]


async def test_many_writers_that_are_cancelled_leave_a_journal_that_works(
    filed: Stage, path: Path
) -> None:
    """Whoever had begun is written down, whoever had not is not, and the next one is served."""
    begun: list[int] = []

    async def work(number: int) -> None:
        await anyio.lowlevel.checkpoint()
        begun.append(number)
        await filed.claim()

    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(work, number)
        while len(begun) < 5:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    assert (await states(path)).count("dialing") == len(begun)
    await filed.claim()
    assert (await states(path)).count("dialing") == len(begun) + 1


@native
async def test_a_write_whose_task_is_cancelled_is_durable(filed: Stage, path: Path) -> None:
    """The task ends at once, what it asked for is committed, and the journal goes on."""
    ref = (await filed.claim()).ref
    task = asyncio.create_task(filed.settle(ref, Verdict.ACCEPTED))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await filed.journal.finish(filed.campaign) is False
    assert (await states(path))[:2] == ["accepted", "planned"]
    assert (await filed.claim()).line == 2


@native
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_block_whose_task_is_cancelled_leaves_everything_in_order(
    path: Path, time: Time, times: int
) -> None:
    """However often, even while it closes: what was asked for is durable and the lock is free."""
    held = asyncio.Event()

    async def dial() -> None:
        async with SqliteJournal(path, clock=time) as journal:
            stage = await staged(journal, time)
            asking = asyncio.create_task(stage.claim())
            await asyncio.sleep(0)
            held.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asking

    task = asyncio.create_task(dial())
    await held.wait()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert holder_of(path) is None
    async with SqliteJournal(path, clock=time) as journal:
        assert len(await journal.campaigns()) == 1
    assert await states(path) == ["uncertain", "planned", "planned"]


async def test_a_block_that_is_cancelled_still_writes(path: Path, time: Time) -> None:
    """Whoever is stopped in the middle can write down how far it got before it leaves."""
    with anyio.CancelScope() as scope:
        async with SqliteJournal(path, clock=time) as journal:
            stage = await staged(journal, time)
            ref = (await stage.claim()).ref
            try:
                scope.cancel()
                await anyio.sleep_forever()
            finally:
                await stage.settle(ref, Verdict.ACCEPTED)
    assert scope.cancelled_caught
    assert await states(path) == ["accepted", "planned", "planned"]


@native
async def test_nobody_waits_for_a_writer_that_the_loop_has_ended(path: Path, time: Time) -> None:
    """A loop that shuts down cancels every task: whoever still writes then is told at once."""
    others = asyncio.all_tasks()
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        (writer,) = asyncio.all_tasks() - others
        asking = asyncio.create_task(stage.claim())
        await asyncio.sleep(0)
        writer.cancel()
        with pytest.raises(JournalError):
            await asking
        with pytest.raises(JournalError) as caught:
            await stage.claim()
        assert str(caught.value) == f"the journal {path} is closed"
    assert holder_of(path) is None


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("disk I/O error", "the disk failed: look at it before going on; nothing is lost"),
        (
            "database or disk is full",
            "the disk is full: free some space, then go on; nothing is lost",
        ),
        (
            "attempt to write a readonly database",
            "it cannot be written: look at its permissions and those of its folder",
        ),
        ("database disk image is malformed", "it is damaged: put back a copy of it"),
        ("what nobody has seen before", "what nobody has seen before"),
    ],
)
@pytest.mark.parametrize("statement", ["begin immediate", "commit"])
async def test_the_first_failed_write_is_the_last_one(
    filed: Stage, path: Path, disk: Disk, statement: str, said: str, meaning: str
) -> None:
    """One clear line, for that write and all later ones, even when the disk is well again."""
    ref = (await filed.claim()).ref
    disk.fails_on, disk.error = statement, said
    for _ in range(2):
        with pytest.raises(JournalError) as caught:
            await filed.claim()
        assert str(caught.value) == f"the journal {path} cannot be used: {meaning}"
        assert not isinstance(caught.value, JournalLocked)
        disk.fails_on = ""
    with pytest.raises(JournalError):
        await filed.settle(ref, Verdict.ACCEPTED)
    with pytest.raises(JournalError):
        await filed.journal.plan("summer", {}, [])


async def test_whoever_waits_for_news_learns_of_a_failed_write(filed: Stage, disk: Disk) -> None:
    """A run that writes nothing itself, as it waits for outcomes, must not go on deaf to them."""
    ref = (await filed.claim()).ref
    disk.fails_on = "commit"
    with pytest.raises(JournalError):
        await filed.journal.record(CallEvent(outcome=CallOutcome.ANSWERED, ref=ref))
    disk.fails_on = ""
    with pytest.raises(JournalError, match="cannot be used: the disk failed"):
        await filed.journal.drain()


async def test_reads_go_on_after_a_failed_write(filed: Stage, disk: Disk) -> None:
    """Whoever is stopped can still look at how far it got: nothing of the failed write is there."""
    await filed.claim()
    disk.fails_on = "commit"
    with pytest.raises(JournalError):
        await filed.claim()
    assert (await filed.states())[:3] == ["dialing", "planned", "planned"]
    assert (await filed.journal.tally(filed.campaign)).to_dial == 20
    assert len(await filed.journal.campaigns()) == 1


async def test_all_who_share_a_failed_commit_are_told(filed: Stage, disk: Disk) -> None:
    """Nobody goes on to dial somebody whose intent is not durable."""
    disk.fails_on = "commit"
    refused: list[JournalError] = []

    async def work() -> None:
        with pytest.raises(JournalError) as caught:
            await filed.claim()
        refused.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(work)
    assert len(refused) == 8
    assert await filed.states() == ["planned"] * 20


async def test_a_journal_goes_on_after_the_disk_is_well(path: Path, time: Time, disk: Disk) -> None:
    """The block ends as usual; opened again it knows what was durable, and no more."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        await stage.claim()
        disk.fails_on = "commit"
        with pytest.raises(JournalError):
            await stage.claim()
        disk.fails_on = ""
    async with SqliteJournal(path, clock=time) as journal:
        assert [str(row.state) for row in await journal.rows(stage.campaign)] == [
            "uncertain",
            "planned",
            "planned",
        ]
        claimed = await journal.claim(stage.campaign)
        assert claimed is not None
        assert claimed.ref.attempt == 1


@pytest.mark.parametrize("statement", ["begin immediate", "commit"])
async def test_a_disk_that_fails_at_the_start_is_one_clear_line(
    path: Path, disk: Disk, statement: str
) -> None:
    """Nobody gets in, and the lock is free."""
    disk.fails_on = statement
    with pytest.raises(JournalError, match="the disk failed: look at it before going on"):
        async with SqliteJournal(path):
            pass
    assert holder_of(path) is None
    disk.fails_on = ""
    async with SqliteJournal(path) as journal:
        assert await journal.campaigns() == []


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Have another program hold on to a file, such as one that people look into databases with."""
    with closing(sqlite3.connect(path, isolation_level=None)) as tool:
        tool.execute("begin immediate")
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for another program to let go."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.opening._BUSY_SECONDS", 0)


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_another_program_has_locked_is_not_opened(path: Path) -> None:
    """One line says why; the lock of ours is free, and the next one gets in."""
    async with SqliteJournal(path):
        pass
    with locked(path), pytest.raises(JournalLocked) as caught:
        async with SqliteJournal(path):
            pass
    assert str(caught.value) == (
        f"the journal {path} is locked by another program: close that first"
    )
    assert holder_of(path) is None
    async with SqliteJournal(path) as journal:
        assert await journal.campaigns() == []


@pytest.mark.usefixtures("impatient")
async def test_a_program_that_locks_the_file_stops_the_dialling(path: Path, time: Time) -> None:
    """What cannot be written down is not done, and reads go on."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        with locked(path), pytest.raises(JournalLocked) as caught:
            await stage.claim()
        assert await stage.states() == ["planned"] * 3
    assert str(caught.value) == (
        f"the journal {path} is locked by another program: close that first"
    )


async def test_a_slip_in_the_code_stops_the_dialling(filed: Stage, path: Path) -> None:
    """Whatever was raised inside a transaction, nothing of it is durable and nothing follows."""
    unknown: Any = object()
    with pytest.raises(JournalError, match=f"the journal {path} cannot be used: "):
        await filed.journal.halt(filed.campaign, unknown)
    with pytest.raises(JournalError):
        await filed.claim()
    assert await filed.states() == ["planned"] * 20


async def test_a_journal_is_entered_before_it_is_used(path: Path) -> None:
    """Whoever forgets is told how, by reads and writes alike."""
    for journal in (SqliteJournal(path), MemoryJournal()):
        for use in (journal.campaigns(), journal.claim(1)):
            with pytest.raises(RuntimeError, match="enter the journal first: async with"):
                await use
    assert holder_of(path) is None


async def test_a_journal_that_is_closed_takes_nothing(path: Path, time: Time) -> None:
    """Whoever is late with an answer is told, instead of waiting for ever."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        ref = (await stage.claim()).ref
    with pytest.raises(JournalError) as caught:
        await stage.settle(ref, Verdict.ACCEPTED)
    assert str(caught.value) == f"the journal {path} is closed"
    async with journal:
        assert await stage.settle(ref, Verdict.ACCEPTED) is RowState.ACCEPTED
