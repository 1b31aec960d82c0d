from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.sqlite import SqliteJournal
from tests.campaigns.journals import NAME, OPENERS, Stage, Time, listed, staged
from tests.doubles import phones


@pytest.fixture
def time() -> Time:
    """A clock that begins at noon and stands still."""
    return Time()


@pytest.fixture(params=[*OPENERS, "postgres"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, time: Time) -> Callable[[], Journal]:
    """What makes a journal, not yet entered: each kind in turn."""
    if request.param == "postgres":
        dsn: str = request.getfixturevalue("postgres_dsn")
        return lambda: PostgresJournal(dsn, clock=time)
    return lambda: OPENERS[request.param](tmp_path, time)


@pytest.fixture
async def journal(opened: Callable[[], Journal]) -> AsyncGenerator[Journal]:
    """An empty journal of each kind in turn, entered."""
    async with opened() as journal:
        yield journal


@pytest.fixture
async def stage(journal: Journal, time: Time) -> Stage:
    """A campaign of three recipients in a journal of each kind in turn."""
    return await staged(journal, time)


@pytest.fixture
async def path(tmp_path: Path, time: Time) -> Path:
    """A journal with one campaign, which nobody writes."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path, clock=time) as journal:
        await journal.plan(NAME, {}, listed(phones(3)))
    return path


@pytest.fixture
async def runner(path: Path, time: Time) -> AsyncGenerator[SqliteJournal]:
    """Whoever writes the journal."""
    async with SqliteJournal(path, purpose="dialling spring", clock=time) as journal:
        yield journal


@pytest.fixture
def unattended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits to see whether the writer takes a command."""
    monkeypatch.setattr("alphasms_async.campaigns.sqlite.file._TELL_SECONDS", 0)
