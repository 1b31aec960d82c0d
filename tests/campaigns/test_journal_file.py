"""The journal's file: it survives its process, says what that left open, and may be read by all."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from alphasms_async.campaigns.commands import AddDoNotCall, Pause
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import JournalError
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, PRICE, Stage, Time, ended, listed, staged
from tests.campaigns.paths import beside, mode
from tests.doubles import phones

pytestmark = pytest.mark.anyio

DURABLE = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "checkpoint_fullfsync": 1}
WEEK_SECONDS = 7 * 24 * 3600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal that is not there yet."""
    return tmp_path / "calls.journal"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Every connection to SQLite, as soon as it is opened: the writer's is the first."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def connecting(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connecting)
    return opened


def raw(path: Path, sql: str) -> list[Any]:
    """Return what stands in the file, past the journal."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def everything(journal: Journal) -> list[object]:
    """Return all that a journal tells."""
    told: list[object] = [await journal.campaigns(), await journal.do_not_call()]
    for campaign in await journal.campaigns():
        told += [await journal.rows(campaign.id), await journal.attempts(campaign.id)]
        told += [await journal.tally(campaign.id), await journal.money(campaign.id)]
    return told


async def lived_in(journal: Journal, time: Time) -> Stage:
    """Plan a campaign in which everything has happened to somebody, and nobody is in flight."""
    await staged(journal, time, name="summer")
    stage = await staged(journal, time, 9)
    for state in RowState:
        if state not in {RowState.DIALING, RowState.PLANNED, RowState.SKIPPED}:
            await stage.bring(state)
    await stage.attempt(Verdict.ACCEPTED, gateway_id=9, price=PRICE)
    await stage.attempt(Verdict.PUT_BACK, rest_seconds=60, error="limit")
    await stage.apply(AddDoNotCall(tuple(phones(2))))
    await journal.halt(stage.campaign, "the budget is reached")
    return stage


async def test_a_journal_is_for_its_owner_alone(path: Path) -> None:
    """It holds phones, and so do the files beside it."""
    async with SqliteJournal(path) as journal:
        await journal.plan(NAME, {}, listed(phones(3)))
        beside_it = [path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))]
        assert [mode(one) for one in beside_it] == [0o600] * 3
        assert mode(beside(path, "lock")) == 0o600


async def test_everything_is_there_when_it_is_opened_again(path: Path, time: Time) -> None:
    """Nothing changes by closing and opening while nobody is in flight."""
    async with SqliteJournal(path, clock=time) as journal:
        await lived_in(journal, time)
        before = await everything(journal)
    for _ in range(2):
        async with SqliteJournal(path, clock=time) as journal:
            assert await everything(journal) == before


async def test_one_journal_may_be_opened_again_and_again(path: Path) -> None:
    """The same object serves, as often as it is entered."""
    journal = SqliteJournal(path)
    for count in range(3):
        async with journal:
            await journal.plan(f"campaign {count}", {}, [])
            assert len(await journal.campaigns()) == count + 1


async def test_who_was_in_flight_is_uncertain_after_the_death_of_its_dialer(
    path: Path, time: Time
) -> None:
    """Rows and attempts say so and why, the budget stays held, and nobody is dialled again."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        refs = [(await stage.claim(reserved=PRICE)).ref for _ in range(2)]
        await stage.settle(refs[0], Verdict.ACCEPTED, price=PRICE)
    died_at = time.forward(60)
    async with SqliteJournal(path, clock=time) as journal:
        rows = await journal.rows(stage.campaign)
        assert [str(row.state) for row in rows] == ["accepted", "uncertain", "planned"]
        attempt = (await journal.attempts(stage.campaign))[1]
        assert (attempt.verdict, attempt.settled_at) == (Verdict.UNCERTAIN, died_at)
        assert attempt.error == rows[1].error == "its dialer ended before the answer came"
        money = await journal.money(stage.campaign)
        assert (money.spent, money.held) == (PRICE, PRICE)
        claimed = await journal.claim(stage.campaign)
        assert claimed is not None
        assert claimed.ref == Ref(rows[2].id, 1)


