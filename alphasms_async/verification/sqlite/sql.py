"""The statements, by name, out of the `.sql` files beside this one."""

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

__all__ = ["QUERIES", "SCHEMA"]

_NAMED = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.DOTALL | re.MULTILINE)


def _text(name: str) -> str:
    return files("alphasms_async.verification.sqlite").joinpath(name).read_text("utf-8")


SCHEMA: str = _text("schema.sql")
"""Every table and index of a new store."""

QUERIES: Mapping[str, str] = MappingProxyType(
    {name: body.strip().rstrip(";") for name, body in _NAMED.findall(_text("queries.sql"))}
)
"""Each statement of `queries.sql` by its name."""
