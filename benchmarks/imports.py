"""What it costs a program to import us, beside what importing httpx and phonenumbers costs it.

Each is a process that imports and ends, from its beginning to its end, on the first core. Where
click is installed httpx loads a command line of its own with it; it is kept from that here, for
with the core of this project alone there is none.
"""

import os
import resource
import sys
from collections.abc import Iterable, Mapping
from functools import partial

import anyio

from benchmarks.aims import Aim, aims_table
from benchmarks.machine import run_on_core
from benchmarks.options import Options, read_options
from benchmarks.rounds import Spread, interleaved, ratios
from benchmarks.tables import Table, publish

__all__ = ["main"]

_DEPENDENCIES = "import httpx, phonenumbers"
_PACKAGE = "import alphasms_async"
_CLIENT = "from alphasms_async import AlphaSMS"
_PYTEST = "import pytest"
_PLUGIN = "import pytest, alphasms_async.testing"
_PROGRAMS = ("pass", _DEPENDENCIES, _PACKAGE, _CLIENT, _PYTEST, _PLUGIN)

_WITHOUT_CLICK = "import sys; sys.modules['click'] = None; "
# Only what was compiled and kept before is as quick as it is for users.
_KEEP_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}

_Figures = Mapping[str, list[float]]


async def _cpu_milliseconds(program: str) -> float:
    command = [sys.executable, "-c", _WITHOUT_CLICK + program]
    before = _cpu_of_children()
    await anyio.run_process(command, env={**os.environ, **_KEEP_COMPILED}, stderr=None)
    return 1000 * (_cpu_of_children() - before)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _table(title: str, programs: Iterable[str], yardstick: str, figures: _Figures) -> Table:
    return Table(
        title,
        [
            {
                "program": one,
                "CPU ms": Spread.of(figures[one]),
                f"of {yardstick}": ratios(figures[one], figures[yardstick]),
            }
            for one in programs
        ],
    )


async def main(options: Options) -> None:
    """Measure, print and keep."""
    run_on_core(0)  # and with it the processes that it starts
    programs = {one: partial(_cpu_milliseconds, one) for one in _PROGRAMS}
    await interleaved(1, programs)
    figures = await interleaved(3 if options.is_quick else 15, programs)
    aim = Aim(
        "the CPU of an import at most 1.5 times that of httpx and phonenumbers",
        {one: ratios(figures[one], figures[_DEPENDENCIES]) for one in (_PACKAGE, _CLIENT)},
        at_most=1.5,
    )
    imports = ("pass", _DEPENDENCIES, _PACKAGE, _CLIENT)
    tables = [
        _table("An import", imports, _DEPENDENCIES, figures),
        _table("The plugin of pytest", (_PYTEST, _PLUGIN), _PYTEST, figures),
    ]
    publish("imports", [*tables, aims_table([aim])])


if __name__ == "__main__":
    anyio.run(main, read_options(__doc__))
