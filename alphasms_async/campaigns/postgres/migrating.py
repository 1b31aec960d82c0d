"""The tables of a journal in PostgreSQL: made, brought up to date, or refused."""

from alphasms_async.campaigns.postgres.connection import PostgresConnection
from alphasms_async.campaigns.postgres.failures import FAILURES, journal_error
from alphasms_async.campaigns.postgres.sql import MIGRATIONS
from alphasms_async.errors import JournalError

__all__ = ["migrate"]


def migrate(connection: PostgresConnection, name: str, *, must_exist: bool = False) -> None:
    """Bring a database's journal to the version of this package, once, whoever comes first.

    Args:
        connection: The connection, in no transaction.
        name: The journal's name, for errors.
        must_exist: Whether there must be a journal already; then nothing is made.

    Raises:
        JournalError: There is none, it is of a newer version, or the database refuses.
    """
    try:
        (is_there,) = connection.execute("is_there").fetchone()
        if must_exist and not is_there:
            raise JournalError(
                f"there is no journal in {name}: plan a campaign first, or name another "
                "with --journal"
            )
        version = connection.execute("newest_migration").fetchone()[0] if is_there else 0
        if version < len(MIGRATIONS):
            version = _bring_up(connection)
    except FAILURES as error:
        raise journal_error(error, name) from None
    if version > len(MIGRATIONS):
        raise JournalError(
            f"{name} is a journal of a newer version ({version}, this is {len(MIGRATIONS)}): "
            "update alphasms-async"
        )


def _bring_up(connection: PostgresConnection) -> int:
    connection.begin()
    try:
        connection.execute("one_migrates")
        connection.execute("make_schema")
        connection.execute("make_migration")
        (version,) = connection.execute("newest_migration").fetchone()
        for number, statements in enumerate(MIGRATIONS, start=1):
            if number > version:
                # Without parameters, so that a file may hold many statements.
                connection.opened.execute(statements)
                connection.execute("add_migration", {"version": number})
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return max(int(version), len(MIGRATIONS))
