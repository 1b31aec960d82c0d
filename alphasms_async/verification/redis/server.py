"""`RedisStore`: each step is one command, or one script that the server runs as one."""

import asyncio
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING, Any

from alphasms_async.errors import ConfigurationError, StoreError
from alphasms_async.phone import mask_digits
from alphasms_async.statements import read_source
from alphasms_async.verification.store import Entry, Quota, VerificationStore

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisStore"]

_LONGEST_SHOWN = 200
# Without them a server that fell silent would hold everybody up for ever; the URL may set others.
_TIMEOUT_SECONDS = 5.0
_FIELDS = ("version", "body", "due_at", "forget_at", "call_ids")


_PUT = read_source("alphasms_async.verification.redis", "put.lua")
_TAKE = read_source("alphasms_async.verification.redis", "take.lua")


class RedisStore(VerificationStore):
    """Keeps entries in a Redis or Valkey server, which forgets them by itself.

    On asyncio only. As durable as the server is: one that loses its last second may send a channel
    twice, so let it write with `appendfsync always` if it must not. The server holds phones whole,
    until five minutes after their verification has expired.

    Args:
        server: The server's URL, such as `redis://127.0.0.1:6379/0`, or a `redis.asyncio.Redis`
            that you own and close.
        prefix: What its keys begin with, in braces so that a cluster keeps them together.

    Raises:
        ConfigurationError: The extra `redis` is not installed, or the URL cannot be read.
    """

    def __init__(self, server: "str | Redis", *, prefix: str = "alphasms") -> None:
        self._is_ours = isinstance(server, str)
        self._client: Any = _client(server) if isinstance(server, str) else server
        self._prefix = f"{{{prefix}}}"
        self._put = self._client.register_script(_PUT)
        self._take = self._client.register_script(_TAKE)

    def __repr__(self) -> str:
        return f"RedisStore(prefix={self._prefix!r})"

    async def create(self, entry: Entry, now: float) -> None:
        if not await self._replace(entry, "", entry.version, now):
            raise StoreError("the store has a verification of this id: make a new one")

    async def get(self, id: str) -> Entry | None:
        with _failures():
            fields = await self._client.hmget(self._key("v", id), _FIELDS)
        return _entry(id, fields)

    async def find(self, call_id: int) -> Entry | None:
        with _failures():
            id = await self._client.get(self._key("call", call_id))
        return None if id is None else await self.get(_text(id))

    async def replace(self, entry: Entry, now: float) -> bool:
        return await self._replace(entry, str(entry.version), entry.version + 1, now)

    async def due(self, now: float, most: int) -> list[Entry]:
        key = self._key("due")
        with _failures():
            found = await self._client.zrangebyscore(key, "-inf", repr(now), start=0, num=most)
        entries: list[Entry] = []
        for id in map(_text, found):
            entry = await self.get(id)
            if entry is None:
                # The server has forgotten it, and will never see it again.
                with _failures():
                    await self._client.zrem(key, id)
            # Somebody may have put it off since.
            elif entry.due_at is not None and entry.due_at <= now:
                entries.append(entry)
        return entries

    async def next_due(self) -> float | None:
        with _failures():
            found = await self._client.zrange(self._key("due"), 0, 0, withscores=True)
        return float(found[0][1]) if found else None

    async def take(self, ticket: str, quotas: Sequence[Quota], now: float) -> float:
        keys = [self._key("quota", quota.name) for quota in quotas]
        facts = [repr(one) for quota in quotas for one in (quota.count, float(quota.seconds))]
        with _failures():
            wait = await self._take(keys=keys, args=[ticket, repr(now), *facts])
        return float(wait)

    async def give_back(self, ticket: str, quotas: Sequence[Quota]) -> None:
        with _failures():
            for quota in quotas:
                await self._client.zrem(self._key("quota", quota.name), ticket)

    async def forget(self, now: float) -> None:
        """Do nothing: the server forgets each entry when its time is over."""

    async def aclose(self) -> None:
        if self._is_ours:
            with _failures():
                await self._client.aclose()

    def _key(self, *parts: str | int) -> str:
        return ":".join([self._prefix, *map(str, parts)])

    async def _replace(self, entry: Entry, read: str, version: int, now: float) -> bool:
        calls = [self._key("call", call_id) for call_id in entry.call_ids]
        keys = [self._key("v", entry.id), self._key("due"), *calls]
        ttl_milliseconds = max(1, ceil(1000 * (entry.forget_at - now)))
        facts: list[str | int] = [
            *(read, version, secrets.token_hex(8), entry.id, ttl_milliseconds),
            *(entry.body, "" if entry.due_at is None else repr(entry.due_at)),
            *(repr(entry.forget_at), ",".join(map(str, entry.call_ids))),
        ]
        with _failures():
            return bool(await self._put(keys=keys, args=facts))


def _client(url: str) -> "Redis":
    try:
        from redis.asyncio import Redis
    except ImportError:
        raise ConfigurationError(
            "RedisStore needs the extra `redis`: pip install 'alphasms-async[redis]'"
        ) from None
    try:
        return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - it leaves options open
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )
    except ValueError:
        # The URL is not shown: it may carry a password.
        raise ConfigurationError("the server is a URL, such as redis://127.0.0.1:6379/0") from None


@contextmanager
def _failures() -> Generator[None]:
    """Have what the server or the way to it raises told as an error of ours."""
    from redis.exceptions import RedisError

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigurationError("RedisStore runs on asyncio only") from None
    try:
        yield
    except (RedisError, OSError) as error:
        said = mask_digits(" ".join(str(error).split()))[:_LONGEST_SHOWN]
        raise StoreError(f"the Redis store cannot be used: {said}") from error


def _text(answer: str | bytes) -> str:
    """Return what a client gives as bytes, unless it was made to decode them."""
    return answer if isinstance(answer, str) else answer.decode()


def _entry(id: str, fields: Sequence[str | bytes | None]) -> Entry | None:
    try:
        texts = ["" if field is None else _text(field) for field in fields]
        version, body, due_at, forget_at, call_ids = texts
        if not version:
            return None
        return Entry(
            id=id,
            body=body,
            forget_at=float(forget_at),
            due_at=float(due_at) if due_at else None,
            call_ids=tuple(int(call_id) for call_id in call_ids.split(",") if call_id),
            version=int(version),
        )
    except ValueError:
        # Another program's, which no verification can be made of.
        return None
