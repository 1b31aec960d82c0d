"""Takes back into a sandbox what stands in its file."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.database.settings import Settings
from alphasms_async.sandbox.database.sql import QUERIES
from alphasms_async.sandbox.database.standing import Stand
from alphasms_async.sandbox.database.values import from_json
from alphasms_async.sandbox.entries import SandboxCall, SandboxEntry, SandboxMessage

CLASSES: Final[Mapping[str, type[SandboxEntry]]] = {"call": SandboxCall, "message": SandboxMessage}
"""What is accepted, by what the file calls it."""


@attrs.frozen
class _Kept:
    entry: SandboxEntry
    stand: Stand


def restore(account: Account, connection: sqlite3.Connection) -> set[int]:
    """Take back what is kept, into a sandbox that has accepted nothing.

    Returns:
        The ids that the file has.

    Raises:
        sqlite3.Error: The file cannot be read.
        Exception: What stands there was not written by us; what is raised is left to chance.
    """
    kept = list(_kept(account, connection))
    for one in kept:
        account.ledger.restore(one.entry, one.stand.state)
    for one in kept:
        account.lines.restore(one.entry, one.stand.line, one.stand.plan)
    account.hook_queue.restore(one.stand.thread for one in kept)
    for (settings,) in connection.execute(QUERIES["settings"]):
        from_json(Settings, settings).restore(account)
    return {one.entry.id for one in kept}


def _kept(account: Account, connection: sqlite3.Connection) -> Iterator[_Kept]:
    sounds: dict[str, bytes] = {}
    for row in connection.execute(QUERIES["entries"]):
        _, what, accepted, standing, digest = row
        if digest is not None and digest not in sounds:
            sounds[digest] = _sound(account, connection, digest)
        # A message has neither a recording nor a phone that rings.
        audio, handset = digest and sounds[digest], account.desk
        entry = from_json(CLASSES[what], accepted, audio=audio, handset=handset)
        yield _Kept(entry, from_json(Stand, standing, entry=entry))


def _sound(account: Account, connection: sqlite3.Connection, digest: str) -> Any:
    (sound,) = connection.execute(QUERIES["sound"], {"digest": digest}).fetchone()
    return account.ledger.shared(sound)
