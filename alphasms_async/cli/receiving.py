"""The receiver inside a command: hooks come into the command's own event loop."""

import logging
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from urllib.parse import unquote

from attrs import Factory, define, field, frozen

from alphasms_async import InvalidRequest
from alphasms_async.cli.terminal import counted
from alphasms_async.extras import extra
from alphasms_async.webhooks import WebhookReceiver
from alphasms_async.webhooks.asgi import Answer, Message, Receive, Scope, Send

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PATH",
    "Place",
    "Reception",
    "check_port",
    "quiet_server",
    "receiving",
]

DEFAULT_HOST: Final = "127.0.0.1"
"""This machine alone: what is to be reached from elsewhere stands behind a proxy, or says so."""
DEFAULT_PATH: Final = "/hooks/alphasms"
"""Where hooks come in when nobody says."""

_PORTS = range(65_536)
_HOST = re.compile(r"[!-~]+")
_PATH = re.compile(r"/[!-~]*")
_NOWHERE = Answer(404, "there is nothing here")
_MEANING = {
    400: "with no event in it",
    403: "not proven",
    404: "to another path",
    405: "by another method",
    408: "too slow",
    413: "too large",
    503: "that could not be kept",
}


def check_port(port: int) -> int:
    """Return the port, or raise `InvalidRequest` when there is no such one."""
    if port not in _PORTS:
        raise InvalidRequest(f"a port is 1 to 65535, or 0 for a free one, not {port}")
    return port


def _check_port(_: object, __: object, port: int) -> None:
    check_port(port)


def _check_host(_: object, __: object, host: str) -> None:
    # An empty one, as an unset variable gives, would be every address there is.
    if not _HOST.fullmatch(host):
        raise InvalidRequest(
            f"a host is like {DEFAULT_HOST}, localhost or ::1, or 0.0.0.0 for every one of this "
            "machine's"
        )


def _check_path(_: object, __: object, path: str) -> None:
    if not _PATH.fullmatch(path) or "?" in path or "#" in path:
        raise InvalidRequest(f"a path is like {DEFAULT_PATH}: a slash, no spaces, and no ? or #")


@frozen
class Place:
    """Where hooks come in.

    Raises:
        InvalidRequest: There is no such port, or it is no host or no path.
    """

    port: int = field(validator=_check_port)
    """0 for a free one."""
    host: str = field(default=DEFAULT_HOST, validator=_check_host)
    """The address that is listened on; 0.0.0.0 for every one of this machine."""
    path: str = field(default=DEFAULT_PATH, validator=_check_path)
    """As it stands in a URL."""


@define
class Reception:
    """What came in beside the events."""

    url: str
    """Where the receiver is, for this machine, without a token."""
    taken: int = 0
    """How many requests were taken, repeats of the same event included."""
    refused: Counter[int] = Factory(Counter[int])
    """How many requests were refused, by the status they were answered with."""
    tell: Callable[[int], None] | None = None
    """Is told of each request, by that status; `None` for nobody."""

    def note(self, status: int) -> None:
        """Count one request, by the status it is answered with."""
        if self.tell is not None:
            self.tell(status)
        if status >= 400:
            self.refused[status] += 1
        else:
            self.taken += 1

    def refused_in_words(self) -> str:
        """Return how many requests were refused, and why."""
        told = counted(self.refused.total(), "request") + " refused"
        reasons = (
            f"{count} {_MEANING.get(status, status)}"
            for status, count in self.refused.most_common()
        )
        return f"{told}: {', '.join(reasons)}" if self.refused else told


@asynccontextmanager
async def receiving(
    receiver: WebhookReceiver, place: Place, *, tell: Callable[[int], None] | None = None
) -> AsyncGenerator[Reception]:
    """Serve a receiver while the context is open; every other path is not found.

    Args:
        receiver: What takes the hooks.
        place: Where.
        tell: Is told of each request, by the status it is answered with.

    Raises:
        InvalidRequest: The port is taken, or there is no such address here.
        ImportError: The server is not installed; the text names the extra.
    """
    with extra("Receiving hooks", '"alphasms-async[webhooks]"'):
        from alphasms_async.serving import address_of, listening_socket, served
    try:
        listener = listening_socket("alphasms", place.host, place.port)
    except OSError as error:
        raise InvalidRequest(f"{error.strerror}; choose another port or --host") from error
    reception = Reception(address_of(listener) + place.path, tell=tell)
    door = _Door(receiver, unquote(place.path), reception)
    with quiet_server():
        async with served(door, listener):
            yield reception


@contextmanager
def quiet_server() -> Generator[None]:
    """Keep from the terminal what the server says of strangers' rubbish, and of whom it cuts off.

    What the receiver refuses is counted, and what it cannot keep it says itself.
    """
    log = logging.getLogger("uvicorn.error")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@frozen
class _Door:
    """The way to the receiver, where it is noted who was turned away."""

    receiver: WebhookReceiver
    path: str
    reception: Reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def note_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.reception.note(message["status"])
            await send(message)

        if scope["path"] == self.path:
            await self.receiver(scope, receive, note_and_send)
        else:
            await _NOWHERE.send(note_and_send)
