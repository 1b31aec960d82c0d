"""A journal that is moved, deleted or copied over while it is written: nobody more is dialled."""

import os
import shutil
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from alphasms_async.campaigns.events import CallEvent
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import JournalError, JournalLocked
from alphasms_async.models import CallOutcome
from tests.campaigns.dialers import planned
from tests.campaigns.journals import Stage, Time, staged
from tests.campaigns.paths import beside, remove, write
from tests.campaigns.processes import holding
from tests.doubles import FakeGateway, accepted, phones

pytestmark = pytest.mark.anyio

GONE, ANOTHER = "it cannot be found", "it is another file"
WRITTEN = "another program has written it, such as a copy over it or a checkpoint"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that is not there yet."""
    return tmp_path / "calls.journal"


@pytest.fixture
async def written(path: Path, time: Time) -> AsyncGenerator[Stage]:
    """A campaign in a journal that is being written, and a copy beside it from before."""
    await copied(path)
    async with SqliteJournal(path, clock=time) as journal:
        yield await staged(journal, time)


async def copied(path: Path) -> None:
    """Make an empty journal, and a copy of it from long ago."""
    async with SqliteJournal(path):
        pass
    shutil.copy(path, copy_of(path))
    os.utime(copy_of(path), (0, 0))


def copy_of(path: Path) -> Path:
    return path.with_name("copy")


def moved_from(path: Path) -> Path:
    return path.with_name("moved")


def wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def move(path: Path) -> None:
    path.rename(moved_from(path))


def take_along(wal: Path, journal: Path) -> None:
    wal.rename(wal_of(journal))


def move_back(path: Path) -> None:
    moved_from(path).rename(path)


def give_another_name(path: Path) -> None:
    path.with_name("link").hardlink_to(path)
    path.chmod(0o644)


def restore(path: Path) -> None:
    copy_of(path).replace(path)


def copy_over(path: Path) -> None:
    shutil.copy2(copy_of(path), path)


def remove_wal(path: Path) -> None:
    remove(wal_of(path))


def replace_wal(path: Path) -> None:
    copy_of(path).replace(wal_of(path))


befalling = pytest.mark.parametrize(
    ("befall", "where", "became"),
    [
        (move, "", GONE),
        (remove, "", GONE),
        (restore, "", ANOTHER),
        (copy_over, "", WRITTEN),
        (remove_wal, "-wal", GONE),
        (replace_wal, "-wal", ANOTHER),
    ],
)


@befalling
async def test_nobody_is_claimed_from_a_file_that_is_another(
    written: Stage, path: Path, befall: Callable[[Path], object], where: str, became: str
) -> None:
    """The next claim says in one line which file it is, and what became of it."""
    await written.claim()
    befall(path)
    for _ in range(2):
        with pytest.raises(JournalError) as caught:
            await written.claim()
        assert str(caught.value) == (
            f"the journal {path} was moved, deleted or overwritten while in use: look at "
            f"{path}{where}, {became}; nobody more is dialled before the right file is back"
        )
        assert not isinstance(caught.value, JournalLocked)
    assert (await written.states())[1:] == ["planned"] * 2


@pytest.mark.parametrize("befall", [move, remove, restore, remove_wal, replace_wal])
async def test_a_look_at_the_inbox_notices_it(
    written: Stage, path: Path, befall: Callable[[Path], object]
) -> None:
    """A run that waits, and claims nobody, ends as soon."""
    befall(path)
    with pytest.raises(JournalError, match="was moved, deleted or overwritten while in use"):
        await written.journal.drain()


@pytest.mark.parametrize("befall", [move, remove, restore, remove_wal])
async def test_the_answers_of_those_in_flight_are_still_written(
    written: Stage, path: Path, befall: Callable[[Path], object]
) -> None:
    """They are true, whatever has become of the file."""
    ref = (await written.claim()).ref
    befall(path)
    with pytest.raises(JournalError):
        await written.claim()
    assert await written.settle(ref, Verdict.ACCEPTED, gateway_id=9) is RowState.ACCEPTED


@befalling
async def test_a_run_ends_before_its_next_request(
    path: Path, befall: Callable[[Path], object], where: str, became: str
) -> None:
    """The call in flight is written down, and no other leaves."""
    await copied(path)

    def answer(request: httpx.Request) -> httpx.Response:
        if gateway.asked == 3:
            befall(path)
        return accepted(request)

    gateway = FakeGateway(answer)
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 9, gateway, concurrency=1)
        with pytest.raises(JournalError, match=f"look at {path}{where}, {became};"):
            await ready.dial()
        assert gateway.rings == dict.fromkeys(phones(3), 1)
        assert await ready.counts() == {"accepted": 3, "planned": 6}


async def test_a_copy_over_it_is_seen_whenever_it_comes(written: Stage, path: Path) -> None:
    """Also in the middle of a commit, when the writer itself may be taken for who wrote it."""

    def rows() -> Iterator[PlannedRow]:
        yield PlannedRow(1, phones(1)[0])
        copy_over(path)

    await written.journal.plan("summer", {}, rows())
    with pytest.raises(JournalError, match=WRITTEN):
        await written.claim()


async def test_a_file_that_comes_back_was_away(written: Stage, path: Path) -> None:
    """Others may have written it meanwhile: only who opens it again dials again."""
    move(path)
    with pytest.raises(JournalError):
        await written.journal.drain()
    move_back(path)
    with pytest.raises(JournalError):
        await written.claim()


async def test_a_lost_wal_loses_nothing(path: Path, time: Time) -> None:
    """What was durable in the file that was deleted is in the journal once that is closed."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        refs = [(await stage.claim()).ref for _ in range(2)]
        remove_wal(path)
        with pytest.raises(JournalError):
            await stage.claim()
        await stage.settle(refs[0], Verdict.ACCEPTED)
    async with SqliteJournal(path, clock=time) as journal:
        rows = await journal.rows(stage.campaign)
    assert [str(row.state) for row in rows] == ["accepted", "uncertain", "planned"]


