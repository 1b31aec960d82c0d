"""The proof that a hook URL carries, for the gateway signs nothing.

    token = base64url(kind, 1 byte | expiry, 5 bytes | ref | the first 16 bytes of the HMAC)

The HMAC is over all that stands before it, so a token can be read by anyone and made by nobody
who has no secret.
"""

import hmac
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from alphasms_async.checks import check_hook
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import HookNotProven, InvalidRequest
from alphasms_async.settings import is_loopback
from alphasms_async.webhooks.events import HookKind, Proof
from alphasms_async.webhooks.queries import pairs_of
from alphasms_async.webhooks.signing import gather_secrets

__all__ = ["TOKEN", "HookTokens"]

TOKEN: Final = "token"  # noqa: S105 - the name of the parameter
"""The query parameter that carries the proof."""

# What a secret signs elsewhere is no token, and a token is nothing elsewhere.
_DOMAIN = b"alphasms-async hook token 1\0"
_LETTERS = {
    HookKind.VOICE: b"v",
    HookKind.OTP: b"o",
    HookKind.MESSAGE: b"m",
    HookKind.ACCOUNT: b"a",
}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_EXPIRY_BYTES = 5
_HEAD_BYTES = 1 + _EXPIRY_BYTES
# Half of SHA-256, which is as much as anybody could guess at and keeps hooks short.
_MAC_BYTES = 16
_FOR_EVER = 0
# The first second that no `datetime` in UTC can tell.
_YEAR_10000 = 253_402_300_800
_TOO_LATE = "expires is beyond the year 9999: None means for ever"

_REF = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{30,164}")


class HookTokens:
    """Makes hook URLs that prove themselves, and proves the requests that come to them.

    A token says what the hook is for, and nothing of where it stands: scheme, host, port and path
    are not signed, for a proxy may rewrite each of them. So whoever has a hook of one application
    could use it at another that shares the secret: give each application a secret of its own.

    Args:
        secret: 16 characters or more that nobody can guess. Of several the first signs and each
            proves: put a new one in front, and take the old one away once its hooks are over.
            `None`: those in `ALPHASMS_WEBHOOK_SECRET`, parted by commas or spaces.
        clock: Tells the time, by which hooks expire.

    Raises:
        ConfigurationError: There is no secret, or one is too short.
    """

    def __init__(
        self, secret: str | Sequence[str] | None = None, *, clock: Clock = utc_now
    ) -> None:
        # The environment may hold bytes that are no text, which Python marks as it reads them.
        self._secrets = [one.encode("utf-8", "surrogatepass") for one in gather_secrets(secret)]
        self._clock = clock

    def __repr__(self) -> str:
        return f"HookTokens(secrets={len(self._secrets)})"

    def url(
        self,
        base: str,
        kind: HookKind,
        ref: str | None = None,
        expires: datetime | timedelta | None = None,
    ) -> str:
        """Return the hook URL: `base` with one more parameter, `token`.

        Args:
            base: Where events are received: https, or http to this machine. It may have a query.
            kind: What the hook is for.
            ref: What it is given out for, in words of ours that the event brings back: 1 to 100
                Latin letters, digits and `.`, `_`, `:`, `-`. `None` for the account's hook only.
            expires: Until when it holds, aware, or for how long from now, both rounded up to a
                second. `None`: for ever.

        Raises:
            InvalidRequest: The base is no such URL, has a user name, a fragment or a `token`
                already, or is too long; the ref does not fit the kind; the time is not to come.
        """
        if not isinstance(base, str):
            raise InvalidRequest(f"the hook is a URL in a str, not {type(base).__name__}")
        hook = _prefix(base) + self._token(kind, _checked_ref(kind, ref), self._expiry(expires))
        # Long with its token only; its shape was checked with the base's.
        check_hook(hook)
        return hook

    def prove(self, query: str | bytes) -> Proof:
        """Return what the token in a request's query says.

        Args:
            query: The query string as it came, still encoded, with or without the fields that the
                gateway glued on.

        Raises:
            HookNotProven: There is no token or more than one, it is not as one of our secrets
                made it, or it has expired.
        """
        packed = _unpacked(_only_token(query))
        signed, mac = packed[:-_MAC_BYTES], packed[-_MAC_BYTES:]
        # Each secret is tried, so that the time taken does not tell which one it was.
        proofs = [hmac.compare_digest(mac, _mac(secret, signed)) for secret in self._secrets]
        if not any(proofs):
            raise HookNotProven("no secret of ours has made the token, or it was altered")
        proof = _read(signed)
        if proof.expires_at is not None and proof.expires_at <= self._clock():
            raise HookNotProven("the token has expired")
        return proof

    def _token(self, kind: HookKind, ref: str, expiry: int) -> str:
        signed = _LETTERS[kind] + expiry.to_bytes(_EXPIRY_BYTES) + ref.encode()
        return _packed(signed + _mac(self._secrets[0], signed))

    def _expiry(self, expires: datetime | timedelta | None) -> int:
        if expires is None:
            return _FOR_EVER
        now = self._clock()
        try:
            until = now + expires if isinstance(expires, timedelta) else expires
        except OverflowError:
            raise InvalidRequest(_TOO_LATE) from None
        if not isinstance(until, datetime) or until.tzinfo is None:
            raise InvalidRequest("expires is an aware datetime or a timedelta")
        seconds = math.ceil(until.timestamp())
        if until <= now or seconds <= _FOR_EVER:
            raise InvalidRequest("expires is over already: give a time to come")
        if seconds >= _YEAR_10000:
            raise InvalidRequest(_TOO_LATE)
        return seconds


