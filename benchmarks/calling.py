"""Whoever places calls, measured in a process of its own on the first core.

    python -m benchmarks.calling RIVAL LOAD

RIVAL is one of `RIVALS`, LOAD a `Load` as JSON. Prints what was measured as JSON.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice

import anyio
from attrs import asdict, frozen

from benchmarks.loads import Load
from benchmarks.machine import allow_many_sockets, run_on_core
from benchmarks.resident import peak_megabytes
from benchmarks.rivals import Caller, rival

__all__ = ["Measured", "measure", "measured"]


@frozen
class Measured:
    """What carrying a load came to."""

    calls_a_second: float
    """How many calls were answered a second."""
    cpu_milliseconds: float
    """What one call cost the process, in milliseconds of a core."""
    peak_megabytes: float
    """The most that the process ever had resident, in megabytes of a million bytes."""


async def measured(name: str, load: Load) -> Measured:
    """Have one of the `RIVALS` carry a load in a process of its own.

    Raises:
        subprocess.CalledProcessError: A call was not taken.
    """
    command = [sys.executable, "-m", "benchmarks.calling", name, json.dumps(asdict(load))]
    done = await anyio.run_process(command, stderr=None)
    return Measured(**json.loads(done.stdout))


async def measure(name: str, load: Load) -> Measured:
    """Have one of the `RIVALS` carry a load in this process.

    Raises:
        RuntimeError: A call was not taken, or two were given the same id.
    """
    phones = (f"38050{number:07}" for number in range(load.warm_up + load.calls))
    async with rival(name)(load) as callers:
        await _place(islice(phones, load.warm_up), callers)
        gc.collect()
        began, cpu_began = time.perf_counter(), time.process_time()
        placed = await _place(phones, callers)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    if len(set(placed)) != load.calls:
        raise RuntimeError(f"{load.calls} calls were placed, and {len(set(placed))} were taken")
    return Measured(load.calls / seconds, 1000 * cpu_seconds / load.calls, peak_megabytes())


async def _place(phones: Iterator[str], callers: Sequence[Caller]) -> list[int]:
    """Place a call to each phone, whichever caller is free."""
    placed: list[int] = []

    async def work(call: Caller) -> None:
        for phone in phones:
            placed.append(await call(phone))  # noqa: PERF401 - several workers share one list

    await asyncio.gather(*map(work, callers))
    return placed


if __name__ == "__main__":
    run_on_core(0)
    allow_many_sockets()
    load = Load(**json.loads(sys.argv[2]))
    print(json.dumps(asdict(asyncio.run(measure(sys.argv[1], load)))))
