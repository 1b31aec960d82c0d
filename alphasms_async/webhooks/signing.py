"""The secrets that hooks are signed with, given or from the environment."""

import os
import re
from collections.abc import Sequence

from alphasms_async.errors import ConfigurationError

__all__ = ["gather_secrets"]

_VARIABLE = "ALPHASMS_WEBHOOK_SECRET"
_LEAST_CHARACTERS = 16
_HOW = 'make one with python -c "import secrets; print(secrets.token_urlsafe(32))"'


def gather_secrets(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return one secret or more; the first signs, each proves.

    Args:
        given: The secrets. `None`: those in `ALPHASMS_WEBHOOK_SECRET`, parted by commas or spaces.

    Raises:
        ConfigurationError: There is none, or one is too short or no text.
    """
    if given is None:
        given = re.split(r"[,\s]+", os.environ.get(_VARIABLE, ""))
    is_listed = isinstance(given, Sequence) and not isinstance(given, str)
    listed: list[object] = list(given) if is_listed else [given]
    secrets = [one.strip() for one in listed if isinstance(one, str)]
    if len(secrets) < len(listed):
        raise ConfigurationError(f"a webhook secret is text; {_HOW}")
    if not any(secrets):
        raise ConfigurationError(f"no webhook secret: pass one or set {_VARIABLE}; {_HOW}")
    kept = tuple(one for one in secrets if one)
    if min(map(len, kept)) < _LEAST_CHARACTERS:
        raise ConfigurationError(
            f"a webhook secret has {_LEAST_CHARACTERS} characters or more; {_HOW}"
        )
    return kept
