"""What a figure was measured on, in words that name no particular machine."""

import os
import platform
import sqlite3
from collections.abc import Mapping

__all__ = ["machine"]


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
