"""One writer for each journal: the second is refused by name, and death frees the lock."""

import json
import os
import socket
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from alphasms_async.campaigns.commands import Pause
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sqlite import SqliteJournal, tell
from alphasms_async.campaigns.sqlite.lock import BRIEF, FileLock, dialled, holder_of
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import JournalError, JournalLocked
from tests.campaigns.journals import NAME, Time, staged
from tests.campaigns.paths import beside, mode, names, read, remove, write
from tests.campaigns.processes import holding, python

pytestmark = pytest.mark.anyio

PURPOSE = "dialling spring"

# The child says when it has given up the lock, and lives on until its parent ends.
FORK = """
import os, sys
from pathlib import Path
from alphasms_async.campaigns.sqlite.lock import BRIEF, FileLock

lock, path = FileLock("it", "dialling"), Path(sys.argv[1])
lock.acquire(path)
told, tell = os.pipe()
if os.fork() == 0:
    os.close(tell)
    lock.release()
    print("child", flush=True)
    os.read(told, 1)
    os._exit(0)
sys.stdin.readline()
lock.release()
print("parent", flush=True)
sys.stdin.readline()
os.close(tell)
os.wait()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that is not there yet."""
    return tmp_path / "calls.journal"


@pytest.fixture
def lock(path: Path) -> Path:
    """The file whose lock its writer holds."""
    return beside(path, "lock")


async def refusal(path: Path) -> str:
    """Try to open a journal that somebody writes, and return what is said."""
    with pytest.raises(JournalLocked) as caught:
        async with SqliteJournal(path):
            pass
    return str(caught.value)


def refused_for(path: Path, holder: str) -> str:
    return (
        f"the journal {path} is in use by {holder}: "
        "wait for it, stop it, or name another file with --journal"
    )


async def test_a_second_writer_in_one_process_is_refused_by_name(path: Path) -> None:
    """It is told which process has the journal, and what for; the first goes on."""
    async with SqliteJournal(path, purpose=PURPOSE) as journal:
        holder = f"{PURPOSE} (process {os.getpid()} on {socket.gethostname()})"
        assert await refusal(path) == refused_for(path, holder)
        await journal.plan("spring", {}, [])
    async with SqliteJournal(path) as journal:
        assert len(await journal.campaigns()) == 1


async def test_the_lock_lives_as_long_as_its_process(path: Path) -> None:
    """Another process is refused by name, and `kill -9` frees the journal at once."""
    with holding(path, PURPOSE) as process:
        holder = f"{PURPOSE} (process {process.pid} on {socket.gethostname()})"
        assert await refusal(path) == refused_for(path, holder)
        process.kill()
        process.wait()
        async with SqliteJournal(path) as journal:
            assert await journal.campaigns() == []


@pytest.fixture
def dying(
    path: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Callable[[int, str], None]]:
    """A lock that the kernel takes back a moment after the death of whoever is said to hold it."""
    holder = FileLock(str(path), PURPOSE)
    holder.acquire(path)

    def held_by(pid: int, host: str) -> None:
        write(lock, json.dumps({"pid": pid, "host": host, "purpose": PURPOSE}))

    def wait(_seconds: float) -> None:
        holder.release()

    monkeypatch.setattr("alphasms_async.campaigns.sqlite.lock.time.sleep", wait)
    yield held_by
    holder.release()


@pytest.mark.parametrize(("purpose", "gets_in"), [(PURPOSE, True), (BRIEF, False)])
async def test_a_command_is_waited_for_by_whoever_stays(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    purpose: str,
    gets_in: bool,  # noqa: FBT001 - a case of the table above
) -> None:
    """A run waits while a listener brings in what was left; another command goes another way."""
    holder, waited = FileLock(str(path), BRIEF), list[float]()
    holder.acquire(path)

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if sum(waited) > 9:
            holder.release()

    monkeypatch.setattr("alphasms_async.campaigns.sqlite.lock.time.sleep", wait)
    with suppress(JournalLocked):
        async with SqliteJournal(path, purpose=purpose):
            assert gets_in
    assert (sum(waited) > 9) is gets_in
    holder.release()


