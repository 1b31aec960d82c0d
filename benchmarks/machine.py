"""What a figure was measured on, in words that name no particular machine."""

import os
import platform
import resource
import sqlite3
import sys
from collections.abc import Mapping

__all__ = ["allow_many_sockets", "machine", "run_on_core"]

_MANY_SOCKETS = 4096


def machine() -> Mapping[str, str]:
    """Return the machine's facts, each in one word or two."""
    return {
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        # A neighbour at work is the likeliest reason for a figure that looks wrong.
        "load": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }


def run_on_core(core: int) -> None:
    """Keep this process on one core, counted from the last if below 0, where that can be done."""
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core]})


def allow_many_sockets() -> None:
    """Let this process have so many sockets open that a thousand calls in flight are no question.

    Raises:
        ValueError: The system allows less.
    """
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < _MANY_SOCKETS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_MANY_SOCKETS, most))
