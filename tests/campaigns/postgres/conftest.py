from collections.abc import AsyncGenerator

import pytest

from alphasms_async.campaigns.postgres import PostgresJournal
from tests.campaigns.journals import Stage, Time, staged
from tests.campaigns.postgres.databases import Database


@pytest.fixture
def database(postgres_dsn: str) -> Database:
    """A database without a campaign."""
    return Database(postgres_dsn)


@pytest.fixture
async def first(postgres_dsn: str, time: Time) -> AsyncGenerator[PostgresJournal]:
    """The journal of one process."""
    async with PostgresJournal(postgres_dsn, clock=time) as journal:
        yield journal


@pytest.fixture
async def second(postgres_dsn: str, time: Time) -> AsyncGenerator[PostgresJournal]:
    """The journal of another process, which takes it that time passes alike."""
    async with PostgresJournal(postgres_dsn, clock=time) as journal:
        yield journal


@pytest.fixture
async def here(first: PostgresJournal, time: Time) -> Stage:
    """A campaign of three recipients, as the first process has it."""
    return await staged(first, time)


@pytest.fixture
async def there(here: Stage, second: PostgresJournal, time: Time) -> Stage:
    """The same campaign, as the second process has it."""
    return Stage(second, time, here.campaign)
