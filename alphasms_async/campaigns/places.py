"""Where a journal is: in a file of this machine, or in a PostgreSQL database for many machines."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from attrs import frozen

from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.dsn import JournalPlace, check_dsn, check_kind, is_dsn
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import CampaignRecord
from alphasms_async.campaigns.sqlite import SqliteJournal, Told
from alphasms_async.campaigns.sqlite import tell as tell_file
from alphasms_async.campaigns.sqlite.lock import dialled, holder_of
from alphasms_async.campaigns.sqlite.opening import check_place
from alphasms_async.clock import Clock, utc_now

if TYPE_CHECKING:
    # Late otherwise: whoever keeps a journal in a file needs no psycopg.
    from alphasms_async.campaigns.postgres import PostgresJournal

__all__ = ["AtWork", "at_work", "open_journal", "tell"]


def open_journal(
    place: JournalPlace,
    *,
    read_only: bool = False,
    must_exist: bool = False,
    purpose: str = "",
    clock: Clock | None = None,
) -> Journal:
    """Return the journal at a place, to be entered.

    Args:
        place: The path of a file, or a DSN such as `postgresql://user@host/database`.
        read_only: Whether to read only, beside the one process that writes a file. A database
            takes any number that write; there this makes no tables, and nothing more.
        must_exist: Whether there must be a journal already, so that none is made.
        purpose: What a file is opened for; a process that is refused meanwhile is told so.
        clock: Returns the time, aware; tests set it. `None`: this machine's clock for a file, the
            database's own for a database, so that all machines go by one.

    Raises:
        JournalError: It is neither, or a DSN that cannot be read, or a file that is not there
            and must be. Whether a database has a journal is seen when it is entered.
        ImportError: It is a DSN, and the extra `postgres` is not installed.
    """
    check_kind(place)
    if not is_dsn(place):
        check_place(Path(place), must_exist=must_exist or read_only)
        return SqliteJournal(place, read_only=read_only, purpose=purpose, clock=clock or utc_now)
    dsn = os.fspath(place)
    check_dsn(dsn)
    from alphasms_async.campaigns.postgres import PostgresJournal

    return PostgresJournal(dsn, must_exist=must_exist or read_only, clock=clock)


async def tell(
    place: JournalPlace,
    commands: Sequence[Command],
    *,
    clock: Clock | None = None,
    is_awaited: bool = True,
) -> Told:
    """Have commands done, whoever is at work on the journal.

    In a database they are done here, at once, and those who dial see it at their next look. A file
    has one writer: it is told, and where nobody writes they are done here.

    Args:
        place: The journal, which is there already.
        commands: What is asked; all of them survive once this returns.
        clock: Returns the time, aware. `None`: this machine's for a file, the database's own.
        is_awaited: Whether to wait a moment for whoever writes a file to do them. Without it, this
            returns as soon as they survive.

    Raises:
        InvalidRequest: The journal has no campaign of that name, or one that is over. Whoever
            writes a file is not asked, and this is not raised then.
        JournalError: The journal cannot be used, or it is neither a file nor a DSN.
        ImportError: It is a DSN, and the extra `postgres` is not installed.
    """
    check_kind(place)
    if not is_dsn(place):
        return await tell_file(place, commands, clock=clock or utc_now, is_awaited=is_awaited)
    dsn = os.fspath(place)
    check_dsn(dsn)
    from alphasms_async.campaigns.postgres import tell_postgres

    await tell_postgres(dsn, commands, clock=clock)
    return Told.DONE


@frozen
class AtWork:
    """Who is at work on a campaign just now."""

    dialers: int = 0
    """How many dial it: 0 or 1 where the journal is a file, any number in a database."""
    wanted: int = 0
    """How many workers it waits for, or has; 0 for a file, which knows none."""
    holder: str | None = None
    """Who writes the file, in words. `None`: nobody does, or it is a database."""

    @property
    def is_anybody(self) -> bool:
        """Whether somebody dials it, is about to, or keeps everybody else from it."""
        return bool(self.dialers or self.wanted) or self.holder is not None


async def at_work(journal: Journal, record: CampaignRecord) -> AtWork:
    """Return who is at work on a campaign, as far as its journal tells.

    Args:
        journal: The journal, entered.
        record: What it has of the campaign.

    Raises:
        JournalError: The journal cannot be read.
    """
    place = journal.place
    if is_dsn(place):
        many = cast("PostgresJournal", journal)
        wanted = {one.name: one.workers for one in await many.enlisted()}
        return AtWork(await many.dialers(record.id), wanted.get(record.name, 0))
    # Who it is first: whoever has ended since dials nobody either.
    holder = holder_of(Path(place))
    return AtWork(int(record.id in dialled(Path(place))), holder=holder)
