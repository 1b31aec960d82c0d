"""How much memory calls need that wait for a slow gateway, each with a recording of 5 MB.

The gateway reads nothing while calls still come, and its sockets take little, as if it were far
away: what does not fit into them stays with the client, in as many copies as its library makes.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median
from typing import Final

import anyio
from attrs import asdict

from benchmarks.aims import Aim, aims_table
from benchmarks.calling import Measured, measured
from benchmarks.draining import draining
from benchmarks.loads import Load
from benchmarks.options import Options, read_options
from benchmarks.rounds import Spread, interleaved
from benchmarks.tables import Cell, Table, publish

__all__ = ["main"]

_SOUND_BYTES = 5_000_000
_OURS: Final = ("AlphaSMS", "AlphaSMS, aiohttp")
_RIVALS: Final = (*_OURS, "httpx by hand", "aiohttp by hand", "bare aiohttp, no reuse")
_USUAL_PAUSE_SECONDS, _QUICK_PAUSE_SECONDS = 1.5, 0.3
# By what is in flight: what the peak is to stay under, in MB.
_AIMED_MEGABYTES: Final = {50: 100, 500: 300}
_QUICK_IN_FLIGHT = 20


def _load(url: str, in_flight: int) -> Load:
    # One call for each worker: all wait at once, which is when most is kept.
    return Load(url=url, sound_bytes=_SOUND_BYTES, in_flight=in_flight, calls=in_flight, warm_up=1)


def _peaks(rounds: Sequence[Measured]) -> Spread:
    return Spread.of([one.peak_megabytes for one in rounds])


def _row(rival: str, by_number: Mapping[int, Sequence[Measured]]) -> Mapping[str, Cell]:
    row: dict[str, Cell] = {"client": rival}
    for many, rounds in by_number.items():
        row[f"{many} in flight: peak, MB"] = _peaks(rounds)
        row[f"{many}: CPU of a call, ms"] = median(one.cpu_milliseconds for one in rounds)
    return row


async def main(options: Options) -> None:
    """Measure, print and keep."""
    in_flight = [_QUICK_IN_FLIGHT] if options.is_quick else [*_AIMED_MEGABYTES]
    pause = _QUICK_PAUSE_SECONDS if options.is_quick else _USUAL_PAUSE_SECONDS
    with draining(pause_seconds=pause) as url:
        found = await interleaved(
            1 if options.is_quick else 3,
            {
                (many, rival): partial(measured, rival, _load(url, many))
                for many in in_flight
                for rival in _RIVALS
            },
        )
    title = f"5 MB each, to a gateway that reads nothing until no call has come for {pause} s"
    rows = [_row(rival, {many: found[many, rival] for many in in_flight}) for rival in _RIVALS]
    aims = [
        Aim(
            f"{rival}, {many} in flight: under {_AIMED_MEGABYTES[many]} MB",
            {"peak, MB": _peaks(found[many, rival])},
            at_most=_AIMED_MEGABYTES[many],
        )
        for many in in_flight
        if many in _AIMED_MEGABYTES
        for rival in _OURS
    ]
    kept = [
        {"in_flight": many, "rival": rival, "rounds": [asdict(one) for one in rounds]}
        for (many, rival), rounds in found.items()
    ]
    publish("uploads", [Table(title, rows), *([aims_table(aims)] if aims else [])], measured=kept)


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
