"""Where a client has to go to meet the server, and whether anybody opens."""

import socket
from contextlib import ExitStack
from typing import Literal

from attrs import frozen

from .connection import TICK_SECONDS

HOST = "127.0.0.1"
# More than any system keeps waiting when it was told to keep none.
_MOST_FILLERS = 64


@frozen
class Door:
    """The way in: the URL a client is given, and what stands behind the port."""

    url: str = "http://127.0.0.1:{port}"
    """The base URL for the client; `{port}` is the server's own port."""
    proxy: str | None = None
    """The proxy's URL for the client. `None`: no proxy."""
    opens: Literal["at once", "late", "never", "not listening"] = "at once"
    """`late`: the kernel takes connections, the application only when the client is done.
    `never`: the kernel's own queue is full. `not listening`: connections are refused."""

    @property
    def has_server(self) -> bool:
        """Whether connections ever reach the application."""
        return self.opens in {"at once", "late"}


OPEN = Door()
LATE = Door(opens="late")
JAMMED = Door(opens="never")
SHUT = Door(opens="not listening")
TLS = Door(url="https://127.0.0.1:{port}")
# No host of this name exists (RFC 2606), so only a client that asks the proxy gets anywhere.
PROXY = Door(url="https://gateway.invalid", proxy="http://127.0.0.1:{port}")
SHUT_PROXY = Door(url=PROXY.url, proxy=PROXY.proxy, opens="not listening")
# https, for a careful client speaks http with loopback only and would not even look it up.
NOWHERE = Door(url="https://nowhere.invalid", opens="not listening")
BEYOND_LAST_PORT = Door(url="http://127.0.0.1:99999", opens="not listening")


def open_listener(door: Door, sockets: ExitStack) -> socket.socket:
    """Return a bound socket, closed with `sockets`, that treats clients as `door` says."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sockets.callback(listener.close)
    listener.settimeout(TICK_SECONDS)
    # A bound port that nobody listens on refuses, and no other program can take it.
    listener.bind((HOST, 0))
    if door.has_server:
        listener.listen()
    if door.opens == "never":
        listener.listen(0)
        _fill_queue(listener.getsockname()[1], sockets)
    return listener


def _fill_queue(port: int, sockets: ExitStack) -> None:
    """Connect until the kernel takes no more, so that the next client waits for nothing."""
    for _ in range(_MOST_FILLERS):
        filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sockets.callback(filler.close)
        filler.settimeout(5 * TICK_SECONDS)
        try:
            filler.connect((HOST, port))
        except TimeoutError:
            return
    raise RuntimeError("the kernel's queue has no end")
