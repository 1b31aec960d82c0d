"""What one voice call costs its client, and how many there are a second, ours and by hand.

Each measurement is a process of its own on the first core; the gateway, which only reads each call
to its end and answers, is another on the last. `--sizes`, `--in-flight` and `--rounds` choose what
is measured.
"""

from functools import partial
from typing import Final

import anyio
from attrs import asdict

from benchmarks.calling import Measured, measured
from benchmarks.cases import COMPARED, Cases, aims, chart_panels, tables
from benchmarks.chart import write_chart
from benchmarks.draining import draining
from benchmarks.loads import Case, Load
from benchmarks.options import CallOptions, read_call_options
from benchmarks.rounds import interleaved
from benchmarks.sounds import size_name
from benchmarks.tables import RESULTS, publish

__all__ = ["main"]

_USUAL: Final = CallOptions(
    rows=None,
    is_quick=False,
    sizes=(40_000, 1_000_000, 5_000_000),
    in_flight=(1, 10, 50, 200, 500, 1_000),
    rounds=5,
)
_QUICK: Final = CallOptions(rows=None, is_quick=True, sizes=(40_000,), in_flight=(1, 50), rounds=1)
# Each of its requests asks each idle connection whether it is still open. It is measured with few
# of them, as it is when it never pauses: with as many as are in flight it takes twice as long.
_FASTER_COLD: Final = "httpx by hand"
# A measurement takes about a second: a call costs as much as this and its recording are long.
_CALL_BYTES = 360_000
_USUAL_BYTES = 320_000_000
_QUICK_BYTES = 40_000_000
# What is connected before the clock runs, where that is nothing beside what a call costs.
_FEW = 50
_LARGE_BYTES = 1_000_000


def _load(case: Case, url: str, options: CallOptions) -> Load:
    budget = _QUICK_BYTES if options.is_quick else _USUAL_BYTES
    calls = options.rows or budget // (case.sound_bytes + _CALL_BYTES)
    is_cold = case.sound_bytes > _LARGE_BYTES or case.rival == _FASTER_COLD
    return Load(
        url=url,
        sound_bytes=case.sound_bytes,
        in_flight=case.in_flight,
        # Fewer would not all be in flight.
        calls=max(calls, case.in_flight),
        warm_up=min(case.in_flight, _FEW) if is_cold else case.in_flight,
    )


async def _measured(options: CallOptions) -> Cases:
    found: dict[Case, list[Measured]] = {}
    with draining() as url:
        for size in options.sizes:
            cases = [Case(one, size, many) for many in options.in_flight for one in COMPARED]
            found |= await interleaved(
                options.rounds,
                {case: partial(measured, case.rival, _load(case, url, options)) for case in cases},
            )
            print(f"{size_name(size)}: measured", flush=True)
    return found


async def main(options: CallOptions) -> None:
    """Measure, print and keep."""
    cases = await _measured(options)
    kept = [
        {**asdict(case), "rounds": [asdict(one) for one in rounds]}
        for case, rounds in cases.items()
    ]
    publish("calls", [*tables(cases), *aims(cases)], measured=kept)
    chart = RESULTS / "calls.svg"
    write_chart(chart, "CPU of a call, ms", "calls in flight", chart_panels(cases))
    print(f"The chart is {chart}")


if __name__ == "__main__":
    anyio.run(main, read_call_options(__doc__, _USUAL, _QUICK))
