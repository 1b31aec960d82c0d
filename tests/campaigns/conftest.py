from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from alphasms_async.campaigns.journal import Journal
from tests.campaigns.journals import OPENERS, Stage, Time, staged


@pytest.fixture
def time() -> Time:
    """A clock that begins at noon and stands still."""
    return Time()


@pytest.fixture(params=OPENERS)
def opened(request: pytest.FixtureRequest, tmp_path: Path, time: Time) -> Callable[[], Journal]:
    """What makes a journal, not yet entered: each kind in turn."""
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
