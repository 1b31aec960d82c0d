"""What PostgreSQL's failures mean for a person. Its own words are not shown: they quote values."""

from collections.abc import Mapping

import psycopg
from psycopg import errors

from alphasms_async.campaigns.sql.connection import Damaged
from alphasms_async.errors import JournalError

__all__ = ["FAILURES", "journal_error", "passes"]

FAILURES: tuple[type[Exception], ...] = (psycopg.Error, Damaged)
"""What a journal in PostgreSQL that cannot be used raises inside."""

_ADDRESS = "its address has a value that PostgreSQL does not take: look at it"
_LOOK = "look at the database, then go on; nothing is lost"

# By the class of the error code, or by the whole of it, which is looked for first.
_MEANINGS: Mapping[str, str] = {
    "08": f"the connection to it broke: {_LOOK}",
    "25006": "it only takes reads: name the database that takes writes",
    "25P03": "this process was away for too long in the middle of a write: go on; nothing is lost",
    "28": "it does not let this user in: look at the user, the password and pg_hba.conf",
    "3D": "there is no database of that name: make it, or name another with --journal",
    "42501": "its user may not do that: it must own the schema alphasms, or may make it",
    "42": "its tables are not as they should be: put back a copy of it",
    "53100": "the disk is full: free some space, then go on; nothing is lost",
    "53300": "it takes no more connections: end some, or raise max_connections",
    "53": f"it has run out of something: {_LOOK}",
    "57014": f"somebody has cancelled what it was doing: {_LOOK}",
    "57": f"it was stopped, or is just starting: {_LOOK}",
    "58": f"its disk failed: {_LOOK}",
    "XX": f"it is damaged, or has met a fault of its own: {_LOOK}",
}


def journal_error(error: Exception, name: str) -> JournalError:
    """Return what a failure of PostgreSQL means, in one line."""
    if isinstance(error, Damaged):
        return JournalError(f"the journal {name} is damaged: {error}: put back a copy of it")
    return JournalError(f"the journal {name} cannot be used: {_meaning_of(error)}")


def passes(error: Exception) -> bool:
    """Return whether two transactions were in each other's way, and this one was taken back."""
    return isinstance(error, errors.DeadlockDetected | errors.SerializationFailure)


def _meaning_of(error: Exception) -> str:
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    if code is None:
        return _without_code(error)
    known = _MEANINGS.get(code) or _MEANINGS.get(code[:2])
    return known or f"PostgreSQL refused with {code} ({type(error).__name__})"


def _without_code(error: Exception) -> str:
    """Return what is meant by a failure that libpq has found by itself."""
    said = str(error)
    # Errors that end a connection while it is made have no code, but words of the server's.
    for words, meaning in (
        # First, for the name itself may have any of the other words in it.
        ("translate host", "there is no host of that name: look at it"),
        ("resolve", "there is no host of that name: look at it"),
        ("invalid ", _ADDRESS),
        ("service", _ADDRESS),
        ("password", _MEANINGS["28"]),
        ("pg_hba", _MEANINGS["28"]),
        ("role ", _MEANINGS["28"]),
        ("does not exist", _MEANINGS["3D"]),
        ("too many", _MEANINGS["53300"]),
        ("starting up", _MEANINGS["57"]),
        ("shutting down", _MEANINGS["57"]),
        ("certificate", "its certificate is not trusted: look at sslmode and sslrootcert"),
        ("SSL", "it does not speak TLS as asked for: look at sslmode"),
        ("timeout", "nobody answers there: look at the host, the port and the network"),
        ("refused", "nobody answers there: look at the host and the port, and whether it runs"),
        ("No such file", "nobody answers there: look at the host, and whether it runs"),
        ("unreachable", "nobody answers there: look at the host, the port and the network"),
    ):
        if words in said:
            return meaning
    return _MEANINGS["08"]
