"""The lines of a text file, in bounded memory whatever the file is."""

import io
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from attrs import define, field

from alphasms_async.campaigns.lists.files import refusal

__all__ = ["MAX_ROW_CHARACTERS", "TextLines", "text_lines"]

MAX_ROW_CHARACTERS = 1024 * 1024
"""A row longer than this is no row of a list, but a file without line ends or a quote left open."""


@define
class TextLines:
    """Lines with their ends, counted; a row of a list may take several of them."""

    path: Path
    """The file, for the errors."""
    count: int = field(default=0, init=False)
    """How many lines were taken."""
    _text: io.TextIOWrapper = field(repr=False, alias="text")
    _row_line: int = field(default=1, init=False)
    _row_characters: int = field(default=0, init=False)

    def begin_row(self) -> int:
        """Return the number of the line that comes next, counted from 1; a row begins there."""
        self._row_line = self.count + 1
        self._row_characters = 0
        return self._row_line

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(MAX_ROW_CHARACTERS)
        except UnicodeError:
            # It was decoded whole when it was looked at.
            raise refusal(self.path, "has changed since it was looked at: begin anew") from None
        if not line:
            raise StopIteration
        self.count += 1
        self._row_characters += len(line)
        if self._row_characters >= MAX_ROW_CHARACTERS:
            reason = "a row of over a million characters: is there a line end, a quote left open?"
            raise refusal(self.path, reason, line=self._row_line)
        return line


@contextmanager
def text_lines(path: Path, file: BinaryIO, codec: str) -> Generator[TextLines]:
    """Give the lines of a binary file from its beginning, and leave the file open.

    Args:
        path: The file's name, for the errors.
        file: Open for reading bytes.
        codec: Python's name of its encoding.
    """
    file.seek(0)
    # Line ends are kept as they are, for those inside a quoted cell are the cell's.
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        yield TextLines(path, text=text)
    finally:
        # Were the wrapper thrown away as it is, it would close the file with it.
        text.detach()
