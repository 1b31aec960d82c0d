"""What waits in the inbox is done, each command once."""

import json
import logging
import sqlite3

from alphasms_async.campaigns.commands import command_from_json
from alphasms_async.campaigns.sql.applying import apply
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sqlite.connection import FAILURES
from alphasms_async.campaigns.sqlite.inbox import Letters
from alphasms_async.phone import mask_digits

__all__ = ["apply_letters"]

_log = logging.getLogger("alphasms_async")

# What the database may refuse in a letter. Whatever else it says is the journal's own trouble.
_REFUSED = (
    *(sqlite3.DataError, sqlite3.IntegrityError),
    *(sqlite3.InterfaceError, sqlite3.ProgrammingError),
)
_LONGEST_SHOWN = 200


def apply_letters(connection: Connection, letters: Letters, now: float) -> int:
    """Do what the inbox asks, each command once whatever dies in between; return how many."""
    row = connection.execute("inbox_last", {"epoch": letters.epoch}).fetchone()
    last = 0 if row is None else row[0]
    new = [(number, body) for number, body in letters.bodies if number > last]
    for _, body in new:
        connection.execute("begin_letter")
        try:
            apply(connection, command_from_json(json.loads(body)), now)
        except Exception as error:
            if isinstance(error, FAILURES) and not isinstance(error, _REFUSED):
                raise
            # Nobody is there any more to be told, and the commands behind it must not wait.
            connection.execute("undo_letter")
            said = mask_digits(str(error) or type(error).__name__)[:_LONGEST_SHOWN]
            _log.warning("a command of the inbox was not done: %s", said)
        connection.execute("end_letter")
    if new:
        connection.execute("set_inbox_last", {"epoch": letters.epoch, "last": new[-1][0]})
    return len(new)
