"""The statements, by name, and the migrations, out of the `.sql` files beside this one."""

from collections.abc import Mapping, Sequence
from importlib.resources import files

from alphasms_async.statements import read_source, read_statements

__all__ = ["MIGRATIONS", "QUERIES"]

_PACKAGE = "alphasms_async.campaigns.postgres"
_STEPS = "alphasms_async.campaigns.postgres.migrations"

QUERIES: Mapping[str, bytes] = {
    name: text.encode() for name, text in read_statements(_PACKAGE, "queries.sql").items()
}
"""Each statement of `queries.sql` by its name."""

MIGRATIONS: Sequence[bytes] = [
    read_source(_STEPS, name).encode()
    for name in sorted(one.name for one in files(_STEPS).iterdir() if one.name.endswith(".sql"))
]
"""What makes a database of version n - 1 one of version n, from n = 1 on."""
