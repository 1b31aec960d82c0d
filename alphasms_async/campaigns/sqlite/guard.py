"""The files of an open journal, known by what they are: a path is only a name for them."""

import os
from collections.abc import Mapping
from pathlib import Path

from alphasms_async.errors import JournalError

__all__ = ["Guard"]


class Guard:
    """Tells when a journal's files are no longer those that were opened.

    They may be moved, deleted or copied over while they are written; what this process goes on to
    write then, nobody may ever find. The lock's file needs no look: whoever makes another one
    becomes the newest owner in this very journal.

    Args:
        name: The journal's name, for errors.
        journal: The open file, links followed. `None`: it is in memory, and nothing befalls it.
    """

    def __init__(self, name: str, journal: Path | None = None) -> None:
        self._name = name
        self._journal = journal
        paths = [] if journal is None else [journal, journal.with_name(f"{journal.name}-wal")]
        self._files: Mapping[Path, os.stat_result | None] = {path: _look(path) for path in paths}
        self._failure: JournalError | None = None
        self._written_at = 0
        self.written()

    def failure(self, *, writing: bool = False) -> JournalError | None:
        """Return why nobody may be dialled any more, `None` while all is as it was.

        It stays: what comes back may have been written by others meanwhile.

        Args:
            writing: Whether it is asked in the one thread that writes the file. Only there can
                what others wrote into it be told from what this process did.
        """
        for path, opened in self._files.items():
            there = _look(path)
            if there is None:
                became = "it cannot be found"
            elif opened is None or not os.path.samestat(there, opened):
                became = "it is another file"
            elif writing and path == self._journal and there.st_mtime_ns != self._written_at:
                became = "another program has written it, such as a copy over it or a checkpoint"
            else:
                continue
            self._failure = self._failure or self._error(path, became)
        return self._failure

    def written(self) -> None:
        """Know the file again as this process has just left it."""
        if self._journal is not None and (there := _look(self._journal)) is not None:
            self._written_at = there.st_mtime_ns

    def _error(self, path: Path, became: str) -> JournalError:
        return JournalError(
            f"the journal {self._name} was moved, deleted or overwritten while in use: look at "
            f"{path}, {became}; nobody more is dialled before the right file is back"
        )


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
