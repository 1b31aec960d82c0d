"""Codes as they are kept: keyed hashes that nobody can turn back without the secret."""

import hmac
import re
import secrets
from collections.abc import Sequence

__all__ = ["CODE_DIGITS", "Codes", "is_id", "mint_code", "mint_id", "typed"]

CODE_DIGITS = 4
"""How long every code is; a flash call's are the last digits of a number."""

_BETWEEN = re.compile(r"[\s.\-\u2010-\u2015\u2212]+")
_CODE = re.compile(rf"[0-9]{{{CODE_DIGITS}}}")
_ID_BYTES = 18
_ID = re.compile(r"[A-Za-z0-9_-]{24}")
# What the secret keys elsewhere, such as the tokens of hooks, is nothing here.
_CODE_DOMAIN = b"alphasms-async verification code 1"
_NAME_DOMAIN = b"alphasms-async verification limit 1"
_NO_CODE = "0" * CODE_DIGITS


def mint_code() -> str:
    """Return a new code, its leading zeros kept."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def mint_id() -> str:
    """Return a new id, 144 bits that nobody can guess."""
    return secrets.token_urlsafe(_ID_BYTES)


def is_id(id: object) -> bool:
    """Return whether this may be an id of ours, so that no store is asked for anything else."""
    return isinstance(id, str) and _ID.fullmatch(id) is not None


def typed(code: object) -> str | None:
    """Return a code without what people type between its digits. `None` when it is none."""
    digits = _BETWEEN.sub("", code) if isinstance(code, str) else ""
    return digits if _CODE.fullmatch(digits) else None


class Codes:
    """Hashes codes and phones, and compares.

    Args:
        keys: The secrets; the first hashes, each compares.
        slots: How many codes are compared at most, which is always how many are.
    """

    def __init__(self, keys: Sequence[str], slots: int) -> None:
        self._keys = [_derived(key, _CODE_DOMAIN) for key in keys]
        self._name_key = _derived(keys[0], _NAME_DOMAIN)
        self._slots = slots

    def __repr__(self) -> str:
        return f"Codes(keys={len(self._keys)})"

    def digest(self, id: str, number: int, code: str) -> str:
        """Return the keyed hash of one verification's code.

        Args:
            id: The verification.
            number: Which of its sends brings the code, from 1.
            code: The code.
        """
        return _digest(self._keys[0], id, number, code)

    def is_one_of(self, digests: Sequence[str | None], id: str, code: str | None) -> bool:
        """Return whether a code is one of a verification's, after the same work whatever it is.

        Args:
            digests: The hash of each send's code, in order. `None` for a code nobody knows.
            id: The verification.
            code: What was typed. `None` when that is no code, which matches nothing.
        """
        found = 0
        # More were sent only where more were allowed before: theirs is the longer way.
        for number in range(1, max(self._slots, len(digests)) + 1):
            kept = digests[number - 1] if number <= len(digests) else None
            for key in self._keys:
                made = _digest(key, id, number, code or _NO_CODE)
                same = hmac.compare_digest(made.encode(), (kept or "").encode())
                found |= same
        return bool(found) and code is not None

    def name(self, text: str) -> str:
        """Return a name for a phone or a range that does not tell which it is."""
        return hmac.digest(self._name_key, text.encode(), "sha256").hex()[:32]


def _derived(key: str, domain: bytes) -> bytes:
    # The environment may hold bytes that are no text, which Python marks as it reads them.
    return hmac.digest(key.encode("utf-8", "surrogatepass"), domain, "sha256")


def _digest(key: bytes, id: str, number: int, code: str) -> str:
    # An id may be anything that somebody sent, half a character too.
    return hmac.digest(key, f"{id}:{number}:{code}".encode(errors="surrogatepass"), "sha256").hex()
