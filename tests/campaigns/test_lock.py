"""One writer for each journal: the second is refused by name, and death frees the lock."""

import os
import socket
from pathlib import Path

import anyio
import pytest

from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.sqlite.lock import FileLock, holder_of
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import JournalError, JournalLocked
from tests.campaigns.journals import Time, staged
from tests.campaigns.paths import beside, mode, read, remove, write
from tests.campaigns.processes import holding

pytestmark = pytest.mark.anyio

PURPOSE = "dialling spring"


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


async def test_a_journal_that_is_closed_is_free(path: Path, lock: Path) -> None:
    """The lock's file stays, empty, for its owner alone; taking it away would let two in."""
    for _ in range(2):
        async with SqliteJournal(path, purpose=PURPOSE):
            assert read(lock)
        assert read(lock) == b""
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
    holder = FileLock(path, "")
    holder.acquire()
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
