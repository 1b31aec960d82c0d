"""A database that goes away, and may come back."""

from collections.abc import Generator

import anyio.to_thread
import pytest

from alphasms_async import JournalError
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.states import RowState, Verdict
from tests.campaigns.journals import NAME, Stage, Time, staged
from tests.postgresql import Server, empty

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server() -> Generator[Server]:
    """A server that may be stopped at will."""
    with Server() as server:
        yield server


@pytest.fixture
def dsn(server: Server) -> str:
    """Its database, without a campaign; it runs."""
    dsn = server.dsn()
    empty(dsn)
    return dsn


async def test_an_answer_waits_for_the_database(server: Server, dsn: str, time: Time) -> None:
    """Of a call that was in flight when it crashed; nothing more is begun."""
    async with PostgresJournal(dsn, clock=time) as journal:
        stage = await staged(journal, time)
        ref = (await stage.claim()).ref
        await anyio.to_thread.run_sync(server.restart)
        with pytest.raises(JournalError, match="cannot be used"):
            await journal.claim(stage.campaign)
        assert await stage.settle(ref, Verdict.ACCEPTED) is RowState.ACCEPTED
        with pytest.raises(JournalError, match="cannot be used"):
            await journal.claim(stage.campaign)
        assert await stage.states() == ["accepted", "planned", "planned"]


async def test_an_answer_does_not_wait_for_ever(server: Server, dsn: str, time: Time) -> None:
    """After a lease without the database whoever told it knows; the call is uncertain."""
    async with PostgresJournal(dsn, lease_seconds=0.2, clock=time) as journal:
        stage = await staged(journal, time)
        ref = (await stage.claim()).ref
        await anyio.to_thread.run_sync(server.crash)
        try:
            with pytest.raises(JournalError, match="cannot be used"):
                await stage.settle(ref, Verdict.ACCEPTED)
        finally:
            await anyio.to_thread.run_sync(server.start)
    async with PostgresJournal(dsn, clock=time) as journal:
        campaign = (await journal.campaign(NAME)).id
        assert await Stage(journal, time, campaign).states() == ["uncertain", "planned", "planned"]


async def test_what_is_read_comes_back_with_the_database(
    server: Server, dsn: str, time: Time
) -> None:
    """So whoever only watches need not begin anew."""
    async with PostgresJournal(dsn, clock=time) as journal:
        stage = await staged(journal, time)
        await stage.rows()
        await anyio.to_thread.run_sync(server.crash)
        try:
            with pytest.raises(JournalError, match="cannot be used"):
                await stage.rows()
        finally:
            await anyio.to_thread.run_sync(server.start)
        assert len(await stage.rows()) == 3


async def test_a_crash_forgets_no_intent(server: Server, dsn: str, time: Time) -> None:
    """Whoever was claimed before it is claimed by nobody after it."""
    async with PostgresJournal(dsn, clock=time) as journal:
        stage = await staged(journal, time)
        first = (await stage.claim()).ref
        await anyio.to_thread.run_sync(server.restart)
    async with PostgresJournal(dsn, clock=time) as journal:
        again = Stage(journal, time, stage.campaign)
        assert (await again.row(first)).attempts == 1
        assert (await again.claim()).ref.recipient != first.recipient


async def test_a_database_that_says_nothing_is_lost(server: Server, dsn: str, time: Time) -> None:
    """After a lease nobody waits for it; the answer in flight is written once it speaks."""
    async with PostgresJournal(dsn, lease_seconds=0.5, clock=time) as journal:
        stage = await staged(journal, time)
        ref = (await stage.claim()).ref
        with server.frozen(), pytest.raises(JournalError, match="cannot be used"):
            await journal.claim(stage.campaign)
        assert await stage.settle(ref, Verdict.ACCEPTED) is RowState.ACCEPTED
