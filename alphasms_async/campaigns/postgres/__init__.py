"""The journal in PostgreSQL: many dialers, on any number of machines."""

from alphasms_async.extras import extra as _extra

with _extra("A journal in PostgreSQL", '"alphasms-async[postgres]"', "psycopg"):
    from alphasms_async.campaigns.postgres.journal import (
        Enlisted,
        PostgresJournal,
        tell_postgres,
    )

__all__ = ["Enlisted", "PostgresJournal", "tell_postgres"]
