"""Files that a command writes: whole or not at all, and never in the place of what it reads."""

import hashlib
import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from alphasms_async import InvalidRequest

__all__ = ["check_target", "written_whole"]

_PARTS = ("", "-wal", "-shm", "-journal", ".lock", ".inbox", ".inbox-journal")


def check_target(
    target: Path, journal: Path | str, name: str, definition: Mapping[str, Any]
) -> None:
    """Refuse to write where something else lies that is still needed.

    Args:
        target: The file to be written.
        journal: Where the journal is that the campaign is in.
        name: The campaign's.
        definition: What the journal has of it.

    Raises:
        InvalidRequest: It is the campaign's list or recording, a part of the journal, or there is
            something that is no regular file.
    """
    what = _needed(target, journal, name, definition)
    if what is not None:
        raise InvalidRequest(f"{target} is {what}: name another file")


@contextmanager
def written_whole(target: Path) -> Generator[BinaryIO]:
    """Open a file that takes the target's place at the end, unless something went wrong.

    Raises:
        InvalidRequest: It cannot be written.
    """
    # A link stays, and leads to what was written.
    place = Path(os.path.realpath(target))
    try:
        # For its owner alone: it has phones in it, whole.
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".alphasms-")
        made = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
            made.replace(place)
        except BaseException:
            made.unlink()
            raise
    except OSError as error:
        raise InvalidRequest(f"cannot write {target}: {error.strerror}") from error


def _needed(
    target: Path, journal: Path | str, name: str, definition: Mapping[str, Any]
) -> str | None:
    # The journal first, for it must not be opened: closing it would take away SQLite's locks.
    parts = (
        [journal.with_name(journal.name + part) for part in _PARTS]
        if isinstance(journal, Path)
        else []
    )
    if any(_is_same(target, part) for part in parts):
        return "part of the journal"
    if target.exists() and not target.is_file():
        return "no regular file"
    source = definition.get("kind", {}).get("source")
    if source is not None and _is_same(target, Path(source)):
        return f"the recording of {name!r}"
    # Where the list lay is not kept, only what was in it.
    digest = definition.get("list_sha256")
    if digest is not None and _digest(target) == digest:
        return f"the list of {name!r}"
    return None


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two names lead to one file, which need not be there yet."""
    with suppress(OSError):
        return one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def _digest(path: Path) -> str | None:
    """Return the digest of a file. `None`: there is none that could be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
