"""Which redirects of a POST are followed, and where to.

httpx follows none of ours: it would turn a POST into a GET on a 302, and send it anywhere on a
307. Only 307 and 308 say "the same request, at another place"; a 301, 302 or 303 may as well
mean "done, look here".
"""

from urllib.parse import unquote

import httpx

from alphasms_async.gateway.wire import Answer
from alphasms_async.phone import mask_digits
from alphasms_async.settings import is_loopback

__all__ = ["followed"]

_SAME_REQUEST = frozenset({307, 308})
_PORTS = {"http": 80, "https": 443}


def followed(answer: Answer, url: httpx.URL) -> httpx.URL | None:
    """Return where the same request is to go next, or `None` when it is not to go anywhere.

    Followed is a 307 or 308 to the same host, or to that host with or without `www.`, on the
    same port, or from http to https on the usual ports; never from https to http.
    """
    if answer.status not in _SAME_REQUEST:
        return None
    location = answer.headers.get("location")
    if not location:
        # Joined to a URL, nothing is that same URL: the body would go to the same place again.
        return None
    try:
        target = url.join(location)
    except (httpx.InvalidURL, ValueError):
        return None
    if target.userinfo or _echoes(answer, target) or _bare(target.host) != _bare(url.host):
        return None
    if target.scheme == url.scheme:
        allowed = _port(target) == _port(url) and (
            url.scheme == "https" or is_loopback(target.host)
        )
    else:
        upgraded = (url.scheme, target.scheme) == ("http", "https")
        allowed = upgraded and url.port is None and target.port is None
    return target.copy_with(fragment=None) if allowed else None


def _echoes(answer: Answer, target: httpx.URL) -> bool:
    """Tell whether the key or a phone stands in the URL: URLs end in logs."""
    told = unquote(target.raw_path.decode("ascii", "replace"))
    return answer.request.api_key in told or mask_digits(told) != told


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def _port(url: httpx.URL) -> int | None:
    return url.port or _PORTS.get(url.scheme)
