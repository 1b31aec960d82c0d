"""What a file promises beyond the contract of all stores."""

import sqlite3
import stat
from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyio import wait_all_tasks_blocked
from anyio.to_thread import current_default_thread_limiter
from attrs import evolve

from alphasms_async import StoreError
from alphasms_async.transactions import transact
from alphasms_async.verification import Entry, Quota, SqliteStore
from alphasms_async.verification.sqlite.opening import open_file

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000.0
ENTRY = Entry(id="one", body="380501234567", forget_at=NOW + 600, due_at=NOW, call_ids=(7,))


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Each event loop in turn."""
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is to be."""
    return tmp_path / "verifications.db"


@pytest.fixture
async def store(path: Path) -> AsyncGenerator[SqliteStore]:
    """A store that is used and open."""
    store = SqliteStore(path)
    await store.create(ENTRY, NOW)
    yield store
    await store.aclose()


async def test_file_is_its_owners_alone(store: SqliteStore, path: Path) -> None:
    """Nobody else on the machine can read the phones, in the log beside the file neither."""
    there = [one for one in path.parent.iterdir() if one.name.startswith(path.name)]
    assert len(there) == 3
    assert {0o600} == {stat.S_IMODE(one.stat().st_mode) for one in there}


async def test_commit_is_durable(path: Path) -> None:
    """A step that returned survives a power cut."""
    with closing(open_file(path)) as connection:
        settings = [
            connection.execute(f"pragma {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert settings == ["wal", 2]


async def test_entry_survives_its_process(store: SqliteStore, path: Path) -> None:
    """Another store over the file goes on where the first one was closed."""
    await store.aclose()
    other = SqliteStore(str(path))
    assert await other.find(7) == ENTRY
    await other.aclose()


async def test_forgotten_phone_is_nowhere(store: SqliteStore, path: Path) -> None:
    """When an entry's time is over nothing of it stays, not even in what the file has freed."""
    await store.take("ticket", [Quota("phone", 1, 60.0)], NOW)
    await store.forget(ENTRY.forget_at)
    assert (await store.get("one"), await store.find(7)) == (None, None)
    await store.aclose()
    assert ENTRY.body.encode() not in await anyio.Path(path).read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select count(*) from ticket").fetchone() == (0,)


async def test_file_of_something_else_is_left_alone(path: Path) -> None:
    """A database that is no store of ours is refused, and nothing is made in it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table theirs(x)")
    with pytest.raises(StoreError, match="no store of verifications"):
        await SqliteStore(path).get("one")
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("select name from sqlite_master").fetchall()
    assert tables == [("theirs",)]


async def test_file_of_a_newer_version_is_refused(store: SqliteStore, path: Path) -> None:
    """What a later version of this package has made is not written by this one."""
    await store.aclose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 2")
    with pytest.raises(StoreError):
        await store.get("one")


async def test_rubbish_is_refused(path: Path) -> None:
    """A file that is no database is told so."""
    await anyio.Path(path).write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="no store of verifications"):
        await SqliteStore(path).get("one")


async def test_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A file in a folder that is not there is an error of ours, in one line."""
    with pytest.raises(StoreError, match="No such file") as caught:
        await SqliteStore(tmp_path / "nowhere" / "file").get("one")
    assert "\n" not in str(caught.value)


async def test_locked_file_is_told(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that does not let go of the file is named as the reason."""
    monkeypatch.setattr("alphasms_async.verification.sqlite.opening._BUSY_SECONDS", 0.01)
    await store.aclose()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        with pytest.raises(StoreError, match="another program has locked it"):
            await store.replace(ENTRY, NOW)
        connection.execute("rollback")
    assert await store.replace(ENTRY, NOW)


async def test_locked_file_holds_up_nobody_but_its_store(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who wait hold none of the program's threads but one, and are told together."""
    tried: list[str] = []

    def counted(connection: sqlite3.Connection, work: Any) -> Any:
        tried.append("once")
        return transact(connection, work)

    async def fail() -> None:
        with pytest.raises(StoreError, match="another program has locked it"):
            await store.replace(ENTRY, NOW)

    monkeypatch.setattr("alphasms_async.verification.sqlite.opening._BUSY_SECONDS", 0.2)
    monkeypatch.setattr("alphasms_async.verification.sqlite.file.transact", counted)
    await store.aclose()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(fail)
            await wait_all_tasks_blocked()
            assert current_default_thread_limiter().borrowed_tokens == 1
        connection.execute("rollback")
    assert tried == ["once"]


async def test_failed_step_leaves_no_half(store: SqliteStore) -> None:
    """A step that fails in its middle has changed nothing, and the next one works."""
    too_big = evolve(ENTRY, id="two", call_ids=(8, 2**70))
    with pytest.raises(StoreError):
        await store.create(too_big, NOW)
    assert (await store.get("two"), await store.find(8)) == (None, None)


async def test_store_serves_one_loop_after_another(path: Path) -> None:
    """A store made before a loop began, and used by two, is the same store."""
    store = SqliteStore(path)

    async def use(number: int) -> None:
        await store.create(evolve(ENTRY, id=str(number), call_ids=()), NOW)

    for number in range(2):
        await anyio.to_thread.run_sync(anyio.run, use, number)
    assert await store.get("0") is not None
    assert await store.get("1") is not None
    await store.aclose()


async def test_file_that_was_taken_away_is_left_for_the_one_that_lies_there(
    store: SqliteStore, path: Path
) -> None:
    """Who has a file open that nobody else can find would send what the others send too."""
    await anyio.Path(path).unlink()
    other = SqliteStore(path)
    await other.create(evolve(ENTRY, id="two", call_ids=(8,)), NOW)
    assert [await store.get(id) is not None for id in ("one", "two")] == [False, True]
    await store.create(ENTRY, NOW)
    assert await other.get("one") == await store.get("one")
    await other.aclose()
