"""How many calls a second workers on one PostgreSQL journal place, and what a call costs there.

Each worker is a process with a dialer and a journal of its own, as `alphasms worker` has them; the
campaign has a budget and a pace, wide enough to hold nobody up. The gateway is a process that only
reads what it is sent, so that the rest is what is measured; all of them, and the database, share
this machine. Rivals in the same run: the same dialer over a SQLite journal, in one process; the
journal without a dialer; bare claims (`for update skip locked`) without either. `--rows` changes
how many recipients each campaign has that is dialled, `--in-flight` how many calls a worker has; of
`--sizes` only the first is measured.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from attrs import frozen

from alphasms_async.campaigns import SqliteJournal
from alphasms_async.campaigns.postgres import PostgresJournal
from benchmarks.crews import Crew, Result, plan
from benchmarks.databases import Databases, Done, databases
from benchmarks.draining import draining
from benchmarks.growth import growth_tables
from benchmarks.machine import allow_many_sockets
from benchmarks.options import CallOptions, read_call_options
from benchmarks.processors import gateway_pid
from benchmarks.rounds import Spread, interleaved, ratios
from benchmarks.tables import RESULTS, Cell, Table, publish
from benchmarks.working import Shift

__all__ = ["main"]

_USUAL: Final = CallOptions(
    rows=None, is_quick=False, sizes=(40_000,), in_flight=(1, 16, 64), rounds=3
)
_QUICK: Final = CallOptions(rows=None, is_quick=True, sizes=(40_000,), in_flight=(1, 16), rounds=1)
_WORKERS: Final = (1, 2, 4)
_GROUP: Final = 16
# One call at a time is slow: fewer do.
_FEW_ROWS, _USUAL_ROWS, _QUICK_ROWS, _BARE_ROWS = 600, 3_000, 300, 8_000
_GROWTH: Final = (10_000, 100_000, 1_000_000)
_QUICK_GROWTH: Final = (1_000, 10_000)
_DIALER: Final = "dialer"
_JOURNAL: Final = "journal"
_BARE: Final = "bare claims"
_SLOTS: Final = "slots"
_MOST_ASKED: Final = 14


@frozen
class Case:
    """What is measured, over and over."""

    way: str
    """How each of them works, one of `WAYS`."""
    workers: int
    """How many processes there are, 1 or more."""
    in_flight: int
    """How many calls each has in flight at once, 1 or more."""
    rows: int
    """How many recipients there are for all of them."""
    is_limited: bool = True
    """Whether the campaign has a budget and a pace."""
    is_sqlite: bool = False
    """Whether the journal is a file."""


@frozen
class Measured:
    """What it came to, once."""

    result: Result
    done: Done
    """What the database did; nothing where the journal is a file."""
    disk_bytes: int = 0
    """How large its recipients and attempts were then, with their indexes."""

    @property
    def cpu(self) -> Mapping[str, float]:
        """What the processes cost, in seconds, by what they do."""
        return {"workers": self.result.workers_cpu, **self.result.others_cpu}

    def each(self, figure: float) -> float:
        """Return how much of a figure is one call's."""
        return figure / self.result.calls


Cases = Mapping[Case, Sequence[Measured]]


@frozen
class Bench:
    """Where all of it is measured."""

    url: str
    """The gateway's base URL."""
    databases: Databases
    sound_bytes: int
    """How much sound the recording has."""

    async def measured(self, case: Case) -> Measured:
        """Measure one case, once.

        Raises:
            RuntimeError: Not everybody was called.
        """
        if case.is_sqlite:
            with tempfile.TemporaryDirectory(dir=RESULTS) as folder:
                path = Path(folder, "bench.journal")
                shift = self._shift(case, str(path))
                await plan(SqliteJournal(path), shift, case.rows)
                return Measured(await self._worked(case, shift), Done())
        with self.databases.new() as database:
            shift = self._shift(case, database.dsn)
            await plan(PostgresJournal(database.dsn), shift, case.rows)
            with database.watched() as done:
                result = await self._worked(case, shift)
                database.wait_until_left()
            return Measured(result, done, database.bytes_on_disk())

    def _shift(self, case: Case, place: str) -> Shift:
        return Shift(place, self.url, case.in_flight, case.is_limited, self.sound_bytes)

    async def _worked(self, case: Case, shift: Shift) -> Result:
        others = {"gateway": gateway_pid(), "database": self.databases.pid}
        result = await Crew(case.way, case.workers).work(shift, others)
        if case.way != _SLOTS and result.calls != case.rows:
            raise RuntimeError(f"only {result.calls} of {case.rows} were called")
        return result


def _cases(options: CallOptions) -> list[Case]:
    """Return whatever is measured in turns."""
    group = _GROUP if _GROUP in options.in_flight else options.in_flight[0]
    rows = {
        many: options.rows_or(_FEW_ROWS if many == 1 else _USUAL_ROWS, _QUICK_ROWS)
        for many in options.in_flight
    }
    bare = options.rows_or(_BARE_ROWS, _QUICK_ROWS)
    dialers = [
        Case(_DIALER, workers, many, rows[many])
        for many in options.in_flight
        for workers in _WORKERS
    ]
    alone = [Case(_DIALER, 1, many, rows[many], is_sqlite=True) for many in options.in_flight]
    unlimited = [Case(_DIALER, workers, group, rows[group], is_limited=False) for workers in (1, 4)]
    others = [
        Case(way, workers, _GROUP, bare)
        for way in (_JOURNAL, _BARE, _SLOTS)
        for workers in _WORKERS
    ]
    return [*dialers, *alone, *unlimited, *others]


def _speeds(measured: Sequence[Measured]) -> list[float]:
    return [one.result.calls_a_second for one in measured]


