"""Where a connection leads, in the words of aiohttp's connector."""

import asyncio
import ssl
from base64 import b64encode

import aiohttp
import httpx
from attrs import frozen
from yarl import URL

from alphasms_async.transports.options import Trust

__all__ = ["Route", "route_to"]


@frozen(eq=False)
class Route:
    """The way to one origin, straight or through a proxy."""

    origin: str
    """Where it leads: scheme, host and port."""
    asked: aiohttp.ClientRequest
    """What the connector is asked for a connection with. It is never sent itself."""
    prefix: bytes = b""
    """What goes before the path in a request's first line: the origin, for a proxy that forwards
    requests; nothing for a connection that leads to the origin itself, in a tunnel or not."""
    lines: bytes = b""
    """The header lines for such a proxy."""


def route_to(url: httpx.URL, proxy: httpx.Proxy | None, trust: Trust) -> Route:
    """Return the way to a URL's origin.

    Raises:
        httpx.UnsupportedProtocol: It is no `http` or `https` URL.
        httpx.ConnectError: There can be no such host or port.
    """
    if url.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"the URL's scheme is {url.scheme!r}, not http or https")
    origin = f"{url.scheme}://{url.netloc.decode()}"
    needs_tls = url.scheme == "https" or (proxy is not None and proxy.url.scheme == "https")
    try:
        asked = aiohttp.ClientRequest(
            "POST",
            URL(origin, encoded=True),
            loop=asyncio.get_running_loop(),
            ssl=_context(trust) if needs_tls else True,
            proxy=None if proxy is None else URL(str(proxy.url), encoded=True),
            proxy_headers=None if proxy is None else _headers_for(proxy).multi_items(),
        )
    except (ValueError, aiohttp.ClientError) as error:
        raise httpx.ConnectError(f"the URL leads nowhere: {error}") from error
    if proxy is None or url.scheme == "https":
        return Route(origin, asked)
    lines = (b"%b: %b\r\n" % pair for pair in _headers_for(proxy).raw)
    return Route(origin, asked, prefix=origin.encode(), lines=b"".join(lines))


def _context(trust: Trust) -> ssl.SSLContext:
    context = trust.context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _headers_for(proxy: httpx.Proxy) -> httpx.Headers:
    headers = proxy.headers.copy()
    if proxy.raw_auth is not None:
        headers["Proxy-Authorization"] = f"Basic {b64encode(b':'.join(proxy.raw_auth)).decode()}"
    return headers
