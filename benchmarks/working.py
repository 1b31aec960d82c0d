"""One of those who work on a campaign at once, in a process of its own.

    python -m benchmarks.working WAY SHIFT

WAY is one of `WAYS`, SHIFT a `Shift` as JSON. Says `ready`, waits for a line, works until nobody is
left, prints what that came to as JSON, and stays until nothing more can come.
"""

import json
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Final

import anyio
import anyio.to_thread
import psycopg
from attrs import asdict, evolve, frozen

from alphasms_async import AlphaSMS, Recording
from alphasms_async.campaigns import Campaign, Dialer, Journal, PlayRecording, SqliteJournal
from alphasms_async.campaigns.postgres import PostgresJournal
from benchmarks.journal import work_through
from benchmarks.loads import KEY
from benchmarks.machine import allow_many_sockets
from benchmarks.sounds import wav

__all__ = ["WAYS", "Shift", "Worked", "campaign_of"]

_NAME: Final = "bench"
# More than any campaign here spends, and faster than any is: they are kept, and hold nobody up.
_BUDGET: Final = Decimal(10_000_000)
_PER_SECOND: Final = 100_000.0
_SLOTS_SECONDS: Final = 2.0

# What people write by hand: a claim that passes over what others claim, and an outcome.
_BARE_CLAIM: Final = """
with due as (
  select id from alphasms.recipient where campaign = %s and state = 'planned'
  order by not_before, id limit %s for update skip locked)
update alphasms.recipient r set state = 'dialing', attempts = 1 from due where r.id = due.id
returning r.id"""
_BARE_END: Final = "update alphasms.recipient set state = 'accepted' where id = any(%s)"


@frozen
class Shift:
    """What one of them is to do."""

    place: str
    """The journal, with one campaign in it."""
    url: str
    """The gateway's base URL."""
    in_flight: int
    """How many calls it has in flight at once, 1 or more."""
    is_limited: bool
    """Whether the campaign has a pace and a budget, wide enough to hold nobody up."""
    sound_bytes: int = 40_000
    """How much sound the recording has, an even number, 2 or more."""


@frozen
class Worked:
    """What it came to."""

    calls: int
    """How many recipients were this one's."""
    statements: int = 0
    """How many its journal has written with, those that begin and end transactions included."""
    cpu_seconds: float = 0.0
    """What they cost this process."""


def campaign_of(shift: Shift) -> Campaign:
    """Return the campaign that is worked on."""
    return Campaign(
        name=_NAME,
        kind=PlayRecording(Recording.from_bytes(wav(shift.sound_bytes))),
        concurrency=shift.in_flight,
        budget=_BUDGET if shift.is_limited else None,
        per_second=_PER_SECOND if shift.is_limited else None,
    )


Work = Callable[[], Awaitable[Worked]]
"""Works until nobody is left; does not tell the CPU."""


def _statements(journal: Journal) -> int:
    return journal.statements if isinstance(journal, PostgresJournal) else 0


def _journal(place: str) -> Journal:
    return PostgresJournal(place) if "://" in place else SqliteJournal(place)


@asynccontextmanager
async def _dialing(shift: Shift) -> AsyncGenerator[Work]:
    campaign = campaign_of(shift)
    async with AlphaSMS(KEY, base_url=shift.url) as alphasms, _journal(shift.place) as journal:

        async def work() -> Worked:
            dialer = Dialer(alphasms, journal, campaign, wait=False, joins=True)
            await dialer.run()
            return Worked(dialer.progress.begun, _statements(journal))

        yield work


@asynccontextmanager
async def _journaling(shift: Shift) -> AsyncGenerator[Work]:
    async with _journal(shift.place) as journal:

        async def work() -> Worked:
            record = await journal.campaign(_NAME)
            through = await work_through(journal, record.id, shift.in_flight)
            return Worked(len(through.waits), _statements(journal))

        yield work


@asynccontextmanager
async def _claiming(shift: Shift) -> AsyncGenerator[Work]:
    with psycopg.connect(shift.place, autocommit=True) as connection:

        def claim_all() -> int:
            claimed = 0
            while rows := connection.execute(_BARE_CLAIM, [1, shift.in_flight]).fetchall():
                claimed += len(rows)
                connection.execute(_BARE_END, [[row[0] for row in rows]])
            return claimed

        async def work() -> Worked:
            return Worked(await anyio.to_thread.run_sync(claim_all))

        yield work


@asynccontextmanager
async def _reserving(shift: Shift) -> AsyncGenerator[Work]:
    async with PostgresJournal(shift.place) as journal:

        async def work() -> Worked:
            record = await journal.campaign(_NAME)
            async with journal.taken_up(record.id) as share:
                assert share is not None  # noqa: S101 - this journal's dialers are many
                until, reserved = time.monotonic() + _SLOTS_SECONDS, 0
                while time.monotonic() < until:
                    await share.slots(1)
                    reserved += 1
            return Worked(reserved, journal.statements)

        yield work


WAYS: Final[Mapping[str, Callable[[Shift], AbstractAsyncContextManager[Work]]]] = {
    "dialer": _dialing,
    "journal": _journaling,
    "bare claims": _claiming,
    "slots": _reserving,
}
"""By name, what makes ready to work."""


async def _main(way: str, shift: Shift) -> None:
    async with WAYS[way](shift) as work:
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)
        began = time.process_time()
        worked = await work()
        worked = evolve(worked, cpu_seconds=time.process_time() - began)
        print(json.dumps(asdict(worked)), flush=True)
        # What the server does for it is looked at before it lets go.
        await anyio.to_thread.run_sync(sys.stdin.readline)


if __name__ == "__main__":
    allow_many_sockets()
    anyio.run(_main, sys.argv[1], Shift(**json.loads(sys.argv[2])))
