"""A slot: one small transport of httpx's that holds one connection."""

import ssl
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import anyio
import httpx

from alphasms_async.transports.options import Trust

if TYPE_CHECKING:
    from anyio.abc import AsyncResource

__all__ = ["Slot", "Way"]

_CLOSE_SECONDS: Final = 1.0
_NOTHING_LEFT: Final = b"", False


class Slot:
    """Carries one request at a time.

    Args:
        carrier: httpx's transport, for one connection.
        is_secure: Whether it leads to origins that are spoken to over TLS.
    """

    def __init__(self, carrier: httpx.AsyncHTTPTransport, *, is_secure: bool) -> None:
        self._carrier = carrier
        self.is_secure: bool = is_secure
        """Whether it leads to origins that are spoken to over TLS, or to the others."""
        self.kept_until: float = 0.0
        """Up to when its connection is of use, by the clock of the event loop."""

    async def carry(self, request: httpx.Request) -> httpx.Response:
        """Send one request, and return its answer once the head of it has come."""
        if not self.is_secure or "trace" in request.extensions:
            return await self._carrier.handle_async_request(request)
        told, opening = request.extensions, _Opening()
        request.extensions = {**told, "trace": opening}
        try:
            return await self._carrier.handle_async_request(request)
        except BaseException:
            await opening.aclose()
            raise
        finally:
            request.extensions = told

    def is_clean(self) -> bool:
        """Return whether nothing has come over its connection that nobody asked for.

        httpcore would take that for the answer to the next request, and tells nobody: the parser
        itself is looked into. Where it is no longer found, nothing is taken for clean.
        """
        carrier: Any = self._carrier
        try:
            left = [_parser_of(one).trailing_data for one in carrier._pool.connections]  # noqa: SLF001 - see above
        except AttributeError:
            return False
        return all(one == _NOTHING_LEFT for one in left)

    async def aclose(self) -> None:
        """Close it even while cancelled, and never longer than a moment."""
        with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
            await self._carrier.aclose()


def _parser_of(connection: Any) -> Any:
    while hasattr(connection, "_connection"):
        # One for the origin, and one more for a proxy.
        connection = connection._connection  # noqa: SLF001 - see `is_clean`
    return connection._h11_state  # noqa: SLF001 - likewise


class _Opening:
    """Knows the connection that is being opened: one cancelled in its handshake nobody closes."""

    def __init__(self) -> None:
        self._stream: AsyncResource | None = None

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(".connect_tcp.complete"):
            self._stream = info["return_value"]

    async def aclose(self) -> None:
        if self._stream is not None:
            with anyio.move_on_after(_CLOSE_SECONDS, shield=True):
                await self._stream.aclose()


class Way:
    """How a slot gets to where it leads.

    Args:
        proxy: The proxy it goes through. `None`: straight there.
        trust: The SSL context of all connections that have one.

    Raises:
        ImportError: The proxy is a SOCKS proxy, and the package for those is not installed.
    """

    def __init__(self, proxy: httpx.Proxy | None, trust: Trust) -> None:
        if proxy is not None and proxy.url.scheme.startswith("socks"):
            _require_socksio()
        self._proxy = proxy
        self._trust = trust

    def open(self, limits: httpx.Limits, *, is_secure: bool) -> Slot:
        """Return a new slot, for origins that are spoken to over TLS or for the others."""
        proxy = self._proxy
        if proxy is not None and proxy.url.scheme == "https" and proxy.ssl_context is None:
            context = self._trust.context()
            proxy = httpx.Proxy(
                proxy.url, ssl_context=context, auth=proxy.auth, headers=proxy.headers
            )
        # No retries, no HTTP/2: both would send what nobody here has counted.
        carrier = httpx.AsyncHTTPTransport(
            verify=self._trust.context() if is_secure else _trusting_nobody(),
            limits=limits,
            proxy=proxy,
            http2=False,
            retries=0,
        )
        return Slot(carrier, is_secure=is_secure)


@cache
def _trusting_nobody() -> ssl.SSLContext:
    """Return what takes the place of the context where there is no TLS, and costs nothing."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _require_socksio() -> None:
    """Refuse what the first request would fail with, over and over."""
    # Late: it takes longer to load than all of this, and few ask for it.
    from importlib.util import find_spec

    if find_spec("socksio") is None:
        raise ImportError('a SOCKS proxy needs a package more: pip install "httpx[socks]"')
