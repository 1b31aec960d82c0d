"""SQL and scripts that stand in files of their own: the text, and each statement by its name."""

import re
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

__all__ = ["read_source", "read_statements"]

_NAMED = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.DOTALL | re.MULTILINE)


def read_source(package: str, name: str) -> str:
    """Return the text of a file that lies in a package."""
    return files(package).joinpath(name).read_text("utf-8")


def read_statements(package: str, name: str) -> Mapping[str, str]:
    """Return the statements of a file, each of which begins with `-- name: …`."""
    named = _NAMED.findall(read_source(package, name))
    return MappingProxyType({word: body.strip().rstrip(";") for word, body in named})