def await_end(pid: int, is_reaped: bool) -> None:  # noqa: FBT001 - handed on by a thread
    os.waitid(os.P_PID, pid, os.WEXITED | (0 if is_reaped else os.WNOWAIT))


@pytest.mark.parametrize("is_reaped", [True, False])
async def test_a_dead_holder_is_waited_for(
    path: Path, dying: Callable[[int, str], None], *, is_reaped: bool
) -> None:
    """The next one, started at once, gets in, whether anybody has asked how the dead one ended."""
    with holding(path.with_name("another"), PURPOSE) as process:
        process.kill()
        await anyio.to_thread.run_sync(await_end, process.pid, is_reaped)
        dying(process.pid, socket.gethostname())
        async with SqliteJournal(path):
            pass


@pytest.mark.parametrize(
    ("pid", "host"),
    [(os.getpid(), socket.gethostname()), (2**40, socket.gethostname()), (2**22 + 1, "elsewhere")],
    ids=["alive", "beyond all", "elsewhere"],
)
async def test_a_holder_that_may_live_is_not_waited_for(
    path: Path, dying: Callable[[int, str], None], pid: int, host: str
) -> None:
    """One that lives, and one of whom this machine knows nothing, is named at once."""
    dying(pid, host)
    holder = f"{PURPOSE} (process {pid} on {host})"
    assert await refusal(path) == refused_for(path, holder)


async def test_all_links_to_a_journal_share_its_lock_and_its_inbox(path: Path, time: Time) -> None:
    """Whoever comes by another name is refused, and what it asks for reaches the writer."""
    link = path.with_name("link")
    link.symlink_to(path)
    async with SqliteJournal(path, purpose=PURPOSE, clock=time) as journal:
        stage = await staged(journal, time)
        holder = f"{PURPOSE} (process {os.getpid()} on {socket.gethostname()})"
        assert await refusal(link) == refused_for(link, holder)
        assert holder_of(link) == holder
        async with anyio.create_task_group() as group:
            group.start_soon(tell, link, [Pause(NAME)])
            while not await journal.drain():
                await anyio.lowlevel.checkpoint()
        assert (await journal.campaign(NAME)).state == "paused"
        assert await stage.states() == ["planned"] * 3
    async with SqliteJournal(link, purpose=PURPOSE, clock=time) as journal:
        assert holder_of(path) == holder
        await staged(journal, time, name="summer")
    assert names(path.parent) == [path.name, f"{path.name}.inbox", f"{path.name}.lock", "link"]


async def test_a_journal_that_is_closed_is_free(path: Path, lock: Path) -> None:
    """The lock's file stays, for its owner alone; taking it away would let two in at once."""
    for _ in range(2):
        async with SqliteJournal(path, purpose=PURPOSE):
            assert read(lock)
        assert json.loads(read(lock)) == {"attempts": 0}
        assert mode(lock) == 0o600


async def test_an_exception_leaves_the_journal_free(path: Path) -> None:
    """Whatever ends the block comes out as it is, and the next one gets in."""
    error = ZeroDivisionError("told")
    with pytest.raises(ZeroDivisionError) as caught:
        async with SqliteJournal(path):
            raise error
    assert caught.value is error
    async with SqliteJournal(path):
        pass


async def test_a_cancelled_block_leaves_the_journal_free(path: Path) -> None:
    """Somebody who is cancelled closes the journal all the same."""
    with anyio.CancelScope() as scope:
        async with SqliteJournal(path):
            scope.cancel()
            await anyio.sleep_forever()
    async with SqliteJournal(path):
        pass


async def test_a_journal_that_cannot_be_opened_is_free(path: Path) -> None:
    """Whoever fails behind the lock gives it back."""
    write(path, "no journal at all, but long enough to be looked at\n" * 100)
    for _ in range(2):
        with pytest.raises(JournalError, match="it is not a journal"):
            async with SqliteJournal(path):
                pass
    assert holder_of(path) is None


