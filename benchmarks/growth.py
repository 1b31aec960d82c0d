"""What grows with the recipients of a campaign in PostgreSQL: what it takes to count them."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from statistics import median
from typing import Any, Final

from alphasms_async.campaigns import Settlement, Verdict
from alphasms_async.campaigns.postgres import PostgresJournal
from benchmarks.crews import plan
from benchmarks.databases import Database, Databases
from benchmarks.tables import Cell, Table
from benchmarks.working import Shift

__all__ = ["growth_tables"]

_DONE_SHARE: Final = 0.9
_CLAIMS: Final = 50
_MOST_PLANNED: Final = 100_000
_PRICE: Final = Decimal("0.40")
_MEGABYTE: Final = 1_000_000

# As a plan of so many leaves them. The first was planned, so that its campaign is there.
_FILL: Final = """
insert into alphasms.recipient(id, campaign, line, phone, state)
select n, 1, n, (380500000000 + n)::text, 'planned' from generate_series(2, %s) n"""
_COUNT: Final = "update alphasms.campaign set last = %s"
# As calls leave them, but for that each row has one older version, and not two.
_CALL: Final = """
insert into alphasms.attempt(recipient, n, campaign, owner, claimed_at, settled_at, verdict,
  gateway_id, reserved, price, outcome, seconds, told_at)
select n, 1, 1, 1, now(), now(), 'accepted', n, 0.40, 0.40, 'answered', 20, now()
from generate_series(1, %s) n on conflict do nothing"""
_END: Final = "update alphasms.recipient set state = 'accepted', attempts = 1 where id <= %s"
_LEAVE_DEAD: Final = "alter table alphasms.{} set (autovacuum_enabled = off)"


async def growth_tables(databases: Databases, sizes: tuple[int, ...], rounds: int) -> list[Table]:
    """Measure campaigns of some sizes, of which nine tenths have been called.

    Args:
        databases: Where they are made.
        sizes: How many recipients there are, 10 or more each.
        rounds: How often what counts is timed.
    """
    return [
        Table(
            "A campaign of which nine tenths have been called, ms: a claim and an outcome are one "
            "recipient's, in the server alone",
            [await _grown(databases, rows, rounds) for rows in sizes],
        ),
        Table(
            "Planning",
            [await _planned(databases, rows) for rows in sizes if rows <= _MOST_PLANNED],
        ),
    ]


async def _planned(databases: Databases, rows: int) -> Mapping[str, Cell]:
    with databases.new() as database:
        async with PostgresJournal(database.dsn):
            # Its tables are there from now on.
            before = database.bytes_on_disk()
        with database.watched() as done:
            began = time.perf_counter()
            await plan(PostgresJournal(database.dsn), _shift(database), rows)
            seconds = time.perf_counter() - began
        return {
            "recipients": rows,
            "a second": rows / seconds,
            "µs of each": 1e6 * seconds / rows,
            "bytes of each on the disk": (database.bytes_on_disk() - before) / rows,
            "log bytes of each": done.wal_bytes / rows,
        }


async def _grown(databases: Databases, rows: int, rounds: int) -> Mapping[str, Cell]:
    done = int(rows * _DONE_SHARE)
    with databases.new() as database:
        async with _filled(database, rows) as (journal, campaign):
            await _claimed(database, journal, campaign, 1)
            fresh = await _claimed(database, journal, campaign)
            database.execute(_CALL, done)
            database.execute(_END, done)
            # Whoever walks over them first marks them, at a cost that calls share in real use.
            await _claimed(database, journal, campaign, 1)
            async with PostgresJournal(database.dsn) as another:
                first = await _claimed(database, another, campaign, 1)
            late = await _claimed(database, journal, campaign)
            began = time.perf_counter()
            database.execute("vacuum analyze alphasms.recipient")
            seconds = time.perf_counter() - began
            database.execute("analyze alphasms.attempt")
            return {
                "recipients": rows,
                **{f"{name}, before": figure for name, figure in fresh.items()},
                "first claim, unvacuumed": first["claim"],
                **{f"{name}, unvacuumed": figure for name, figure in late.items()},
                "vacuum": 1000 * seconds,
                "tally": await _milliseconds(rounds, lambda: journal.tally(campaign)),
                "money": await _milliseconds(rounds, lambda: journal.money(campaign)),
                "next_due": await _milliseconds(rounds, lambda: journal.next_due(campaign)),
                "take up": await _milliseconds(rounds, lambda: _take_up(journal, campaign)),
                "MB on the disk": database.bytes_on_disk() / _MEGABYTE,
            }


@asynccontextmanager
async def _filled(database: Database, rows: int) -> AsyncGenerator[tuple[PostgresJournal, int]]:
    """Yield a journal, and in it a campaign that nobody of has been called."""
    campaign = await plan(PostgresJournal(database.dsn), _shift(database), 1)
    database.execute(_FILL, rows)
    database.execute(_COUNT, rows)
    for table in ("recipient", "attempt"):
        database.execute(_LEAVE_DEAD.format(table))
    database.execute("vacuum analyze alphasms.recipient")
    async with PostgresJournal(database.dsn) as journal:
        yield journal, campaign


async def _claimed(
    database: Database, journal: PostgresJournal, campaign: int, claims: int = _CLAIMS
) -> Mapping[str, float]:
    """Return what a claim and an outcome took the server, one recipient after the other."""
    with database.watched() as done:
        for _ in range(claims):
            claimed = await journal.claim(campaign, reserved=_PRICE)
            if claimed is None:
                raise RuntimeError("nobody is left: take more recipients")
            ended = Settlement(ref=claimed.ref, verdict=Verdict.ACCEPTED, price=_PRICE)
            await journal.settle(ended)
    return {name: done.statements[name].each for name in ("claim", "settle")}


async def _take_up(journal: PostgresJournal, campaign: int) -> None:
    async with journal.taken_up(campaign):
        pass


async def _milliseconds(rounds: int, ask: Callable[[], Awaitable[Any]]) -> float:
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - began)
    return 1000 * median(took)


def _shift(database: Database) -> Shift:
    return Shift(database.dsn, "http://127.0.0.1:9", in_flight=1, is_limited=True)