async def refusal(path: Path) -> str:
    """Try to write a journal, and return the line that is said."""
    with pytest.raises(JournalError) as caught:
        async with SqliteJournal(path):
            pass
    return str(caught.value)


def parted(path: Path) -> str:
    return (
        f"the journal {path} was moved or copied while in use, and its last calls are in the "
        f"-wal that lay beside it, or in the journal itself: put the -wal here as {wal_of(path)}; "
        f"only if there is none any more, make an empty {beside(path, 'lock')}, and whoever was "
        "called since may be called again"
    )


async def test_a_journal_that_was_moved_away_from_its_last_calls_is_not_dialled(
    path: Path, time: Time
) -> None:
    """Neither beside its writer nor afterwards, until its -wal is there too: nobody is lost."""
    moved = moved_from(path)
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        ref = (await stage.claim()).ref
        move(path)
        assert await refusal(moved) == parted(moved)
        with pytest.raises(JournalError):
            await stage.claim()
        await stage.settle(ref, Verdict.ACCEPTED)
    # Looking at it is no harm, and changes nothing.
    async with SqliteJournal(moved, read_only=True) as reader:
        await reader.campaigns()
    for _ in range(2):
        assert await refusal(moved) == parted(moved)
    take_along(wal_of(path), moved)
    async with SqliteJournal(moved, clock=time) as journal:
        rows = await journal.rows(stage.campaign)
    assert [str(row.state) for row in rows] == ["accepted", "planned", "planned"]


async def test_whoever_knows_that_the_last_calls_are_lost_goes_on(path: Path, time: Time) -> None:
    """An empty lock, made on purpose, says so."""
    moved = moved_from(path)
    async with SqliteJournal(path, clock=time) as journal:
        await staged(journal, time)
        move(path)
    assert await refusal(moved) == parted(moved)
    write(beside(moved, "lock"), "")
    async with SqliteJournal(moved, clock=time) as journal:
        await staged(journal, time, name="summer")


async def test_no_new_journal_is_made_beside_the_last_calls_of_another(
    path: Path, time: Time
) -> None:
    """SQLite would throw them away."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        await stage.claim()
        move(path)
    assert await refusal(path) == (
        f"there is no journal {path}, but {wal_of(path)} of one that was in use: put that journal "
        "back, or move this file away"
    )
    move_back(path)
    async with SqliteJournal(path, clock=time) as journal:
        rows = await journal.rows(stage.campaign)
    assert [str(row.state) for row in rows] == ["uncertain", "planned", "planned"]


async def test_a_journal_that_is_closed_may_be_moved(path: Path, time: Time) -> None:
    """It is whole by itself, and a copy of it is too."""
    async with SqliteJournal(path, clock=time) as journal:
        await staged(journal, time)
    shutil.copy(path, copy_of(path))
    move(path)
    for place in (moved_from(path), copy_of(path), path):
        async with SqliteJournal(place, clock=time) as journal:
            await staged(journal, time, name="summer")


async def test_a_journal_of_the_dead_that_was_looked_into_goes_on(path: Path) -> None:
    """Another program may bring it to an end, which takes the -wal away."""
    with holding(path, "dialling spring") as process:
        assert wal_of(path).exists()
    process.wait()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("select * from campaign").fetchall()
    assert not wal_of(path).exists()
    async with SqliteJournal(path) as journal:
        assert await journal.campaigns() == []


async def test_a_journal_of_the_dead_is_not_dialled_without_its_last_calls(path: Path) -> None:
    """Nobody was there any more to bring it to an end."""
    with holding(path, "dialling spring"):
        pass
    move(path)
    assert await refusal(moved_from(path)) == parted(moved_from(path))


async def test_a_journal_that_is_looked_at_goes_on(written: Stage, path: Path) -> None:
    """Reading it, copying it, another name for it and its own checkpoints are no reason to stop."""
    for number in range(300):
        await written.journal.plan(f"campaign {number}", {"filler": "x" * 20_000}, [])
    shutil.copy(path, path.with_name("backup"))
    async with SqliteJournal(path, read_only=True) as reader:
        await reader.campaigns()
    give_another_name(path)
    await written.claim()
    assert await written.journal.drain() == 0


async def test_an_event_is_not_kept_in_a_journal_that_is_gone(written: Stage, path: Path) -> None:
    """Whoever tells of it is to tell it again, where it is found."""
    ref = (await written.claim()).ref
    remove(path)
    with pytest.raises(JournalError, match=GONE):
        await written.journal.record(CallEvent(outcome=CallOutcome.ANSWERED, ref=ref))
