"""The file a list stands in: opened if it can be, looked at once, known again later."""

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from attrs import frozen

from alphasms_async.campaigns.lists.charsets import CharsetCheck
from alphasms_async.errors import InvalidRequest

__all__ = ["FileState", "Look", "look_at", "open_file", "refusal"]

_CHUNK_BYTES = 64 * 1024
_HEAD_BYTES = 64
_LONGEST_NAME = 200


@frozen
class FileState:
    """What changes when somebody saves the file anew."""

    size: int
    """In bytes."""
    mtime_ns: int
    """When it was last written, in nanoseconds, as the file system tells it."""

    @classmethod
    def of(cls, file: BinaryIO) -> Self:
        """Return the state of an open file."""
        seen = os.fstat(file.fileno())
        return cls(seen.st_size, seen.st_mtime_ns)


@frozen
class Look:
    """What one pass over a file's bytes tells."""

    state: FileState
    """The file's state, the same before and after the pass."""
    sha256: str
    """The hex digest of its bytes."""
    head: bytes
    """The first bytes, 64 at most."""
    charset: CharsetCheck
    """What its bytes can be as text."""


def refusal(path: Path, reason: str, *, line: int | None = None) -> InvalidRequest:
    """Return the error that says in one line what is wrong with a list.

    Args:
        path: The file; the line begins with it.
        reason: The rest of the line; without a line number it begins with the verb.
        line: The line it is about, counted from 1. `None`: the whole file.
    """
    name = str(path)
    # A name may hold anything but a slash, and a file's content may be taken for its name.
    shown = (name if name.isprintable() else repr(name)[1:-1])[:_LONGEST_NAME]
    return InvalidRequest(f"{shown}, line {line}: {reason}" if line else f"{shown} {reason}")


@contextmanager
def open_file(path: Path) -> Generator[BinaryIO]:
    """Open a list for reading its bytes.

    Raises:
        InvalidRequest: There is no such file, it may not be read, or it is no regular file; a
            reading in the block failed.
    """
    try:
        with _opened(path) as file:
            yield file
    except OSError as error:
        raise refusal(path, f"cannot be read: {error.strerror or error}") from error


def _opened(path: Path) -> BinaryIO:
    if path.is_dir():
        raise refusal(path, "is a folder: name the file with the list")
    if path.exists() and not path.is_file():
        # It is read twice, to look and to dial, and a pipe gives its content once.
        raise refusal(path, "is a pipe or a device: save the list as a file")
    try:
        return path.open("rb")
    except ValueError as error:
        raise refusal(path, f"cannot be read: {error}") from error


def look_at(path: Path, file: BinaryIO) -> Look:
    """Read the file once from its beginning, in pieces, and leave it at its beginning.

    Raises:
        InvalidRequest: It is being written meanwhile.
    """
    before = FileState.of(file)
    digest, charset, head = hashlib.sha256(), CharsetCheck(), b""
    while chunk := file.read(_CHUNK_BYTES):
        head = head or chunk[:_HEAD_BYTES]
        digest.update(chunk)
        charset.feed(chunk)
    charset.end()
    if FileState.of(file) != before:
        raise refusal(path, "is being written to: try again when it is complete")
    file.seek(0)
    return Look(before, digest.hexdigest(), head, charset)
