"""What a client is set up with, from arguments and `ALPHASMS_*` variables, checked once."""

import ipaddress
import os
import re
from collections.abc import Mapping
from typing import Self
from urllib.parse import urlsplit

from attrs import field, frozen
from phonenumbers import SUPPORTED_REGIONS

from alphasms_async.errors import ConfigurationError
from alphasms_async.phone import DEFAULT_REGION

__all__ = ["DEFAULT_BASE_URL", "Settings", "is_loopback"]

DEFAULT_BASE_URL = "https://alphasms.ua"
"""The gateway's own address [AlphaSMS instruction, voice calls]."""

_KEY = re.compile(r"[!-~]{1,512}")
_PRINTABLE = re.compile(r"[!-~]+")
_PORTS = range(1, 65_536)


@frozen
class Settings:
    """A checked set of what a client needs to know."""

    api_key: str = field(repr=False)
    base_url: str
    """Scheme, host, port and path prefix, without a slash at the end."""
    max_retries: int
    default_region: str
    transport: str | None = None
    """The name in `ALPHASMS_TRANSPORT`, for a client that is given no way out. `None`: none."""

    @classmethod
    def gather(
        cls,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        max_retries: int = 2,
        default_region: str = DEFAULT_REGION,
        environ: Mapping[str, str] = os.environ,
    ) -> Self:
        """Take what is given, the rest from the environment, and check all of it.

        Raises:
            ConfigurationError: Something is missing or cannot work.
        """
        if base_url is None:
            base_url = environ.get("ALPHASMS_BASE_URL") or DEFAULT_BASE_URL
        return cls(
            api_key=_key(environ.get("ALPHASMS_API_KEY") if api_key is None else api_key),
            base_url=_base_url(base_url),
            max_retries=_retries(max_retries),
            default_region=_region(default_region),
            transport=environ.get("ALPHASMS_TRANSPORT") or None,
        )


def is_loopback(host: str) -> bool:
    """Return whether the host can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _key(key: str | None) -> str:
    key = key.strip() if isinstance(key, str) else ""
    if not key:
        raise ConfigurationError("no API key: pass api_key=… or set ALPHASMS_API_KEY")
    if not _KEY.fullmatch(key):
        # The key travels as a raw field of a multipart body. It is never shown, not even wrong.
        raise ConfigurationError("the API key has characters in it that no key has: copy it again")
    return key


def _base_url(url: object) -> str:
    try:
        # Only plain characters are taken apart: of others Python's error tells the password too.
        parts = urlsplit(url if isinstance(url, str) and _PRINTABLE.fullmatch(url) else "")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"the base URL cannot be read: {error}") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("the base URL carries a user name or password: leave them out")
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"the base URL is a whole URL, like {DEFAULT_BASE_URL}")
    if port is not None and port not in _PORTS:
        raise ConfigurationError(f"the base URL's port is 1 to 65535, not {port}")
    if parts.query or parts.fragment:
        raise ConfigurationError("the base URL has no query and no fragment: leave them out")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            "http:// would send the API key in the clear: use https:// (http:// is for loopback)"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _retries(count: object) -> int:
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ConfigurationError(f"max_retries is a whole number from 0 up, not {count!r}")
    return count


def _region(region: str) -> str:
    if region not in SUPPORTED_REGIONS:
        raise ConfigurationError(f"default_region is a country code, like 'UA', not {region!r}")
    return region
