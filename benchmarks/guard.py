"""Fails if a call costs more than ten times what it is reckoned to: by CPU, never by the clock.

Each transport of ours is set against its library used barely, in turns in the same process, and
500 calls in flight against one at a time. What is set against each other is as busy or idle as
the machine is, so that only a great mistake in the code can fail here.
"""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from attrs import frozen

from benchmarks.calling import Measured, measure
from benchmarks.draining import draining
from benchmarks.loads import Case, Load
from benchmarks.machine import allow_many_sockets, run_on_core
from benchmarks.rounds import Spread, interleaved, ratios, shown
from benchmarks.tables import Cell, Table, publish

__all__ = ["RECKONINGS", "Reckoning", "main", "regressions"]

_SOUND_BYTES = 40_000
_ROUNDS = 3
_FEWEST_CALLS = 150
_WARM_UP = 50
_WORSE = 10


@frozen
class Reckoning:
    """What a call is reckoned to cost, set against another."""

    ours: Case
    """The call that may have grown dear."""
    against: Case
    """The call that it is compared with."""
    times: float
    """How many times the other's CPU it costs."""


def _case(rival: str, in_flight: int) -> Case:
    return Case(rival, _SOUND_BYTES, in_flight)


_alone = partial(_case, in_flight=1)
_alike = partial(_case, in_flight=50)
_crowd = partial(_case, in_flight=500)

# The medians measured here on 2 cores with CPython 3.11, 1.2, 1.3, 0.9 and 0.7, rounded up to the
# half: the package adds less to a library than that costs itself, and a call in a crowd costs no
# more than one alone.
RECKONINGS: Final = (
    Reckoning(_alike("AlphaSMS"), _alike("httpx's bare transport"), 1.5),
    Reckoning(_alike("AlphaSMS, aiohttp"), _alike("bare aiohttp, no reuse"), 1.5),
    Reckoning(_crowd("AlphaSMS"), _alone("AlphaSMS"), 1.0),
    Reckoning(_crowd("AlphaSMS, aiohttp"), _alone("AlphaSMS, aiohttp"), 1.0),
)
"""What the project reckons with."""


def regressions(measured: Mapping[Reckoning, Spread]) -> Sequence[str]:
    """Return a line for each call that costs more than ten times what it is reckoned to.

    Args:
        measured: How many times the other's CPU each was measured to cost.
    """
    return [
        f"{reckoning.ours} costs {shown(times.median)} times {reckoning.against}, more than ten "
        f"times what is reckoned with: {shown(reckoning.times)}"
        for reckoning, times in measured.items()
        if times.median > _WORSE * reckoning.times
    ]


async def _measured(url: str) -> Mapping[Reckoning, Spread]:
    cases = dict.fromkeys(case for one in RECKONINGS for case in (one.ours, one.against))
    found = await interleaved(
        _ROUNDS, {case: partial(measure, case.rival, _load(url, case.in_flight)) for case in cases}
    )
    return {one: ratios(_costs(found[one.ours]), _costs(found[one.against])) for one in RECKONINGS}


def _load(url: str, in_flight: int) -> Load:
    calls = max(_FEWEST_CALLS, in_flight)
    warm_up = min(in_flight, _WARM_UP)
    return Load(
        url=url, sound_bytes=_SOUND_BYTES, in_flight=in_flight, calls=calls, warm_up=warm_up
    )


def _costs(rounds: Sequence[Measured]) -> Sequence[float]:
    return [one.cpu_milliseconds for one in rounds]


def _row(reckoning: Reckoning, times: Spread) -> Mapping[str, Cell]:
    return {
        "a call of": str(reckoning.ours),
        "against": str(reckoning.against),
        "costs, times": times,
        "reckoned": reckoning.times,
    }


def main() -> Sequence[str]:
    """Measure, print and keep; return what is wrong, a line each."""
    with draining() as url:
        measured = asyncio.run(_measured(url))
    publish("guard", [Table("CPU of 40 KB calls", [_row(*one) for one in measured.items()])])
    return regressions(measured)


if __name__ == "__main__":
    ArgumentParser(description=__doc__).parse_args()
    run_on_core(0)
    allow_many_sockets()
    sys.exit("\n".join(main()) or None)
