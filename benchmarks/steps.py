"""One step of a campaign, planning or dialling, measured in a process of its own.

    python -m benchmarks.steps plan FOLDER
    python -m benchmarks.steps dial FOLDER

FOLDER has the list; the journal is written there. Prints what was measured as JSON.
"""

import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx

from alphasms_async import AlphaSMS
from alphasms_async.campaigns import (
    Campaign,
    Dialer,
    PlayRecording,
    RowState,
    SqliteJournal,
    open_list,
    plan_campaign,
)
from benchmarks.draining import accepting
from benchmarks.recordings import RECORDING
from benchmarks.resident import Samples, peak_megabytes

__all__ = ["STEPS", "main", "write_list"]

_KEY = "5d41402abc4b2a76b9719d911017c592"
_CAMPAIGN = Campaign(name="bench", kind=PlayRecording(RECORDING), concurrency=64)


class OnTheSpot(httpx.AsyncBaseTransport):
    """A gateway without a network: it reads each request to its end and accepts it at once."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Read the request and answer it."""
        assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - narrows a union
        async for _ in request.stream:
            pass
        return httpx.Response(200, content=accepting())


def write_list(folder: Path, rows: int) -> None:
    """Write a list of so many different phones, with a header and a column that is not needed."""
    with Path(folder, "list.csv").open("w", encoding="utf-8") as file:
        file.write("name,phone\n")
        file.writelines(f"Olena {row},+38050{row:07}\n" for row in range(rows))


async def _plan(folder: Path) -> int:
    async with SqliteJournal(folder / "bench.journal") as journal:
        plan = await plan_campaign(journal, _CAMPAIGN, open_list(folder / "list.csv"))
    return plan.to_dial


async def _dial(folder: Path) -> int:
    async with (
        AlphaSMS(_KEY, transport=OnTheSpot()) as alphasms,
        SqliteJournal(folder / "bench.journal") as journal,
    ):
        run = await Dialer(alphasms, journal, _CAMPAIGN).run()
    return run.tally.states[RowState.ACCEPTED]


STEPS: Mapping[str, Callable[[Path], Awaitable[int]]] = {"plan": _plan, "dial": _dial}
"""What is measured, in the order in which it is done; each returns how many rows it did."""


async def main(step: str, folder: Path) -> dict[str, Any]:
    """Do one step, and return what it took."""
    began = time.perf_counter()
    with Samples() as samples:
        rows = await STEPS[step](folder)
    return {
        "rows": rows,
        "seconds": time.perf_counter() - began,
        "peak": peak_megabytes(),
        "shares": {share: samples.at(share) for share in (0, 0.25, 0.5, 0.75, 1)},
        "samples": samples.megabytes,
    }


if __name__ == "__main__":
    print(json.dumps(anyio.run(main, sys.argv[1], Path(sys.argv[2]))))
