"""So many at work on one campaign at once, each in a process of its own, and what that came to."""

import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from subprocess import PIPE
from typing import Final

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from attrs import asdict, frozen

from alphasms_async.campaigns import Journal
from alphasms_async.campaigns.records import PlannedRow
from benchmarks.processors import busy_seconds, cpu_seconds
from benchmarks.working import Shift, Worked, campaign_of

__all__ = ["Crew", "Result", "plan"]

_LINE_BYTES: Final = 65_536


@frozen
class Result:
    """What a crew came to, from the word to begin until the last of them had ended."""

    seconds: float
    calls: int
    statements: int
    """How many the journals have written with, those that begin and end transactions included."""
    workers_cpu: float
    """The CPU of the crew, in seconds."""
    others_cpu: Mapping[str, float]
    """The CPU of the other processes that are looked at, by name."""
    busy: float
    """Which share of the machine's time its cores were busy, whoever it was for: 0 to 1."""

    @property
    def calls_a_second(self) -> float:
        """How many calls there were a second."""
        return self.calls / self.seconds


@frozen
class Crew:
    """So many who do the same."""

    way: str
    """How they work, one of `WAYS`."""
    workers: int
    """How many processes they are, 1 or more."""

    async def work(self, shift: Shift, others: Mapping[str, int]) -> Result:
        """Have them work until they end.

        Args:
            shift: What each of them does.
            others: Whose CPU is looked at besides: by name the process that they all came from.

        Raises:
            RuntimeError: One of them has ended before.
        """
        async with _ready(self.way, self.workers, shift) as crew:
            cpu = cpu_seconds(others)
            began, busy = time.perf_counter(), busy_seconds()
            for process in crew:
                assert process.stdin is not None  # noqa: S101 - asked for below
                await process.stdin.send(b"\n")
            worked = [Worked(**json.loads(await _line(process))) for process in crew]
            seconds, busy = time.perf_counter() - began, busy_seconds() - busy
            return Result(
                seconds=seconds,
                calls=sum(one.calls for one in worked),
                statements=sum(one.statements for one in worked),
                workers_cpu=sum(one.cpu_seconds for one in worked),
                others_cpu={name: now - cpu[name] for name, now in cpu_seconds(others).items()},
                busy=min(1.0, busy / seconds / (os.cpu_count() or 1)),
            )


async def plan(journal: Journal, shift: Shift, rows: int) -> int:
    """Write the campaign that is worked on; return its id.

    Args:
        journal: Where to, not entered.
        shift: What is done then.
        rows: How many recipients it has, 1 or more.
    """
    campaign = campaign_of(shift)
    listed = (PlannedRow(line, f"38050{line:07}") for line in range(1, rows + 1))
    async with journal:
        pace = campaign.per_second
        await journal.plan(campaign.name, campaign.as_json(), listed, per_second=pace)
        return (await journal.campaign(campaign.name)).id


@asynccontextmanager
async def _ready(way: str, workers: int, shift: Shift) -> AsyncGenerator[Sequence[Process]]:
    """Start them, and wait until all have imported and opened whatever they need."""
    command = [sys.executable, "-m", "benchmarks.working", way, json.dumps(asdict(shift))]
    crew = [
        await anyio.open_process(command, stdin=PIPE, stdout=PIPE, stderr=None)
        for _ in range(workers)
    ]
    try:
        for process in crew:
            if await _line(process) != b"ready":
                raise RuntimeError("one of those who were to work has said something else")
        yield crew
    finally:
        for process in crew:
            await process.aclose()


async def _line(process: Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        stream = BufferedByteReceiveStream(process.stdout)
        return await stream.receive_until(b"\n", _LINE_BYTES)
    except anyio.IncompleteRead:
        raise RuntimeError("one of those who were to work has ended; it says why above") from None
