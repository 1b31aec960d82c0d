"""The statements, by name, out of the `.sql` files beside this one."""

from collections.abc import Mapping

from alphasms_async.statements import read_sql, read_statements

__all__ = ["QUERIES", "SCHEMA"]

SCHEMA: str = read_sql(__package__, "schema.sql")
"""Every table and index of a new journal."""

QUERIES: Mapping[str, str] = read_statements(__package__, "queries.sql")
"""Each statement of `queries.sql` by its name."""
