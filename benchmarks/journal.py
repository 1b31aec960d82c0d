"""How many recipients a second the journal takes through claim and outcome, and what a call waits.

Rivals in the same run: SQLite without a flush at every commit, which shows what durability costs,
and the bare statements, recipient by recipient in one thread.
"""

import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles

import anyio
from attrs import define, field

from alphasms_async.campaigns import Journal, Settlement, SqliteJournal, Verdict
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sqlite.connection import SqliteConnection
from benchmarks.bare import dial_bare
from benchmarks.options import Options, read_options
from benchmarks.rounds import Rival, Spread, interleaved, ratios
from benchmarks.tables import RESULTS, Table, publish

__all__ = ["HastyJournal", "Worked", "main", "plan_rows", "work_through"]

Measured = Callable[[Path, int, int], Awaitable[float]]
"""Takes a folder, how many recipients there are and a group's size; returns the seconds."""

# A group of one flushes the disk twice for each recipient: fewer do, and the run stays short.
_USUAL_ROWS = {1: 2_000, 16: 10_000, 64: 20_000, 256: 20_000}
_QUICK_ROWS = {1: 200, 16: 1_000, 64: 2_000, 256: 2_000}
_LATENCY_WORKERS = 20
_CALL_SECONDS = 0.02
_PRICE = Decimal("0.40")


class HastyJournal(SqliteJournal):
    """The same journal, but what it has committed may be lost when the power goes."""

    def _take(self) -> SqliteConnection:
        connection = super()._take()
        connection.opened.execute("pragma synchronous = normal")
        return connection


@define
class Worked:
    """What workers have measured of a campaign that they took through the journal."""

    seconds: float = 0.0
    """How long it took from the first claim to the last outcome."""
    waits: list[tuple[float, float]] = field(factory=list[tuple[float, float]])
    """For each call how long its claim took to be durable, and then its outcome, in seconds."""


async def plan_rows(journal: Journal, rows: int) -> int:
    """Write a campaign of so many recipients, and return its id."""
    listed = (PlannedRow(line, f"38050{line:07}") for line in range(1, rows + 1))
    await journal.plan("bench", {}, listed)
    return (await journal.campaign("bench")).id


async def work_through(
    journal: Journal, campaign: int, workers: int, call_seconds: float = 0
) -> Worked:
    """Claim and settle everybody of a campaign, as a dialer's workers do.

    Args:
        journal: The journal, entered.
        campaign: The campaign's id.
        workers: How many do so at once, 1 or more.
        call_seconds: How long each call takes, 0 or more.
    """
    worked, ids = Worked(), count(1)

    async def work() -> None:
        began = time.perf_counter()
        while claimed := await journal.claim(campaign, reserved=_PRICE):
            intent = time.perf_counter() - began
            if call_seconds:
                await anyio.sleep(call_seconds)
            answered = time.perf_counter()
            await journal.settle(
                Settlement(
                    ref=claimed.ref, verdict=Verdict.ACCEPTED, gateway_id=next(ids), price=_PRICE
                )
            )
            began = time.perf_counter()
            worked.waits.append((intent, began - answered))

    began = time.perf_counter()
    async with anyio.create_task_group() as group:
        for _ in range(workers):
            group.start_soon(work)
    worked.seconds = time.perf_counter() - began
    return worked


async def _journal_seconds(kind: type[SqliteJournal], folder: Path, rows: int, group: int) -> float:
    async with kind(folder / "bench.journal") as journal:
        campaign = await plan_rows(journal, rows)
        return (await work_through(journal, campaign, group)).seconds


async def _bare_seconds(synchronous: str, folder: Path, rows: int, group: int) -> float:
    path = folder / "bench.journal"
    async with SqliteJournal(path) as journal:
        campaign = await plan_rows(journal, rows)
    return dial_bare(path, campaign, group, synchronous)


_RIVALS: Mapping[str, Measured] = {
    "SqliteJournal": partial(_journal_seconds, SqliteJournal),
    "the same, NORMAL": partial(_journal_seconds, HastyJournal),
    "bare sqlite3": partial(_bare_seconds, "full"),
    "bare, NORMAL": partial(_bare_seconds, "normal"),
}


async def _per_second(measured: Measured, rows: int, group: int) -> float:
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        return rows / await measured(Path(folder), rows, group)


async def _rates(options: Options) -> Table:
    """Measure the rivals at every size of a group."""
    table: list[dict[str, str | int | Spread]] = []
    for group, usual in _USUAL_ROWS.items():
        rows = options.rows_or(usual, _QUICK_ROWS[group])
        rivals: dict[str, Rival] = {
            name: partial(_per_second, measured, rows, group) for name, measured in _RIVALS.items()
        }
        figures = await interleaved(1 if options.is_quick else 5, rivals)
        ours, floor = figures["SqliteJournal"], figures["bare sqlite3"]
        medians = {name: round(Spread.of(each).median) for name, each in figures.items()}
        table.append({"workers": group, **medians, "of the bare": ratios(ours, floor)})
    return Table("Recipients a second through claim and outcome", table)


async def _latencies(options: Options) -> Table:
    """Measure what a call waits for the journal, with the journal busy and with calls between."""
    rows = options.rows_or(20_000, 1_000)
    table = [
        await _latency(name, kind, rows, seconds)
        for name, kind in (("FULL", SqliteJournal), ("NORMAL", HastyJournal))
        for seconds in (0, _CALL_SECONDS)
    ]
    return Table(f"What a call waits at {_LATENCY_WORKERS} workers, in milliseconds", table)


async def _latency(
    name: str, kind: type[SqliteJournal], rows: int, call_seconds: float
) -> dict[str, str | int]:
    # A worker that waits for calls does few: as many as take about ten seconds are enough.
    rows = min(rows, 10_000) if call_seconds else rows
    with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
        async with kind(Path(folder, "bench.journal")) as journal:
            campaign = await plan_rows(journal, rows)
            worked = await work_through(journal, campaign, _LATENCY_WORKERS, call_seconds)
    intents = [intent for intent, _ in worked.waits]
    both = [sum(wait) for wait in worked.waits]
    return {
        "journal, call": f"{name}, {1000 * call_seconds:.0f} ms",
        "calls/s": round(rows / worked.seconds),
        **_percentiles("intent", intents),
        **_percentiles("added", both),
    }


def _percentiles(of: str, seconds: list[float]) -> dict[str, str]:
    cuts = [f"{1000 * cut:.2f}" for cut in quantiles(seconds, n=100)]
    return {f"{of} median": cuts[49], f"{of} p99": cuts[98]}


async def main(options: Options) -> None:
    """Measure, print and keep."""
    RESULTS.mkdir(exist_ok=True)
    publish("journal", [await _rates(options), await _latencies(options)])


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
