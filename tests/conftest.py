"""What every test stands on: both event loops, a deadline, no environment, no waiting."""

import inspect
import os
from collections.abc import Awaitable, Callable, Generator
from functools import wraps
from typing import Any

import anyio
import pytest
from hypothesis import settings

DEADLINE_SECONDS = 20

settings.register_profile("alphasms", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("alphasms")


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    """Each event loop in turn, for the tests marked `anyio`."""
    return request.param


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give every async test a deadline, so that a hang is a failure with a name."""
    if not isinstance(item, pytest.Function):
        return
    if hasattr(item.obj, "hypothesis"):
        handle = item.obj.hypothesis
        if inspect.iscoroutinefunction(handle.inner_test):
            handle.inner_test = _in_time(handle.inner_test)
    elif inspect.iscoroutinefunction(item.obj):
        item.obj = _in_time(item.obj)


def _in_time(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @wraps(test)
    async def test_in_time(*args: Any, **kwargs: Any) -> None:
        with anyio.fail_after(DEADLINE_SECONDS):
            await test(*args, **kwargs)

    return test_in_time


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key or a gateway that the machine is set up for reaches no test."""
    for name in [name for name in os.environ if name.startswith("ALPHASMS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats come at once: no test waits for a retry."""

    def none(attempt: int) -> float:
        return 0.0

    monkeypatch.setattr("alphasms_async.exchange._pause", none)


@pytest.fixture(scope="session")
def postgres_server() -> Generator[str]:
    """A database on a server of PostgreSQL that is there while the tests are; it never crashes."""
    from tests.postgresql import running

    with running() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Generator[str]:
    """The one database that this process's tests share."""
    from tests.postgresql import new_database

    with new_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def postgres_dsn(postgres_database: str) -> str:
    """A database in which no row is left of the test before; its tables may be there already."""
    from tests.postgresql import empty

    empty(postgres_database)
    return postgres_database


@pytest.fixture
def fresh_postgres_dsn(postgres_server: str) -> Generator[str]:
    """A database in which there is nothing at all, and which is nobody else's."""
    from tests.postgresql import new_database

    with new_database(postgres_server) as dsn:
        yield dsn
