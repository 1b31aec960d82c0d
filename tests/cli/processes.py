"""The command in a process of its own, while a test goes on."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from tests.torture.commands import PROGRAM

__all__ = ["first_words", "running"]


@contextmanager
def running(*words: str, before: str = "") -> Generator["subprocess.Popen[str]"]:
    """Run the command, in UTC; whatever happens, nothing of it is left behind.

    Args:
        words: What stands behind `alphasms`.
        before: Python that is run before it.
    """
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", before + PROGRAM, *words],
        env={**os.environ, "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_words(process: "subprocess.Popen[str]") -> str:
    """Wait for one line of what it says beside its answers, and return it."""
    assert process.stderr is not None
    return process.stderr.readline().rstrip("\n")
