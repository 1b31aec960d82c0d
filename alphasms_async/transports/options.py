"""What every transport of ours is made with, and what it promises about reads."""

import ssl

import httpx

from alphasms_async.errors import ConfigurationError

__all__ = [
    "CLOSED",
    "READ_CONNECTIONS",
    "READ_REUSE_SECONDS",
    "REPEATABLE",
    "Misused",
    "Trust",
    "as_proxy",
]

REPEATABLE = "alphasms_repeatable"
"""The request extension that marks a read, which may share and reuse connections freely."""

READ_CONNECTIONS = 10
"""How many connections the reads have at most."""

READ_REUSE_SECONDS = 5.0
"""How long a connection of the reads is kept for the next one."""

CLOSED = "this transport is closed: each client needs one of its own"
"""What a request is told that comes too late."""


class Misused(RuntimeError):
    """The transport cannot be used like this, now or later; nothing of the request has left."""


class Trust:
    """The one SSL context of a transport, made when the first connection needs it.

    Args:
        ssl_context: The context to use. `None`: httpx's own default, which takes some 30 ms to
            make, for it reads the authorities of the machine.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None) -> None:
        self._ssl_context = ssl_context

    def context(self) -> ssl.SSLContext:
        """Return the context of all connections."""
        if self._ssl_context is None:
            self._ssl_context = httpx.create_ssl_context()
        return self._ssl_context


def as_proxy(proxy: str | httpx.URL | httpx.Proxy | None) -> httpx.Proxy | None:
    """Return the proxy in the one form that has its user and its headers apart.

    Raises:
        ConfigurationError: It is no URL of a proxy.
    """
    if proxy is None or isinstance(proxy, httpx.Proxy):
        return proxy
    try:
        return httpx.Proxy(proxy)
    except (ValueError, TypeError, AttributeError, httpx.InvalidURL):
        # The proxy is not shown: its URL may carry a password.
        raise ConfigurationError("the proxy is a URL like http://127.0.0.1:3128") from None
