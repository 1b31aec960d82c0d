"""A journal's file and those beside it, as a program without a loop handles them."""

import stat
from pathlib import Path

__all__ = ["beside", "mode", "names", "read", "remove", "write"]


def beside(journal: Path, kind: str) -> Path:
    """Return the file of a kind beside a journal: its `lock`, its `inbox`."""
    return journal.with_name(f"{journal.name}.{kind}")


def mode(path: Path) -> int:
    """Return who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    """Return what lies in a folder, in order."""
    return sorted(one.name for one in folder.iterdir())


def read(path: Path) -> bytes:
    """Return what is in a file."""
    return path.read_bytes()


def write(path: Path, text: str) -> None:
    """Make a file of this text."""
    path.write_text(text, "utf-8")


def remove(path: Path) -> None:
    """Take a file away."""
    path.unlink()
