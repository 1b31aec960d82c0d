"""Journals by their places: a file and a database are opened, told, and looked at alike."""

import sys
from pathlib import Path

import pytest

from alphasms_async import AlphaSMS, JournalError
from alphasms_async.campaigns import (
    CampaignState,
    EventSender,
    Pause,
    Polled,
    Ref,
    RowRecord,
    RowState,
    SqliteJournal,
    Told,
    Verdict,
    open_journal,
    poll,
    tell,
)
from alphasms_async.campaigns.places import AtWork, at_work
from alphasms_async.campaigns.postgres import PostgresJournal
from tests.campaigns.hooks import called
from tests.campaigns.journals import NAME, ended, listed
from tests.campaigns.paths import names
from tests.campaigns.statuses import telling
from tests.doubles import KEY, FakeGateway, phones

pytestmark = pytest.mark.anyio

PASSWORD = "hunter2"
ID = 100500


@pytest.fixture(params=["file", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where a journal may be: a file that is not there, a database with no campaign in it."""
    if request.param == "file":
        return tmp_path / "calls.journal"
    dsn: str = request.getfixturevalue("postgres_dsn")
    return dsn.replace("postgres@", f"postgres:{PASSWORD}@")


@pytest.fixture
async def planned(place: str | Path) -> str | Path:
    """A journal with a campaign of three, which nobody dials."""
    async with open_journal(place) as journal:
        await journal.plan(NAME, {}, listed(phones(3)))
    return place


async def accepted(place: str | Path) -> Ref:
    """Have the gateway accept a call to the first recipient."""
    async with open_journal(place) as journal:
        claimed = await journal.claim((await journal.campaign(NAME)).id)
        assert claimed is not None
        await journal.settle(ended(claimed.ref, Verdict.ACCEPTED, gateway_id=ID))
        return claimed.ref


async def first(place: str | Path) -> RowRecord:
    """Return the first recipient."""
    async with open_journal(place, read_only=True) as journal:
        row, *_ = await journal.rows((await journal.campaign(NAME)).id)
        return row


async def test_a_place_leads_to_its_journal(place: str | Path) -> None:
    """Which says where it is, so that it can be opened again."""
    journal = open_journal(place)
    assert isinstance(journal, PostgresJournal if isinstance(place, str) else SqliteJournal)
    assert journal.place == place
    assert PASSWORD not in repr(journal)


async def test_a_place_may_be_a_paths_text(tmp_path: Path) -> None:
    """What is no DSN is a file, whether it is a path or the text of one."""
    path = tmp_path / "calls.journal"
    assert open_journal(str(path)).place == path


async def test_a_campaign_is_paused_wherever_it_is(planned: str | Path) -> None:
    """Nobody dials it, so it is done when this returns."""
    assert await tell(planned, [Pause(NAME)]) is Told.DONE
    async with open_journal(planned, read_only=True) as journal:
        assert (await journal.campaign(NAME)).state is CampaignState.PAUSED


async def test_a_database_is_told_while_others_dial(planned: str | Path) -> None:
    """There a command is done at once, where whoever writes a file finds it later."""
    async with open_journal(planned) as journal:
        campaign = (await journal.campaign(NAME)).id
        async with journal.taken_up(campaign):
            told = await tell(planned, [Pause(NAME)], is_awaited=False)
            is_paused = (await journal.campaign(NAME)).state is CampaignState.PAUSED
    assert (told, is_paused) == (
        (Told.DONE, True) if isinstance(planned, str) else (Told.LEFT, False)
    )


async def test_who_is_at_work_is_known_to_others(planned: str | Path) -> None:
    """Whether anybody dials, and for a file, which one process may write it."""
    async with open_journal(planned, read_only=True) as onlooker:
        record = await onlooker.campaign(NAME)
        assert await at_work(onlooker, record) == AtWork()
        async with open_journal(planned, purpose="dialling spring") as journal:
            async with journal.taken_up(record.id):
                work = await at_work(onlooker, record)
            after = await at_work(onlooker, record)
    assert (work.dialers, work.is_anybody, after.dialers) == (1, True, 0)
    holders = [(one.holder or "").partition(" (")[0] for one in (work, after)]
    assert holders == (["", ""] if isinstance(planned, str) else ["dialling spring"] * 2)


async def test_workers_that_are_wanted_are_somebody(postgres_dsn: str) -> None:
    """They are about to dial it, though none of them does yet."""
    async with PostgresJournal(postgres_dsn) as journal:
        await journal.plan(NAME, {}, listed(phones(3)))
        await journal.enlist(NAME, 4)
        work = await at_work(journal, await journal.campaign(NAME))
    assert (work, work.is_anybody) == (AtWork(wanted=4), True)


async def test_an_event_is_left_wherever_the_journal_is(planned: str | Path) -> None:
    """It is recorded when this returns, with the moment it came."""
    await EventSender(planned)(called(await accepted(planned), seconds=5, digits="1"))
    row = await first(planned)
    assert (row.state, row.seconds, row.digits) == (RowState.DONE, 5, "1")
    assert row.told_at is not None


async def test_outcomes_are_asked_for_wherever_the_journal_is(planned: str | Path) -> None:
    """A journal that is open to be looked into is told all the same."""
    await accepted(planned)
    gateway = FakeGateway(telling({ID: "102"}))
    async with (
        open_journal(planned, read_only=True) as journal,
        AlphaSMS(KEY, transport=gateway) as alphasms,
    ):
        assert await poll(alphasms, journal, NAME) == Polled(1, 1, 0, left=0)
    assert (await first(planned)).state is RowState.DONE


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_journal_that_must_be_there_is_not_made(
    fresh_postgres_dsn: str, tmp_path: Path, *, read_only: bool
) -> None:
    """One line says so, and a second look finds nothing either."""
    for place in (fresh_postgres_dsn, fresh_postgres_dsn, tmp_path / "calls.journal"):
        with pytest.raises(JournalError, match=r"there is no journal .*: plan a campaign first"):
            async with open_journal(place, read_only=read_only, must_exist=not read_only):
                pass
    assert names(tmp_path) == []


async def test_an_event_is_sent_to_no_database_without_a_journal(fresh_postgres_dsn: str) -> None:
    """There is nobody to tell of it."""
    with pytest.raises(JournalError, match="there is no journal"):
        await EventSender(fresh_postgres_dsn)(called(Ref(1, 1)))


def test_a_sender_shows_no_password() -> None:
    """Not even in its repr."""
    assert PASSWORD not in repr(EventSender(f"postgresql://u:{PASSWORD}@h/db"))


@pytest.mark.parametrize(
    "place", ["mysql://u:hunter2@h/db", "postgresql://u:hunter2/x@h/db", "host=h password=hunter2"]
)
async def test_a_place_that_cannot_be_is_refused(place: str) -> None:
    """In one line, whatever is to be done with it."""
    with pytest.raises(JournalError) as opened:
        open_journal(place)
    with pytest.raises(JournalError) as told:
        await tell(place, [Pause(NAME)])
    assert PASSWORD not in str(opened.value) + str(told.value)


async def test_the_extra_is_told_where_it_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a DSN asks for it, and one line says how it is installed."""
    for name in [one for one in sys.modules if one.startswith("alphasms_async.campaigns.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    open_journal("calls.journal")
    with pytest.raises(ImportError, match=r'needs psycopg.*"alphasms-async\[postgres\]"'):
        open_journal("postgresql://u@h/db")


def test_a_file_is_no_database() -> None:
    """An address is refused where a path is meant, and its password is not shown."""
    with pytest.raises(JournalError, match="a journal in PostgreSQL is a PostgresJournal") as told:
        SqliteJournal("postgresql://olena:hush@127.0.0.1/calls")
    assert "hush" not in str(told.value)
