"""The ways out that keep the same promises: a transport of ours on an event loop it knows."""

import ssl
from typing import Literal

import httpx
import pytest
from attrs import frozen

from alphasms_async import SlotTransport
from alphasms_async.transports import TransportName
from alphasms_async.transports.aiohttp import AiohttpTransport

__all__ = ["WAYS", "Way", "every_way", "ways_of"]

_TRANSPORTS = {"httpx": SlotTransport, "aiohttp": AiohttpTransport}


@frozen
class Way:
    """A transport of ours, and the event loop it is used on."""

    backend: Literal["asyncio", "trio"]
    name: TransportName

    def __str__(self) -> str:
        return f"{self.backend}-{self.name}"

    def open(
        self,
        *,
        reuse_seconds: float | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> httpx.AsyncBaseTransport:
        """Return a new transport, to be closed by the caller."""
        return _TRANSPORTS[self.name](
            reuse_seconds=reuse_seconds, proxy=proxy, ssl_context=ssl_context
        )


WAYS = (Way("asyncio", "httpx"), Way("trio", "httpx"), Way("asyncio", "aiohttp"))
"""All of them."""


def ways_of(*names: TransportName) -> pytest.MarkDecorator:
    """Run a test that takes a `way` on each of those that these transports have."""
    ways = [pytest.param(way.backend, way, id=str(way)) for way in WAYS if way.name in names]
    return pytest.mark.parametrize(("anyio_backend", "way"), ways)


every_way = ways_of("httpx", "aiohttp")
"""Runs a test that takes a `way` on each of them."""
