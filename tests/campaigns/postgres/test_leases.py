"""Who is at work, and what becomes of the calls of whoever is gone."""

import asyncio

import pytest

from alphasms_async import InvalidRequest, JournalLocked
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.states import RowState, Verdict
from tests.campaigns.journals import PRICE, Stage, Time, listed
from tests.campaigns.postgres.databases import Database
from tests.doubles import phones

FRESH = "select bool_and(beat + lease > clock_timestamp()) from alphasms.owner"


@pytest.mark.anyio
async def test_whoever_only_looks_takes_no_lease(here: Stage, database: Database) -> None:
    """Planning and reading make nobody one of those at work."""
    await here.rows()
    assert database.value("select count(*) from alphasms.owner") == 0
    assert isinstance(here.journal, PostgresJournal)
    assert await here.journal.dialers(here.campaign) == 0


@pytest.mark.anyio
async def test_a_claim_prolongs_the_lease(here: Stage, database: Database) -> None:
    """Whoever dials without a pause needs no other sign of life."""
    await here.claim()
    database.age()
    assert not database.value(FRESH)
    await here.claim()
    assert database.value(FRESH)


@pytest.mark.anyio
async def test_a_lease_is_prolonged_without_claims(postgres_dsn: str, database: Database) -> None:
    """Whoever waits for answers lives."""
    async with PostgresJournal(postgres_dsn, lease_seconds=0.3) as journal:
        await journal.plan("spring", {}, [])
        campaign = (await journal.campaign("spring")).id
        assert await journal.claim(campaign) is None
        database.age()
        await database.wait_until(FRESH)


@pytest.mark.anyio
async def test_calls_of_a_lost_lease_are_uncertain(
    here: Stage, there: Stage, database: Database
) -> None:
    """Whoever looks next finds them so, with what they may have cost held."""
    ref = (await here.claim(reserved=PRICE)).ref
    database.age()
    assert await there.journal.drain() == 1
    assert await there.states() == ["uncertain", "planned", "planned"]
    assert (await there.ledger())[ref].error == "its dialer ended before the answer came"
    assert (await there.journal.money(there.campaign)).held == PRICE


@pytest.mark.anyio
async def test_calls_of_a_living_lease_are_left_alone(here: Stage, there: Stage) -> None:
    """However often others look."""
    await here.claim()
    assert await there.journal.drain() == 0
    async with there.journal.taken_up(there.campaign):
        assert await there.states() == ["dialing", "planned", "planned"]


@pytest.mark.anyio
async def test_whoever_lost_the_lease_begins_nothing_more(
    here: Stage, there: Stage, database: Database
) -> None:
    """However well he is, and what he was in the middle of is told and settles the doubt."""
    ref = (await here.claim()).ref
    database.age()
    await there.journal.drain()
    with pytest.raises(JournalLocked, match=r"away from the journal .* longer than its lease"):
        await here.claim()
    assert await there.states() == ["uncertain", "planned", "planned"]
    assert await here.settle(ref, Verdict.ACCEPTED) is RowState.ACCEPTED


@pytest.mark.anyio
async def test_what_is_given_back_too_late_stays_uncertain(
    here: Stage, there: Stage, database: Database
) -> None:
    """Nobody can say what else that process did, so that is left to a person."""
    ref = (await here.claim()).ref
    database.age()
    await there.journal.drain()
    assert await here.settle(ref, Verdict.PUT_BACK) is RowState.UNCERTAIN
    assert await there.states() == ["uncertain", "planned", "planned"]


@pytest.mark.anyio
async def test_a_lease_that_nobody_took_goes_on(here: Stage, database: Database) -> None:
    """A process that was away, and missed by nobody, has lost nothing."""
    ref = (await here.claim()).ref
    database.age()
    await here.claim()
    assert await here.settle(ref, Verdict.PUT_BACK) is RowState.PLANNED


@pytest.mark.anyio
async def test_whoever_leaves_is_gone_at_once(
    postgres_dsn: str, here: Stage, time: Time, database: Database
) -> None:
    """Nobody waits for the lease of a process that has ended as it should."""
    async with PostgresJournal(postgres_dsn, clock=time) as leaving:
        assert await leaving.claim(here.campaign) is not None
    assert await here.states() == ["uncertain", "planned", "planned"]
    assert database.value("select gone_at is not null from alphasms.owner")


@pytest.mark.anyio
async def test_whoever_comes_looks_for_those_who_are_gone(
    postgres_dsn: str, here: Stage, time: Time, database: Database
) -> None:
    """So a command tells the truth, though nobody is at work."""
    await here.claim()
    database.age()
    async with PostgresJournal(postgres_dsn, clock=time):
        assert await here.states() == ["uncertain", "planned", "planned"]


@pytest.mark.anyio
async def test_a_lease_lasts_no_longer_for_a_clock_set_back(
    here: Stage, there: Stage, database: Database
) -> None:
    """Whoever died before that is not taken to live until it is that late again."""
    await here.claim()
    # A sign of life from the future, as it looks once the clock is an hour back.
    database.age(-3600)
    assert await there.journal.drain() == 1
    assert await there.states() == ["uncertain", "planned", "planned"]


@pytest.mark.anyio
async def test_those_at_work_are_counted(here: Stage, there: Stage, database: Database) -> None:
    """By their leases, not by what they once were."""
    journal = there.journal
    assert isinstance(journal, PostgresJournal)
    async with here.journal.taken_up(here.campaign):
        async with there.journal.taken_up(there.campaign):
            assert await journal.dialers(here.campaign) == 2
        assert await journal.dialers(here.campaign) == 1
        database.age()
        assert await journal.dialers(here.campaign) == 0


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "30", True])
def test_a_lease_is_a_number_of_seconds(seconds: float) -> None:
    """Anything else is refused in one line."""
    with pytest.raises(InvalidRequest, match="lease_seconds is a number of seconds above 0"):
        PostgresJournal("postgresql://localhost/calls", lease_seconds=seconds)


@pytest.mark.asyncio
async def test_a_first_claim_cancelled_by_the_loop_leaves_a_lease_that_holds(
    postgres_dsn: str, database: Database
) -> None:
    """Its thread goes on: whoever claims next is the owner that it has made, and is prolonged."""
    async with PostgresJournal(postgres_dsn, lease_seconds=0.6) as journal:
        await journal.plan("spring", {}, listed(phones(3)))
        campaign = (await journal.campaign("spring")).id
        with database.transaction() as other:
            other.execute(b"lock table alphasms.owner in exclusive mode")
            claiming = asyncio.create_task(journal.claim(campaign))
            await database.wait_for_a_wait()
            claiming.cancel()
            await asyncio.wait([claiming])
        assert await journal.claim(campaign) is not None
        owners = "select array_agg(distinct owner)::text from alphasms.attempt"
        assert database.value(owners) == "{1}"
        assert database.value("select count(*) from alphasms.owner") == 1
        database.age()
        await database.wait_until(FRESH)


@pytest.mark.anyio
async def test_a_journal_is_entered_once_at_a_time(postgres_dsn: str, here: Stage) -> None:
    """It goes on where somebody tries it, and after its end it may be entered again."""
    journal = PostgresJournal(postgres_dsn)
    async with journal:
        await journal.claim(here.campaign)
        with pytest.raises(RuntimeError, match="the journal is entered already"):
            await journal.__aenter__()
        await journal.claim(here.campaign)
    async with journal:
        await journal.claim(here.campaign)
        assert await here.states() == ["uncertain", "uncertain", "dialing"]
