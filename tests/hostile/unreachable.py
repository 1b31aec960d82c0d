"""Servers and proxies that nobody gets through to."""

from .answers import head, page
from .behaviours import reply_early, stay
from .connection import Connection
from .door import BEYOND_LAST_PORT, JAMMED, NOWHERE, PROXY, SHUT, SHUT_PROXY, Door
from .situation import NOT_SENT, Behaviour, Situation


def _unreachable(name: str, what: str, door: Door, *shows: str) -> Situation:
    return Situation(name, what, stay, NOT_SENT, shows, arrives="nothing", door=door)


def _bad_proxy(name: str, what: str, behave: Behaviour, *shows: str) -> Situation:
    # The head is that of the proxy's own CONNECT, which knows no key and no phone.
    return Situation(name, what, behave, NOT_SENT, shows, arrives="head", door=PROXY)


SITUATIONS = (
    _unreachable("refuses", "Refuses the connection.", SHUT, "ConnectError"),
    _unreachable("full_queue", "Lets new connections wait for ever.", JAMMED, "ConnectTimeout"),
    _unreachable("no_such_host", "Has a name that does not exist.", NOWHERE, "ConnectError"),
    _unreachable(
        "no_such_port",
        "Has a port above 65535.",
        BEYOND_LAST_PORT,
        "ConnectError",
        # asyncio wraps its OverflowError.
        "ExceptionGroup",
    ),
    _unreachable("proxy_refuses", "Is behind a proxy that refuses.", SHUT_PROXY, "ConnectError"),
    _bad_proxy(
        "proxy_503",
        "Is behind a proxy that answers CONNECT with 503.",
        reply_early(page(503), then=Connection.close),
        "ProxyError",
    ),
    _bad_proxy(
        "proxy_407",
        "Is behind a proxy that wants a password.",
        reply_early(page(407, "Proxy-Authenticate: Basic"), then=Connection.close),
        "ProxyError",
    ),
    _bad_proxy(
        "proxy_closes",
        "Is behind a proxy that reads CONNECT and closes.",
        reply_early(b"", then=Connection.close),
        "RemoteProtocolError",
    ),
    _bad_proxy(
        "proxy_silent",
        "Is behind a proxy that never answers CONNECT.",
        reply_early(b"", then=stay),
        # To some clients it is slow to answer, to others slow to connect.
        "ReadTimeout",
        "ConnectTimeout",
    ),
    _bad_proxy(
        "proxy_dead_end",
        "Is behind a proxy that opens a tunnel and closes it.",
        reply_early(head(200), then=Connection.close),
        "ConnectError",
    ),
)