# A campaign makes a hook for every call, all of them on one base.
@lru_cache(maxsize=64)
def _prefix(base: str) -> str:
    """Return all of the hook up to its token, or raise `InvalidRequest` for no good base."""
    check_hook(base)
    parts = urlsplit(base)
    if "@" in parts.netloc:
        raise InvalidRequest("the hook carries a user name or password: leave them out")
    if "#" in base:
        raise InvalidRequest("the hook has a fragment, which nobody sends: leave it out")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise InvalidRequest(
            "http:// would send the hook's token in the clear: use https:// (http:// is for "
            "loopback)"
        )
    if any(name == TOKEN for name, _ in pairs_of(parts.query)):
        raise InvalidRequest(f"the hook has a parameter {TOKEN!r}, which is ours: name it else")
    between = "" if base.endswith(("?", "&")) else "&" if "?" in base else "?"
    return f"{base}{between}{TOKEN}="


def _checked_ref(kind: HookKind, ref: str | None) -> str:
    if not isinstance(kind, HookKind):
        raise InvalidRequest(f"kind is a HookKind, not {type(kind).__name__}")
    if kind is HookKind.ACCOUNT:
        if ref is not None:
            raise InvalidRequest("the account's hook is for all that is sent and has no ref")
        return ""
    if not isinstance(ref, str) or not _REF.fullmatch(ref):
        raise InvalidRequest("a ref is 1 to 100 Latin letters, digits and . _ : -, like c:12.1")
    return ref


def _only_token(query: str | bytes) -> str:
    if not isinstance(query, str | bytes):
        raise HookNotProven("there is no query, and so no token")
    tokens = [value for name, value in pairs_of(query) if name == TOKEN]
    if len(tokens) != 1:
        raise HookNotProven("there is more than one token" if tokens else "there is no token")
    return tokens[0]


def _packed(token: bytes) -> str:
    return urlsafe_b64encode(token).rstrip(b"=").decode()


def _unpacked(token: str) -> bytes:
    if not _TOKEN.fullmatch(token) or len(token) % 4 == 1:
        raise HookNotProven("the token is malformed")
    packed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    # Two texts may stand for the same bytes, and only one of them is ours.
    if _packed(packed) != token:
        raise HookNotProven("the token is malformed")
    return packed


def _mac(secret: bytes, signed: bytes) -> bytes:
    return hmac.digest(secret, _DOMAIN + signed, "sha256")[:_MAC_BYTES]


def _read(signed: bytes) -> Proof:
    """Take apart what a secret of ours has signed, which therefore is as `_token` made it."""
    expiry = int.from_bytes(signed[1:_HEAD_BYTES])
    return Proof(
        kind=_KINDS[signed[:1]],
        ref=signed[_HEAD_BYTES:].decode() or None,
        expires_at=None if expiry == _FOR_EVER else datetime.fromtimestamp(expiry, UTC),
    )
