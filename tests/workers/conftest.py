from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.postgresql import empty
from tests.workers.stage import Held, Stage, staged


@pytest.fixture
def jobs_dsn(postgres_dsn: str) -> str:
    """A database in which no job is left of the test before."""
    empty(postgres_dsn, "alphasms_jobs")
    return postgres_dsn


@pytest_asyncio.fixture
async def stage(jobs_dsn: str, tmp_path: Path) -> AsyncGenerator[Stage]:
    """A database with nothing in its tables, and a gateway that answers at once."""
    async with staged(jobs_dsn, tmp_path, Held(is_open=True)) as stage:
        yield stage


@pytest_asyncio.fixture
async def held(jobs_dsn: str, tmp_path: Path) -> AsyncGenerator[Stage]:
    """A database with nothing in its tables, and a gateway that answers when it is let."""
    async with staged(jobs_dsn, tmp_path, Held()) as stage:
        yield stage
