"""Files of this machine, told from others that come to lie in their place."""

from pathlib import Path

__all__ = ["identity_of"]


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return which file lies at a path now. `None` when none does."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return None
    return there.st_dev, there.st_ino
