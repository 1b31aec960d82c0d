"""How much of a dialer's speed is left when every call is written into a journal on the disk.

Rivals in the same run: the same dialer with a journal in memory, `AlphaSMS.dial`, which keeps no
journal, and what people write by hand, `gather` with a semaphore. The gateway is another process
that only reads what it is sent, so that the client is what is measured.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio

from alphasms_async import AlphaSMS
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
from benchmarks.draining import draining
from benchmarks.options import Options, read_options
from benchmarks.recordings import RECORDING
from benchmarks.rounds import Rival, Spread, interleaved, ratios
from benchmarks.tables import RESULTS, Table, publish

__all__ = ["main"]

_KEY = "5d41402abc4b2a76b9719d911017c592"
_CONCURRENCIES = (20, 64)
_OURS = "Dialer, SqliteJournal"


def _phones(rows: int) -> list[str]:
    return [f"38050{number:07}" for number in range(1, rows + 1)]


def _check(accepted: int, rows: int) -> None:
    """Refuse a figure of a run in which something went wrong: failing is fast."""
    if accepted != rows:
        raise RuntimeError(f"only {accepted} of {rows} calls were accepted")


async def _journaled(
    make: Callable[[Path], Journal], url: str, rows: int, concurrency: int
) -> float:
    campaign = Campaign(name="bench", kind=PlayRecording(RECORDING), concurrency=concurrency)
    listed = [PlannedRow(line, phone) for line, phone in enumerate(_phones(rows), start=1)]
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        async with AlphaSMS(_KEY, base_url=url) as alphasms, make(Path(folder)) as journal:
            await journal.plan(campaign.name, campaign.as_json(), listed)
            began = time.perf_counter()
            run = await Dialer(alphasms, journal, campaign).run()
            seconds = time.perf_counter() - began
    _check(run.tally.states[RowState.ACCEPTED], rows)
    return rows / seconds


async def _unjournaled(url: str, rows: int, concurrency: int) -> float:
    phones = _phones(rows)
    async with AlphaSMS(_KEY, base_url=url) as alphasms:
        began = time.perf_counter()
        async with alphasms.dial(phones, RECORDING, concurrency=concurrency) as results:
            accepted = [result.call async for result in results if result.call]
        seconds = time.perf_counter() - began
    _check(len(accepted), rows)
    return rows / seconds


async def _by_hand(url: str, rows: int, concurrency: int) -> float:
    slots = asyncio.Semaphore(concurrency)

    async def call(alphasms: AlphaSMS, phone: str) -> int:
        async with slots:
            return (await alphasms.voice.call(phone, RECORDING)).id

    phones = _phones(rows)
    async with AlphaSMS(_KEY, base_url=url) as alphasms:
        began = time.perf_counter()
        accepted = await asyncio.gather(*(call(alphasms, phone) for phone in phones))
        seconds = time.perf_counter() - began
    _check(len(accepted), rows)
    return rows / seconds


def _on_disk(folder: Path) -> Journal:
    return SqliteJournal(folder / "bench.journal")


def _in_memory(_: Path) -> Journal:
    return MemoryJournal()


_RIVALS: Mapping[str, Callable[[str, int, int], Rival]] = {
    _OURS: lambda url, rows, at_once: partial(_journaled, _on_disk, url, rows, at_once),
    "Dialer, MemoryJournal": lambda url, rows, at_once: partial(
        _journaled, _in_memory, url, rows, at_once
    ),
    "AlphaSMS.dial": lambda url, rows, at_once: partial(_unjournaled, url, rows, at_once),
    "gather and Semaphore": lambda url, rows, at_once: partial(_by_hand, url, rows, at_once),
}


async def _compared(url: str, concurrency: int, options: Options) -> Table:
    rows = options.rows_or(2_000, 200)
    rivals = {name: make(url, rows, concurrency) for name, make in _RIVALS.items()}
    figures = await interleaved(2 if options.is_quick else 5, rivals)
    return Table(
        f"Calls a second, {concurrency} in flight, {rows:,} recipients, {RECORDING.size:,} bytes",
        [_row(name, figures[_OURS], each) for name, each in figures.items()],
    )


def _row(name: str, ours: Sequence[float], theirs: Sequence[float]) -> dict[str, str | Spread]:
    speed, ratio = Spread.of(theirs), ratios(ours, theirs)
    return {"dialer": name, "calls a second": speed, f"{_OURS} is": ratio}


async def main(options: Options) -> None:
    """Measure, print and keep."""
    RESULTS.mkdir(exist_ok=True)
    with draining() as url:
        # The first run of all pays for what is imported and made once.
        await _unjournaled(url, 100, max(_CONCURRENCIES))
        tables = [await _compared(url, concurrency, options) for concurrency in _CONCURRENCIES]
    publish("dialing", tables)


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
