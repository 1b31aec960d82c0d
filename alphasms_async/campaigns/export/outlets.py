"""Bytes written to whatever takes them, all of them or an error."""

import errno
import os
from typing import BinaryIO

__all__ = ["write_whole"]


def write_whole(out: BinaryIO, data: bytes) -> None:
    """Write all the bytes, however few of them `out` takes at a time.

    Raises:
        OSError: They could not be written.
    """
    left = memoryview(data)
    while left:
        written: int | None = out.write(left)
        if not written:
            # A file without a buffer takes a part when the disk is nearly full, and then nothing.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left = left[written:]
