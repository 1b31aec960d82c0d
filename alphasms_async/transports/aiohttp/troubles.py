"""aiohttp's errors, told as those of httpx.

What aiohttp is asked for is a connection to an origin, so no text of its errors holds a path, a
query or anything of a body; what they quote of an answer is left out here.
"""

from collections.abc import Sequence
from typing import NoReturn

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

__all__ = ["not_connected", "raise_told"]

_BROKEN_OFF: Sequence[tuple[type[Exception], type[httpx.TransportError], str]] = (
    (aiohttp.SocketTimeoutError, httpx.ReadTimeout, "no answer came in time"),
    (
        aiohttp.ServerDisconnectedError,
        httpx.RemoteProtocolError,
        "the server closed the connection and did not answer",
    ),
    (
        aiohttp.ClientPayloadError,
        httpx.RemoteProtocolError,
        "the server closed the connection within its answer",
    ),
    (HttpProcessingError, httpx.RemoteProtocolError, "the answer is not HTTP"),
)


def not_connected(error: Exception) -> httpx.TransportError:
    """Return why no connection came about; nothing of the request has left."""
    if isinstance(error, TimeoutError):
        return httpx.ConnectTimeout("no connection came about in time")
    if isinstance(error, UnicodeError):
        return httpx.ConnectError("no host has such a name")
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx.ConnectError(str(error.os_error))
    return httpx.ConnectError(f"no connection came about: {_text(error)}")


def raise_told(error: BaseException) -> NoReturn:
    """Raise what ended a connection over which a request was sent; cancellation as it is.

    Raises:
        httpx.TransportError: It broke off, or what came over it was no answer.
    """
    told = _broken_off(error) if isinstance(error, Exception) else error
    if told is error:
        raise error
    raise told from error


def _broken_off(error: Exception) -> Exception:
    for kind, told, text in _BROKEN_OFF:
        if isinstance(error, kind):
            return told(text)
    if isinstance(error, OSError) or type(error).__module__.startswith("aiohttp."):
        return httpx.ReadError(f"the connection broke: {_text(error)}")
    # httpx's own, or whatever the body itself raised while it was read.
    return error


def _text(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
