"""The transports by the names that an argument or the environment gives them."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import httpx

from alphasms_async.errors import ConfigurationError
from alphasms_async.transports.aiohttp import AiohttpTransport
from alphasms_async.transports.httpx import SlotTransport

__all__ = ["TransportName", "transport_named"]

TransportName = Literal["httpx", "aiohttp"]
"""`httpx`: the default transport, on asyncio and trio. `aiohttp`: on asyncio, for less CPU."""

_MADE: Mapping[str, Callable[..., httpx.AsyncBaseTransport]] = {
    "httpx": SlotTransport,
    "aiohttp": AiohttpTransport,
}


def transport_named(
    name: object, proxy: str | httpx.URL | httpx.Proxy | None = None, *, given: str = "transport"
) -> httpx.AsyncBaseTransport:
    """Return a new transport of this name.

    Args:
        name: A `TransportName`.
        proxy: The proxy all its requests go through.
        given: Where the name comes from, for an error.

    Raises:
        ConfigurationError: There is none of this name, it cannot go through this proxy, or what
            it needs is not installed.
    """
    make = _MADE.get(name) if isinstance(name, str) else None
    if make is None:
        raise ConfigurationError(f"{given} is {_NAMES}, not {name!r:.40}")
    try:
        return make(proxy=proxy)
    except ImportError as error:
        raise ConfigurationError(str(error)) from None


_NAMES = " or ".join(map(repr, get_args(TransportName)))
