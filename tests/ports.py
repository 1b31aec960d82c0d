"""Ports of this machine that no test is given twice at a time."""

import socket
from collections.abc import Generator
from contextlib import contextmanager
from random import Random

__all__ = ["free_port", "taken_port"]

# Above them are those from which the system takes one for each connection: whoever connects to one
# where nobody listens could be connected to itself there, and keep the next one from listening.
_PORTS = range(10_000, 32_768)


def free_port() -> int:
    """Return a port that nobody has, for one server after another to listen on."""
    chance = Random()  # noqa: S311 - any will do that no other test has just been given
    while True:
        port = chance.choice(_PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


@contextmanager
def taken_port() -> Generator[int]:
    """Yield a port at which somebody listens until the context is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield int(taken.getsockname()[1])