def _rates(cases: Cases) -> Table:
    """Return how many calls there were a second, by how many workers and calls in flight."""
    many = dict.fromkeys(case.in_flight for case in cases if case.way == _DIALER)
    return Table(
        "Calls a second, by how many calls each worker has in flight",
        [_rate(in_flight, cases) for in_flight in many],
    )


def _rate(in_flight: int, cases: Cases) -> Mapping[str, Cell]:
    speeds = {
        (case.workers, case.is_sqlite): _speeds(measured)
        for case, measured in cases.items()
        if case.way == _DIALER and case.in_flight == in_flight and case.is_limited
    }
    one, most, sqlite = speeds[1, False], speeds[_WORKERS[-1], False], speeds[1, True]
    return {
        "in flight": in_flight,
        **{_crew(workers): Spread.of(speeds[workers, False]) for workers in _WORKERS},
        f"{_crew(_WORKERS[-1])} to 1": ratios(most, one),
        "SqliteJournal, 1 process": Spread.of(sqlite),
        "1 worker of that": ratios(one, sqlite),
    }


def _costs(cases: Cases) -> Table:
    """Return what a call asked of the database."""
    return Table(
        "What a call asks of the database (medians): statements, without those that begin and end "
        "transactions; those of the writer, with them; bytes",
        [
            {
                "workers, in flight": _name(case),
                "statements": _middle(measured, lambda one: one.done.calls),
                "of the writer": _middle(measured, lambda one: one.result.statements),
                "transactions": _middle(measured, lambda one: one.done.transactions),
                "flushes": _middle(measured, lambda one: one.done.flushes),
                "campaign's row": _middle(measured, lambda one: one.done.of("lock_campaign")),
                "log": _middle(measured, lambda one: one.done.wal_bytes),
                "disk": _middle(measured, lambda one: one.disk_bytes),
            }
            for case, measured in cases.items()
            if case.way == _DIALER and not case.is_sqlite
        ],
    )


def _processors(cases: Cases) -> Table:
    """Return what a call cost each kind of process, and how busy they were with it."""
    return Table(
        "CPU of a call, ms, and how busy the cores were (medians)",
        [
            {
                "workers, in flight": _name(case),
                "workers": _milliseconds(measured, "workers"),
                "database": _milliseconds(measured, "database"),
                "gateway": _milliseconds(measured, "gateway"),
                "a worker's core, %": _busy(measured, "workers", case.workers),
                "the database's, %": _busy(measured, "database"),
                "all cores, %": Spread.of([100 * one.result.busy for one in measured]).median,
            }
            for case, measured in cases.items()
            if case.way == _DIALER
        ],
    )


def _bare(cases: Cases) -> Table:
    """Return what there is a second without calls."""
    others = dict.fromkeys(case.way for case in cases if case.way != _DIALER)
    return Table(
        f"A second, without calls: recipients through claim and outcome, {_GROUP} at once; and "
        "starts that are reserved in the campaign's row, one by one",
        [
            {
                "what": way,
                **{
                    _crew(case.workers): Spread.of(_speeds(measured))
                    for case, measured in cases.items()
                    if case.way == way
                },
            }
            for way in others
        ],
    )


def _asked(cases: Cases) -> Table:
    """Return which statements a thousand calls ask where most is going on, and what they take."""
    dialers = [case for case in cases if case.way == _DIALER and case.is_limited]
    busiest = [case for case in dialers if not case.is_sqlite][-1]
    measured = cases[busiest][-1]
    return Table(
        f"The statements of 1,000 calls with {_name(busiest)}",
        [
            {
                "statement": name,
                "times": 1000 * measured.each(asked.calls),
                "ms each": asked.each,
                "ms together": 1000 * measured.each(asked.milliseconds),
            }
            for name, asked in [*measured.done.statements.items()][:_MOST_ASKED]
        ],
    )


def _middle(measured: Sequence[Measured], figure: Callable[[Measured], float]) -> float:
    """Return the median of what one call's part of a figure was."""
    return Spread.of([one.each(figure(one)) for one in measured]).median


def _milliseconds(measured: Sequence[Measured], processes: str) -> float:
    """Return the median of what one call cost some of the processes."""
    return _middle(measured, lambda one: 1000 * one.cpu[processes])


def _busy(measured: Sequence[Measured], processes: str, among: int = 1) -> float:
    """Return the median of which part of one core each of some processes took, in percent."""
    parts = [one.cpu[processes] / one.result.seconds / among for one in measured]
    return 100 * Spread.of(parts).median


def _crew(workers: int) -> str:
    return f"{workers} workers" if workers > 1 else "1 worker"


def _name(case: Case) -> str:
    journal = "SQLite, " if case.is_sqlite else ""
    without = "" if case.is_limited else ", no budget, no pace"
    return f"{journal}{case.workers}, {case.in_flight}{without}"


async def main(options: CallOptions) -> None:
    """Measure, print and keep."""
    RESULTS.mkdir(exist_ok=True)
    allow_many_sockets()
    with draining() as url, databases() as own:
        bench = Bench(url, own, options.sizes[0])
        cases = await interleaved(
            options.rounds, {case: partial(bench.measured, case) for case in _cases(options)}
        )
        print("calls: measured", flush=True)
        sizes = _QUICK_GROWTH if options.is_quick else _GROWTH
        growth = await growth_tables(own, sizes, options.rounds)
    calls = [_rates(cases), _costs(cases), _processors(cases), _asked(cases), _bare(cases)]
    publish("workers", [*calls, *growth])


if __name__ == "__main__":
    anyio.run(main, read_call_options(__doc__, _USUAL, _QUICK))
