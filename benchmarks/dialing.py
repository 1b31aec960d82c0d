"""How much of a dialer's speed is left when every call is written into a journal on the disk.

Rivals in the same run: the same dialer with a journal in memory, `AlphaSMS.dial`, which keeps no
journal, and what people write by hand, `gather` with a semaphore. They take turns on the first
core; the gateway is a process on the last one that only reads what it is sent, so that the client
is what is measured.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Self

import anyio
from attrs import frozen

from alphasms_async import AlphaSMS, Recording
from alphasms_async.campaigns import (
    Campaign,
    Dialer,
    Journal,
    MemoryJournal,
    PlayRecording,
    RowState,
    SqliteJournal,
)
from alphasms_async.campaigns.records import PlannedRow
from benchmarks.aims import Aim, aims_table
from benchmarks.draining import draining
from benchmarks.loads import KEY
from benchmarks.machine import allow_many_sockets, run_on_core
from benchmarks.options import Options, read_options
from benchmarks.rounds import Spread, interleaved, ratios
from benchmarks.sounds import size_name, wav
from benchmarks.tables import RESULTS, Table, publish

__all__ = ["main"]

_OURS: Final = "Dialer, SqliteJournal"
_IN_MEMORY: Final = "Dialer, MemoryJournal"
_DIAL: Final = "AlphaSMS.dial"


@frozen
class _Campaign:
    """What is dialled in one measurement."""

    url: str
    sound_bytes: int
    in_flight: int
    rows: int
    recording: Recording

    @classmethod
    def of(cls, url: str, sound_bytes: int, in_flight: int, rows: int) -> Self:
        recording = Recording.from_bytes(wav(sound_bytes))
        return cls(url, sound_bytes, in_flight, rows, recording)

    @property
    def phones(self) -> Sequence[str]:
        return [f"38050{number:07}" for number in range(1, self.rows + 1)]

    def __str__(self) -> str:
        return f"{self.in_flight:,} in flight, {size_name(self.sound_bytes)}"


@frozen
class _Measured:
    """What dialling it came to."""

    calls_a_second: float
    cpu_milliseconds: float


# Of each: how much sound, how many in flight, how many recipients.
_USUAL: Final = (
    *((40_000, 1, 500), (40_000, 10, 1_500), (40_000, 50, 2_000), (40_000, 200, 2_000)),
    *((40_000, 500, 2_000), (40_000, 1_000, 3_000), (1_000_000, 50, 600), (5_000_000, 50, 200)),
)
_QUICK: Final = ((40_000, 1, 100), (40_000, 50, 400), (1_000_000, 50, 100))
_WARM_UP: Final = (40_000, 20, 100)


async def _timed(campaign: _Campaign, dial: Callable[[], Awaitable[int]]) -> _Measured:
    """Measure what `dial` takes, which returns how many calls were accepted.

    Raises:
        RuntimeError: Some were not: failing is fast.
    """
    began, cpu_began = time.perf_counter(), time.process_time()
    accepted = await dial()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    if accepted != campaign.rows:
        raise RuntimeError(f"only {accepted} of {campaign.rows} calls were accepted")
    return _Measured(campaign.rows / seconds, 1000 * cpu_seconds / campaign.rows)


async def _journaled(make: Callable[[Path], Journal], campaign: _Campaign) -> _Measured:
    planned = Campaign(
        name="bench", kind=PlayRecording(campaign.recording), concurrency=campaign.in_flight
    )
    listed = [PlannedRow(line, phone) for line, phone in enumerate(campaign.phones, start=1)]
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        async with AlphaSMS(KEY, base_url=campaign.url) as alphasms, make(Path(folder)) as journal:
            await journal.plan(planned.name, planned.as_json(), listed)

            async def dial() -> int:
                run = await Dialer(alphasms, journal, planned).run()
                return run.tally.states[RowState.ACCEPTED]

            return await _timed(campaign, dial)


async def _unjournaled(campaign: _Campaign) -> _Measured:
    async with AlphaSMS(KEY, base_url=campaign.url) as alphasms:

        async def dial() -> int:
            dialing = alphasms.dial(
                campaign.phones, campaign.recording, concurrency=campaign.in_flight
            )
            async with dialing as results:
                return len([result async for result in results if result.call])

        return await _timed(campaign, dial)


async def _by_hand(campaign: _Campaign) -> _Measured:
    slots = asyncio.Semaphore(campaign.in_flight)

    async def call(alphasms: AlphaSMS, phone: str) -> int:
        async with slots:
            return (await alphasms.voice.call(phone, campaign.recording)).id

    async with AlphaSMS(KEY, base_url=campaign.url) as alphasms:

        async def dial() -> int:
            return len(await asyncio.gather(*(call(alphasms, one) for one in campaign.phones)))

        return await _timed(campaign, dial)


def _on_disk(folder: Path) -> Journal:
    return SqliteJournal(folder / "bench.journal")


def _in_memory(_: Path) -> Journal:
    return MemoryJournal()


_RIVALS: Final[Mapping[str, Callable[[_Campaign], Awaitable[_Measured]]]] = {
    _OURS: partial(_journaled, _on_disk),
    _IN_MEMORY: partial(_journaled, _in_memory),
    _DIAL: _unjournaled,
    "gather and Semaphore": _by_hand,
}


async def _measured(campaign: _Campaign, rounds: int) -> Mapping[str, Sequence[_Measured]]:
    rivals = {name: partial(dial, campaign) for name, dial in _RIVALS.items()}
    return await interleaved(rounds, rivals)


def _speeds(measured: Mapping[str, Sequence[_Measured]]) -> Mapping[str, Sequence[float]]:
    return {name: [one.calls_a_second for one in each] for name, each in measured.items()}


def _table(campaign: _Campaign, measured: Mapping[str, Sequence[_Measured]]) -> Table:
    speeds = _speeds(measured)
    return Table(
        f"{campaign}, {campaign.rows:,} recipients",
        [
            {
                "dialer": name,
                "calls a second": Spread.of(speeds[name]),
                "CPU of a call, ms": Spread.of([one.cpu_milliseconds for one in each]),
                f"of its speed has {_OURS}": ratios(speeds[_OURS], speeds[name]),
            }
            for name, each in measured.items()
        ],
    )


def _aim(campaign: _Campaign, measured: Mapping[str, Sequence[_Measured]]) -> Aim:
    speeds = _speeds(measured)
    return Aim(
        f"{campaign}: with the journal at least 0.8 of the speed without",
        {name: ratios(speeds[_OURS], speeds[name]) for name in (_IN_MEMORY, _DIAL)},
        at_least=0.8,
    )


async def main(options: Options) -> None:
    """Measure, print and keep."""
    RESULTS.mkdir(exist_ok=True)
    run_on_core(0)
    allow_many_sockets()
    loads = _QUICK if options.is_quick else _USUAL
    tables: list[Table] = []
    aims: list[Aim] = []
    with draining() as url:
        # The first run of all pays for what is imported and made once.
        await _measured(_Campaign.of(url, *_WARM_UP), rounds=1)
        for sound_bytes, in_flight, rows in loads:
            campaign = _Campaign.of(url, sound_bytes, in_flight, options.rows or rows)
            measured = await _measured(campaign, rounds=1 if options.is_quick else 5)
            tables.append(_table(campaign, measured))
            aims.append(_aim(campaign, measured))
    publish("dialing", [*tables, aims_table(aims)])


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
