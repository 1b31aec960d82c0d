"""`SqliteStore`: each step is a transaction, made in a worker thread."""

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from alphasms_async.errors import StoreError
from alphasms_async.files import identity_of
from alphasms_async.transactions import transact
from alphasms_async.verification.sqlite.opening import (
    LOCKED,
    meaning_of,
    open_file,
)
from alphasms_async.verification.sqlite.sql import QUERIES
from alphasms_async.verification.store import Entry, Quota, VerificationStore

__all__ = ["SqliteStore"]

T = TypeVar("T")


class SqliteStore(VerificationStore):
    """Keeps entries in a file that survives a power cut, readable by its owner alone.

    For verifiers on asyncio and trio, and for any number of processes of one machine. The file
    holds phones whole, until five minutes after their verification has expired.

    Args:
        path: The file, on a local disk; made when it is first used, in a folder that is there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        # Of threads and not of a loop: one store may serve a loop after another.
        self._lock = Lock()
        self._turns = RunVar[anyio.Lock]("turn")
        self._locked_at = -inf

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r})"

    async def create(self, entry: Entry, now: float) -> None:
        await self._write(partial(_create, entry))

    async def get(self, id: str) -> Entry | None:
        return await self._in_turn(partial(_first, "get", {"id": id}))

    async def find(self, call_id: int) -> Entry | None:
        return await self._in_turn(partial(_first, "find", {"call": call_id}))

    async def replace(self, entry: Entry, now: float) -> bool:
        return await self._write(partial(_replace, entry))

    async def due(self, now: float, most: int) -> list[Entry]:
        return await self._in_turn(partial(_due, now, most))

    async def next_due(self) -> float | None:
        return await self._in_turn(_next_due)

    async def take(self, ticket: str, quotas: Sequence[Quota], now: float) -> float:
        return await self._write(partial(_take, ticket, quotas, now))

    async def give_back(self, ticket: str, quotas: Sequence[Quota]) -> None:
        rows = [{"quota": quota.name, "ticket": ticket} for quota in quotas]
        await self._write(lambda connection: connection.executemany(QUERIES["give_back"], rows))

    async def forget(self, now: float) -> None:
        await self._write(partial(_forget, now))

    async def aclose(self) -> None:
        await anyio.to_thread.run_sync(self._close)

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def transaction(connection: sqlite3.Connection) -> T:
            return transact(connection, work)

        return await self._in_turn(transaction)

    async def _in_turn(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do work in a thread, one after another.

        Whoever waits holds no thread: a file that is locked must not use up all the program has.
        """
        asked_at = time.monotonic()
        async with self._turn():
            return await anyio.to_thread.run_sync(self._do, work, asked_at)

    def _turn(self) -> anyio.Lock:
        try:
            return self._turns.get()
        except LookupError:
            turn = anyio.Lock()
            self._turns.set(turn)
            return turn

    def _do(self, work: Callable[[sqlite3.Connection], T], asked_at: float) -> T:
        with self._lock:
            if asked_at < self._locked_at:
                # It has waited together with the one before, and need not wait as long again.
                raise StoreError(self._unusable(LOCKED))
            try:
                return work(self._opened())
            except (sqlite3.Error, OSError, OverflowError) as error:
                meaning = meaning_of(error)
                if meaning == LOCKED:
                    self._locked_at = time.monotonic()
                raise StoreError(self._unusable(meaning)) from error

    def _opened(self) -> sqlite3.Connection:
        there = identity_of(self._path)
        if self._connection is not None and there != self._identity:
            # Moved or deleted: other processes use what lies there now, and so must this one, or
            # what one of them sends the other sends again.
            self._connection.close()
            self._connection = None
        if self._connection is None:
            self._connection = open_file(self._path)
            self._identity = identity_of(self._path)
        return self._connection

    def _unusable(self, meaning: str) -> str:
        return f"the store {self._path} cannot be used: {meaning}"

    def _close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _create(entry: Entry, connection: sqlite3.Connection) -> None:
    connection.execute(QUERIES["create"], _row(entry))
    _add_calls(connection, entry)


def _replace(entry: Entry, connection: sqlite3.Connection) -> bool:
    is_replaced = connection.execute(QUERIES["replace"], _row(entry)).rowcount == 1
    if is_replaced:
        _add_calls(connection, entry)
    return is_replaced


def _due(now: float, most: int, connection: sqlite3.Connection) -> list[Entry]:
    rows = connection.execute(QUERIES["due"], {"now": now, "most": most}).fetchall()
    return [_entry(connection, row) for row in rows]


def _next_due(connection: sqlite3.Connection) -> float | None:
    (due_at,) = connection.execute(QUERIES["next_due"]).fetchone()
    return None if due_at is None else float(due_at)


def _take(
    ticket: str, quotas: Sequence[Quota], now: float, connection: sqlite3.Connection
) -> float:
    waits = [_wait(connection, quota, now) for quota in quotas]
    if any(waits):
        return max(waits)
    rows = [
        {"ticket": ticket, "quota": quota.name, "until": now + quota.seconds} for quota in quotas
    ]
    connection.executemany(QUERIES["take"], rows)
    return 0.0


def _forget(now: float, connection: sqlite3.Connection) -> None:
    for query in ("forget_verifications", "forget_tickets"):
        connection.execute(QUERIES[query], {"now": now})


def _wait(connection: sqlite3.Connection, quota: Quota, now: float) -> float:
    """Return the seconds until a quota has room, 0 when it has."""
    asked = {"quota": quota.name, "now": now}
    (taken,) = connection.execute(QUERIES["count_tickets"], asked).fetchone()
    if taken < quota.count:
        return 0.0
    asked["offset"] = taken - quota.count
    (until,) = connection.execute(QUERIES["ticket_over"], asked).fetchone()
    return float(until) - now


def _add_calls(connection: sqlite3.Connection, entry: Entry) -> None:
    rows = [{"call": call_id, "id": entry.id} for call_id in entry.call_ids]
    connection.executemany(QUERIES["add_call"], rows)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "version": entry.version,
        "body": entry.body,
        "due_at": entry.due_at,
        "forget_at": entry.forget_at,
    }


def _first(query: str, asked: dict[str, Any], connection: sqlite3.Connection) -> Entry | None:
    row = connection.execute(QUERIES[query], asked).fetchone()
    return None if row is None else _entry(connection, row)


def _entry(connection: sqlite3.Connection, row: tuple[Any, ...]) -> Entry:
    id, version, body, due_at, forget_at = row
    calls = connection.execute(QUERIES["calls"], {"id": id})
    return Entry(
        id=id,
        body=body,
        forget_at=forget_at,
        due_at=due_at,
        call_ids=tuple(call_id for (call_id,) in calls),
        version=version,
    )