async def test_an_event_proves_what_a_dead_dialer_left_open(path: Path, time: Time) -> None:
    """A call whose event came with an unknown word is known to have been made."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        refs = [(await stage.claim()).ref for _ in range(3)]
        await stage.event(CallOutcome.UNKNOWN, refs[0])
        await stage.event(CallOutcome.BUSY, refs[1])
    async with SqliteJournal(path, clock=time) as journal:
        rows = await journal.rows(stage.campaign)
        assert [str(row.state) for row in rows] == ["accepted", "done", "uncertain"]


async def test_a_late_answer_settles_what_a_dead_dialer_left(path: Path, time: Time) -> None:
    """The next writer may learn the truth of an attempt it never made."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        ref = (await stage.claim()).ref
    async with SqliteJournal(path, clock=time) as journal:
        assert await journal.settle(ended(ref, Verdict.REFUSED)) is RowState.REFUSED


@pytest.mark.parametrize(("seconds", "state"), [(0, "done"), (1, "accepted")])
async def test_an_early_event_waits_for_a_week(
    path: Path, time: Time, seconds: int, state: str
) -> None:
    """It survives its process; what no call has asked for in seven days is taken out."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        await journal.record(CallEvent(outcome=CallOutcome.BUSY, id=9))
    time.forward(WEEK_SECONDS + seconds)
    async with SqliteJournal(path, clock=time) as journal:
        stage = Stage(journal, time, stage.campaign)
        ref = await stage.attempt(Verdict.ACCEPTED, gateway_id=9)
        assert (await stage.row(ref)).state == state


async def test_what_a_commit_returned_is_on_the_disk(
    path: Path, made: list[sqlite3.Connection]
) -> None:
    """The writer's connection really is in WAL mode and flushes at every commit."""
    async with SqliteJournal(path):
        writer = made[0]
        told = {name: writer.execute(f"pragma {name}").fetchone()[0] for name in DURABLE}
        assert told == DURABLE
        assert writer.execute("pragma foreign_keys").fetchone() == (1,)


@pytest.mark.parametrize("level", ["normal", "off"])
async def test_a_disk_that_cannot_be_relied_on_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """The level is read back and insisted on."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.opening._SYNCHRONOUS", (level, 2))
    with pytest.raises(JournalError) as caught:
        async with SqliteJournal(path):
            pass
    assert str(caught.value) == (f"the journal {path} cannot be made durable on this disk: move it")


async def test_every_writer_is_on_record(path: Path, time: Time) -> None:
    """Who wrote the file is kept, the newest last: the fence for the older ones."""
    for _ in range(3):
        async with SqliteJournal(path, clock=time):
            pass
    assert raw(path, "select id, since from owner") == [
        (number, time.now.timestamp()) for number in (1, 2, 3)
    ]


async def test_a_reader_sees_what_is_written_beside_it(path: Path, time: Time) -> None:
    """Each read tells what was durable when it began."""
    async with (
        SqliteJournal(path, clock=time) as writer,
        SqliteJournal(path, read_only=True) as reader,
    ):
        stage = await lived_in(writer, time)
        assert await everything(reader) == await everything(writer)
        await stage.apply(Pause(NAME))
        assert (await reader.campaign(NAME)).state == "paused"


async def test_a_reader_changes_nothing(path: Path, time: Time) -> None:
    """Its writes are refused in one line, and those in flight stay in flight."""
    async with SqliteJournal(path, clock=time) as writer:
        stage = await staged(writer, time)
        await stage.claim()
        async with SqliteJournal(path, read_only=True) as reader:
            for write in (reader.claim(stage.campaign), reader.plan("summer", {}, [])):
                with pytest.raises(JournalError) as caught:
                    await write
                assert str(caught.value) == f"the journal {path} is open for reading only"
        assert await stage.states() == ["dialing", "planned", "planned"]


async def test_a_journal_that_nobody_writes_can_be_read(path: Path, time: Time) -> None:
    """Without a writer a reader finds everything, and leaves those in flight as they are."""
    async with SqliteJournal(path, clock=time) as writer:
        stage = await staged(writer, time)
        await stage.claim()
    for _ in range(2):
        async with SqliteJournal(path, read_only=True) as reader:
            rows = await reader.rows(stage.campaign)
            assert [str(row.state) for row in rows] == ["dialing", "planned", "planned"]


async def test_reads_go_on_while_a_campaign_is_planned(path: Path, time: Time) -> None:
    """A long list keeps nobody from looking, and nobody sees half of it."""
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        seen: list[int] = []

        def rows() -> Iterator[Any]:
            yield from listed(phones(100))
            # In the writer's thread, with most of the list written and nothing of it committed.
            seen.append(len(raw(path, "select 1 from campaign")))
            seen.append(len(raw(path, "select 1 from recipient")))

        await journal.plan("summer", {}, rows())
        assert seen == [1, 3]
        assert len(await journal.campaigns()) == 2
        assert await stage.states() == ["planned"] * 3
