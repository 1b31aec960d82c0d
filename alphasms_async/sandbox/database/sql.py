"""The statements, by name, out of the `.sql` files beside this one."""

from collections.abc import Mapping

from alphasms_async.statements import read_source, read_statements

SCHEMA: str = read_source("alphasms_async.sandbox.database", "schema.sql")
"""Every table and index of a new file."""

QUERIES: Mapping[str, str] = read_statements("alphasms_async.sandbox.database", "queries.sql")
"""Each statement of `queries.sql` by its name."""
