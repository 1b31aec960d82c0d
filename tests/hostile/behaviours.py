"""The building blocks of misbehaviour: read this much, say that, end so."""

from .connection import Connection
from .situation import Behaviour


def stay(connection: Connection) -> None:
    """Keep the connection for a further request, or until the client leaves."""


def reply(data: bytes, then: Behaviour = stay) -> Behaviour:
    """Read the whole request, send `data`, end with `then`."""

    def behave(connection: Connection) -> None:
        connection.read_request().send(data)
        then(connection)

    return behave


def reply_early(data: bytes, then: Behaviour) -> Behaviour:
    """Read nothing but the head, send `data`, end with `then`."""

    def behave(connection: Connection) -> None:
        connection.read_head().send(data)
        then(connection)

    return behave


def reply_for_ever(start: bytes, again: bytes, every_seconds: float) -> Behaviour:
    """Read the whole request, send `start`, then `again` and again until the client is done."""

    def behave(connection: Connection) -> None:
        connection.read_request().send(start)
        while not connection.client_is_done:
            connection.send(again)
            connection.pause(every_seconds)

    return behave


def read_rest(connection: Connection) -> None:
    """Read the body to its end, in silence."""
    connection.read_body()


def read_part(connection: Connection) -> None:
    """Read a head and the first 100 KB of its body."""
    connection.read_head().read_body(at_most=100_000)


def sleep_then_read(connection: Connection) -> None:
    """Do nothing until the client is done, then read the rest, as a busy application would."""
    connection.wait_for_client()
    connection.read_body()
