"""What a server promises beyond the contract of all stores."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import evolve
from redis.asyncio import Redis

from alphasms_async import ConfigurationError, StoreError
from alphasms_async.verification import Entry, Quota, RedisStore

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000.0
ENTRY = Entry(id="one", body="ґ", forget_at=NOW + 600, due_at=NOW, call_ids=(7,))
QUOTA = Quota("phone", 2, 60.0)


def connected(url: str, **options: Any) -> Any:
    """Return a client of the caller's own."""
    # Its own types leave its options open.
    return Redis.from_url(url, **options)  # pyright: ignore[reportUnknownMemberType]


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that the client of Redis runs on."""
    return "asyncio"


@pytest.fixture
async def client(redis_url: str) -> AsyncGenerator[Any]:
    """A client of its own to look into the server."""
    async with connected(redis_url) as client:
        yield client


@pytest.fixture
async def store(redis_url: str, tmp_path: Path) -> AsyncGenerator[RedisStore]:
    """An empty store."""
    store = RedisStore(redis_url, prefix=str(tmp_path))
    yield store
    await store.aclose()


async def test_nothing_stays_for_ever(store: RedisStore, client: Any, tmp_path: Path) -> None:
    """Every key that is made expires by itself, none much later than it is needed."""
    await store.create(ENTRY, NOW)
    await store.replace(ENTRY, NOW)
    await store.take("ticket", [QUOTA], NOW)
    keys = [key async for key in client.scan_iter(f"{{{tmp_path}}}*")]
    assert len(keys) == 4
    assert not [key for key in keys if not 0 < await client.ttl(key) <= 600]


async def test_forgotten_entry_is_due_no_more(
    store: RedisStore, client: Any, tmp_path: Path
) -> None:
    """What the server has forgotten is taken out of what is due."""
    await store.create(ENTRY, NOW)
    await client.delete(f"{{{tmp_path}}}:v:one")
    assert await store.due(NOW, 9) == []
    assert await store.next_due() is None


@pytest.mark.parametrize(("field", "value"), [("due_at", "soon"), ("body", b"\xff")])
async def test_what_is_no_entry_is_nobodys(
    store: RedisStore, client: Any, tmp_path: Path, field: str, value: str | bytes
) -> None:
    """What another program has put in an entry's place is none, and is due no more."""
    await store.create(ENTRY, NOW)
    await client.hset(f"{{{tmp_path}}}:v:one", field, value)
    assert await store.due(NOW, 9) == []
    assert await store.next_due() is None
    assert await store.get("one") is None


async def test_entry_that_is_begun_meanwhile_is_due_no_more(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another process has put off between two questions is not taken for due."""
    await store.create(ENTRY, NOW)
    get = store.get

    async def late(id: str) -> Entry | None:
        await store.replace(evolve(ENTRY, due_at=NOW + 40), NOW)
        return await get(id)

    monkeypatch.setattr(store, "get", late)
    assert await store.due(NOW, 9) == []


async def test_repeated_script_is_done_once(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that lost the answer and asks again by itself gets the same answer."""

    def twice(script: Any) -> Any:
        async def ask(**asked: Any) -> Any:
            await script(**asked)
            return await script(**asked)

        return ask

    for name in ("_put", "_take"):
        monkeypatch.setattr(store, name, twice(getattr(store, name)))
    await store.create(ENTRY, NOW)
    assert await store.replace(ENTRY, NOW)
    assert [await store.take(ticket, [QUOTA], NOW) for ticket in "ab"] == [0.0, 0.0]
    assert not await store.replace(ENTRY, NOW)


async def test_client_of_the_callers_own_stays_open(redis_url: str, tmp_path: Path) -> None:
    """A client that is given is used as it is, decoding or not, and closed by its owner."""
    async with connected(redis_url, decode_responses=True) as client:
        store = RedisStore(client, prefix=str(tmp_path))
        await store.create(ENTRY, NOW)
        await store.aclose()
        assert await store.find(7) == ENTRY
        assert [entry.id for entry in await store.due(NOW, 9)] == ["one"]


async def test_scripts_survive_a_restart_of_the_server(store: RedisStore, client: Any) -> None:
    """A server that has forgotten our scripts is told them again."""
    await store.create(ENTRY, NOW)
    await client.script_flush()
    assert await store.replace(ENTRY, NOW)


async def test_server_out_of_reach_is_told(tmp_path: Path) -> None:
    """A server that is not there is an error of ours, in one line."""
    store = RedisStore(f"unix://{tmp_path}/nowhere")
    with pytest.raises(StoreError, match="the Redis store cannot be used") as caught:
        await store.get("one")
    assert "\n" not in str(caught.value)
    await store.aclose()


async def test_key_of_something_else_is_told(
    store: RedisStore, client: Any, tmp_path: Path
) -> None:
    """What another program has put in a key of ours is an error of ours."""
    await client.set(f"{{{tmp_path}}}:v:one", "theirs")
    with pytest.raises(StoreError):
        await store.get("one")
    await client.delete(f"{{{tmp_path}}}:v:one")


@pytest.mark.parametrize("url", ["", "here", "http://user:hunter2@here"])
def test_url_that_is_none_is_refused(url: str) -> None:
    """What leads to no server is told when the store is made, and shows no password."""
    with pytest.raises(ConfigurationError, match="the server is a URL") as caught:
        RedisStore(url)
    assert "hunter2" not in str(caught.value)


def test_repr_shows_no_password() -> None:
    """The address may hold a password, so it is not shown."""
    assert "hunter2" not in repr(RedisStore("redis://:hunter2@127.0.0.1:1/0"))


def test_store_is_for_asyncio_alone(redis_url: str) -> None:
    """On another loop it says so, before anything is asked."""

    async def use() -> None:
        with pytest.raises(ConfigurationError, match="asyncio only"):
            await RedisStore(redis_url).get("one")

    anyio.run(use, backend="trio")


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the error says what to install."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ConfigurationError, match=r"alphasms-async\[redis\]"):
        RedisStore("redis://127.0.0.1")