async def test_an_unknown_holder_is_another_program(path: Path, lock: Path) -> None:
    """Whoever has the lock and does not say who it is gets no made-up name."""
    holder = FileLock(str(path), "")
    holder.acquire(path)
    try:
        for told in ("", "5", "[1]", "rubbish", "{}"):
            write(lock, told)
            assert await refusal(path) == refused_for(path, "another program")
    finally:
        holder.release()


async def test_who_holds_a_journal_is_told(path: Path) -> None:
    """In words while somebody writes it; nobody before, nobody afterwards."""
    assert holder_of(path) is None
    async with SqliteJournal(path, purpose=PURPOSE):
        assert holder_of(path) == f"{PURPOSE} (process {os.getpid()} on {socket.gethostname()})"
    assert holder_of(path) is None


async def test_what_is_dialled_just_now_is_told(path: Path) -> None:
    """A campaign from when a dialer takes it up until it puts it down, and no other."""
    assert not dialled(path)
    async with SqliteJournal(path, purpose=PURPOSE) as journal:
        for name in ("spring", "summer", "autumn"):
            await journal.plan(name, {}, [PlannedRow(1, "380501234567")])
        spring, summer, _ = [record.id for record in await journal.campaigns()]
        async with journal.taken_up(spring), journal.taken_up(summer):
            assert dialled(path) == {spring, summer}
            assert (holder_of(path) or "").startswith(PURPOSE)
        assert not dialled(path)


async def test_a_reader_needs_no_lock(path: Path) -> None:
    """Any number may read beside the writer, and none of them keeps another from writing."""
    async with SqliteJournal(path) as journal:
        await journal.plan("spring", {}, [])
        async with (
            SqliteJournal(path, read_only=True) as first,
            SqliteJournal(path, read_only=True) as second,
        ):
            assert await first.campaigns() == await second.campaigns()
            await journal.plan("summer", {}, [])
            assert len(await first.campaigns()) == 2


async def test_whoever_lost_its_lock_claims_nobody(path: Path, lock: Path, time: Time) -> None:
    """When the lock's file is deleted a second writer gets in, and the first stops dialling."""
    async with SqliteJournal(path, clock=time) as first:
        stage = await staged(first, time)
        remove(lock)
        async with SqliteJournal(path, clock=time):
            with pytest.raises(JournalLocked) as caught:
                await stage.claim()
            assert str(caught.value) == (
                f"another process has taken over the journal {path}: this one dials nobody more"
            )
            with pytest.raises(JournalLocked):
                await first.plan("summer", {}, [])
            assert await stage.states() == ["planned"] * 3


async def test_the_answers_of_whoever_lost_its_lock_still_count(
    path: Path, lock: Path, time: Time
) -> None:
    """What was in flight is uncertain for the second writer, until the first tells the truth."""
    async with SqliteJournal(path, clock=time) as first:
        stage = await staged(first, time)
        refs = [(await stage.claim()).ref for _ in range(2)]
        remove(lock)
        async with SqliteJournal(path, clock=time) as second:
            assert await stage.states() == ["uncertain", "uncertain", "planned"]
            assert await stage.settle(refs[0], Verdict.ACCEPTED, gateway_id=9) is RowState.ACCEPTED
            assert await stage.settle(refs[1], Verdict.NOT_SENT) is RowState.UNCERTAIN
            rows = await second.rows(stage.campaign)
            assert [str(row.state) for row in rows] == ["accepted", "uncertain", "planned"]
            claimed = await second.claim(stage.campaign)
            assert claimed is not None
            assert claimed.line == 3


async def test_a_forked_child_neither_gives_the_lock_away_nor_keeps_it(path: Path) -> None:
    """What the parent holds is the parent's until it lets go, whatever its child does."""
    with python(FORK, path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "child\n"
        assert f"dialling (process {process.pid}" in await refusal(path)
        process.stdin.write("let go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "parent\n"
        async with SqliteJournal(path) as journal:
            assert await journal.campaigns() == []
        process.stdin.write("end\n")
    assert process.returncode == 0
