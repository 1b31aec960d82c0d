"""What is in a workbook's archive, looked at before the workbook is read.

The reader behind it lays a sheet out in memory from its first cell to its last, and ends the
whole process when that is more than there is: one stray cell in the far corner is enough.
"""

import re
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from alphasms_async.campaigns.lists.files import refusal
from alphasms_async.errors import InvalidRequest

__all__ = ["broken_is_refused", "check_archive"]

_MAX_CELLS = 12_000_000
_MAX_BYTES = 1024 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_LONGEST_TAG = 64 * 1024
# A row or a cell with something in it, and its place: `<row r="7">`, `<c r="B7" t="s">`.
_PLACE = re.compile(
    rb"""[<:](?:row|c)\s(?:[^>]*?\s)??r\s*=\s*["']([A-Za-z]{0,7})(\d{1,10})["'][^>]*(?<!/)>"""
)


def check_archive(path: Path, file: BinaryIO) -> None:
    """Refuse a ZIP archive that is no workbook, or one too big to be read safely.

    Args:
        path: The file's name, for the errors.
        file: Open for reading bytes; left at no particular place.

    Raises:
        InvalidRequest: It is broken, another kind of archive, unpacks to over 1 GB, or its cells
            lie too far apart.
    """
    with broken_is_refused(path), zipfile.ZipFile(file) as archive:
        names = [info.filename.replace("\\", "/").lower() for info in archive.infolist()]
        if not any(name.startswith("xl/") for name in names):
            raise refusal(path, "is an archive, not a workbook: save the list as .xlsx or CSV")
        if "xl/workbook.bin" in names:
            raise refusal(path, "is a binary workbook (.xlsb): save the list as .xlsx or CSV")
        if sum(info.file_size for info in archive.infolist()) > _MAX_BYTES:
            raise refusal(path, "unpacks to over 1 GB: save the list as CSV")
        for info in archive.infolist():
            if info.filename.lower().endswith(".xml"):
                _check_spread(path, archive, info)


@contextmanager
def broken_is_refused(path: Path) -> Generator[None]:
    """Turn whatever a reader of archives or workbooks stumbles over into one clear line.

    Raises:
        InvalidRequest: The block failed.
    """
    try:
        yield
    except (InvalidRequest, MemoryError):
        raise
    except BaseException as error:
        # A panic of the compiled reader is none of Python's Exceptions, and has no public name.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        is_locked = type(error).__name__ == "PasswordError" or "encrypted" in str(error)
        reason = "is protected by a password" if is_locked else "is a broken workbook"
        raise refusal(path, f"{reason}: save the list anew, as .xlsx or CSV") from error


def _check_spread(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    rows, columns = {0}, {0}
    for places in _places(archive, info):
        found = {int(digits) for _, digits in places}
        rows = {min(found | rows - {0}), max(found | rows)}
        columns |= {_column(letters) for letters in {letters for letters, _ in places}}
    # A row is no cell yet, and has no column.
    columns.discard(0)
    if columns and (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1) > _MAX_CELLS:
        far = f"row {max(rows)} and column {max(columns)}"
        reason = f"has cells up to {far}, too far apart to read: delete the far ones"
        raise refusal(path, f"{reason}, or save the list as CSV")


def _places(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[list[tuple[bytes, bytes]]]:
    """Yield the columns' letters and the rows' numbers that a part names, many at a time."""
    rest = b""
    with archive.open(info) as part:
        while chunk := part.read(_CHUNK_BYTES):
            text = rest + chunk
            if places := _PLACE.findall(text):
                yield places
            # A tag may be cut by the end of a chunk.
            begun = text.rfind(b"<")
            is_cut = begun > text.rfind(b">")
            rest = text[begun:] if is_cut and len(text) - begun < _LONGEST_TAG else b""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
