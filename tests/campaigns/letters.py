"""What other processes leave in the inbox of a journal, and what became of it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.sqlite.inbox import Inbox
from tests.campaigns.journals import NAME


def leave(path: Path, *commands: Command) -> None:
    """Leave commands in the inbox, as another process does."""
    with Inbox(path) as inbox:
        inbox.put(commands)


def leave_raw(path: Path, *bodies: str) -> None:
    """Leave texts in the inbox that no version of ours would leave."""
    leave(path)
    with closing(sqlite3.connect(f"{path}.inbox")) as connection:
        connection.executemany("insert into letter(body) values(?)", [(body,) for body in bodies])
        connection.commit()


def waiting(path: Path) -> list[dict[str, Any]]:
    """Return what waits in the inbox."""
    with Inbox(path) as inbox:
        letters = inbox.waiting()
    return [] if letters is None else [json.loads(body) for _, body in letters.bodies]


async def pace(path: Path) -> float | None:
    """Return the pace of the campaign, as anybody reads it."""
    async with SqliteJournal(path, read_only=True) as journal:
        return (await journal.campaign(NAME)).per_second


async def state(path: Path) -> str:
    """Return where the campaign stands, as anybody reads it."""
    async with SqliteJournal(path, read_only=True) as journal:
        return (await journal.campaign(NAME)).state
