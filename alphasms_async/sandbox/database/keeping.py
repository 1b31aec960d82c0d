"""Keeps a sandbox in a file: takes back what stands there, then writes whatever changes."""

import logging
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.changes import About, Change
from alphasms_async.sandbox.database.file import DatabaseUnusable, opened, unusable
from alphasms_async.sandbox.database.reading import restore
from alphasms_async.sandbox.database.writing import Writer

_log = logging.getLogger("alphasms_async")


@contextmanager
def keeping(
    sandbox: Account, path: str | os.PathLike[str], *, tell: Callable[[str], None] = _log.error
) -> Generator[None]:
    """Keep a sandbox in a SQLite file while the context is open, and go on with what stands there.

        with keeping(sandbox, "sandbox.db"), sandbox.serve() as url:
            ...

    All that was accepted is there, recordings included, how far each call has come, the hooks
    posted and those that wait, the money and the ids; and the switches, `hook`, `hook_timing`, an
    `Autopilot`, the chaos and the scripts as they were set last, which is why they are to be set
    inside of the context. A call that rang goes on to ring, and what should have happened
    meanwhile happens now.

    What happens is written a moment later, by a thread: a kill may lose the last twentieth of a
    second, and never the file. The end of the context waits until everything is written. Nobody
    else can open the file meanwhile. It holds phones and the secrets of hooks, and is made for its
    owner alone.

    Args:
        sandbox: One that has accepted nothing yet.
        path: The file, on a local disk; made when it is not there, in a folder that is.
        tell: Is told in one line when the file cannot be written any more, e.g. as the disk is
            full, and when it can be again; in another thread. The sandbox goes on meanwhile.

    Raises:
        DatabaseUnusable: On entering: the file is something else, damaged, of a newer version or
            in use, or the disk refuses.
        ValueError: On entering: the sandbox has accepted something already.
    """
    if sandbox.ledger.accepted:
        raise ValueError("keeping is begun before the sandbox has accepted anything.")
    path = Path(path)
    with opened(path) as connection:
        try:
            stale = restore(sandbox, connection)
        except Exception as error:
            raise DatabaseUnusable(unusable(path, error)) from error
        kept = {entry.id for entry in sandbox.ledger.entries()}
        changes: set[Change] = {About.SETTINGS, *(stale - kept)}
        writer = Writer(sandbox, connection, path, tell)
        with writer.writing(changes), sandbox.changes.listening(writer.note):
            yield
