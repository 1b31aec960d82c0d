"""A process that writes a journal and looks into its inbox as a dialer does, and dials nobody.

python -m benchmarks.holding JOURNAL
"""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio

from alphasms_async.campaigns import SqliteJournal

__all__ = ["holding"]

_LOOK_SECONDS = 0.25


@contextmanager
def holding(path: Path) -> Generator[None]:
    """Have a journal written by another process for as long as the context is open."""
    with subprocess.Popen(  # noqa: S603 - this very module
        [sys.executable, "-m", "benchmarks.holding", path], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            if not process.stdout.readline():
                raise RuntimeError("nobody writes the journal, so the figure would be another's")
            yield
        finally:
            process.terminate()


async def _hold(path: Path) -> None:
    async with SqliteJournal(path, purpose="a benchmark") as journal:
        print("ready", flush=True)
        while True:
            await anyio.sleep(_LOOK_SECONDS)
            await journal.drain()


if __name__ == "__main__":
    anyio.run(_hold, Path(sys.argv[1]))
