"""A campaign's definition, as the statements of every database take it."""

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["definition_facts"]

# What statements ask for. A database that has no use of its own for JSON keeps it beside.
_ASKED_FOR = ("budget", "max_price", "opt_out")


def definition_facts(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition as text, and what statements ask of it."""
    return {
        "definition": json.dumps(definition),
        **{part: definition.get(part) for part in _ASKED_FOR},
    }
