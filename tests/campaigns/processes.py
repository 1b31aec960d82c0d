"""Other processes that use a journal at the same time."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_HOLD = """
import anyio, sys
from alphasms_async.campaigns.sqlite import SqliteJournal

async def hold(path, purpose):
    async with SqliteJournal(path, purpose=purpose):
        print("held", flush=True)
        sys.stdin.read()

anyio.run(hold, *sys.argv[1:])
"""


def python(program: str, *arguments: str | Path, uid: int | None = None) -> subprocess.Popen[str]:
    """Start a program, its input and output at hand, as another user if one is named."""
    return subprocess.Popen(  # noqa: S603 - a program of this file's or of its tests'
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        user=uid,
    )


@contextmanager
def holding(path: Path, purpose: str) -> Generator[subprocess.Popen[str]]:
    """Have another process open a journal for writing until it is told to end, or killed."""
    with python(_HOLD, path, purpose) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()
