"""Takes connections from a socket that listens, no more than the process has files for."""

import asyncio
import errno
import logging
import math
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import anyio
import attrs

__all__ = ["Acceptor"]

_log = logging.getLogger("alphasms_async")

_AT_ONCE: Final = 32
# For what is taken at once, and for the program, whose files these are too.
_SPARE_FILES: Final = 64
_PAUSE_SECONDS: Final = 0.1
_SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def _most_files() -> float:
    """Return how many files the process may have open, infinity where nobody says."""
    if sys.platform == "win32":
        return math.inf
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit

    soft, _ = getrlimit(RLIMIT_NOFILE)
    return math.inf if soft == RLIM_INFINITY else soft


def _first_spare() -> float:
    most = _most_files()
    return most - min(_SPARE_FILES, most / 4)


@attrs.define(eq=False)
class Acceptor:
    """Takes connections on the running event loop; asyncio only.

    asyncio's own, when the process has no file left, says so a thousand times a second and takes
    nobody. This one lets the connections go over which nobody asks anything.
    """

    make: Callable[[], asyncio.Protocol]
    """Makes what answers a connection."""
    make_room: Callable[[], bool]
    """Closes a connection that can be spared, and returns whether there was one."""
    _has_warned: bool = attrs.field(default=False, init=False)

    async def accept(self, listener: socket.socket) -> None:
        """Take the connections of `listener`, until cancelled."""
        listener.settimeout(0)
        while True:
            kept = await self._with_room(await self._taken(listener))
            # All of them are known before more are taken: only then they can be spared.
            if len(kept) == 1:
                await self._connect(kept[0])
                continue
            async with anyio.create_task_group() as group:
                for connection in kept:
                    group.start_soon(self._connect, connection)

    async def _taken(self, listener: socket.socket) -> list[socket.socket]:
        """Wait for connections, and return those that are there, few enough at once."""
        taken = [await self._first(listener)]
        with suppress(OSError):
            while len(taken) < _AT_ONCE:
                connection, _ = listener.accept()
                connection.settimeout(0)
                taken.append(connection)
        return taken

    async def _first(self, listener: socket.socket) -> socket.socket:
        while True:
            try:
                connection, _ = await asyncio.get_running_loop().sock_accept(listener)
            except OSError as error:
                if error.errno in _SCARCE:
                    self._warn()
                    for _ in range(_AT_ONCE):
                        self.make_room()
                # Else it is the connection that has failed, or the network.
                await anyio.sleep(_PAUSE_SECONDS)
            else:
                return connection

    async def _with_room(self, taken: list[socket.socket]) -> list[socket.socket]:
        """Return those for which there is room, or for which others go; the rest is closed."""
        # A new file has the lowest number that is free.
        spare = _first_spare()
        kept = [one for one in taken if one.fileno() < spare]
        crowded = [one for one in taken if one.fileno() >= spare]
        rooms = [self.make_room() for _ in crowded]
        if crowded:
            # What goes is gone one step later; nobody else would close what was just taken.
            await anyio.lowlevel.cancel_shielded_checkpoint()
        for has_room, connection in zip(rooms, crowded, strict=True):
            # To the number that is free now: the spare ones are for those that come next.
            with connection, suppress(OSError):
                if has_room:
                    kept.append(connection.dup())
        return kept

    async def _connect(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self.make, connection)
        except OSError:
            # It was broken meanwhile.
            connection.close()

    def _warn(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "No file is left for a new connection: it waits until one is closed. "
                "`ulimit -n` tells how many this process may have open, and sets it."
            )
