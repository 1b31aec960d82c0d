"""The keys of a phone, as far as a campaign gives one a meaning."""

from alphasms_async.errors import InvalidRequest

__all__ = ["check_key", "is_keys"]

_KEYS = frozenset("0123456789*#")


def check_key(key: str | None) -> str | None:
    """Return the key to opt out with, or raise `InvalidRequest` when it is not one key."""
    if key is not None and (not isinstance(key, str) or key not in _KEYS):
        raise InvalidRequest(f"the key to opt out with is one of 0-9 * #, not {key!r}")
    return key


def is_keys(text: str) -> bool:
    """Return whether a text is keys and nothing else, one or more."""
    return bool(text) and _KEYS.issuperset(text)
