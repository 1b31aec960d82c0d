"""Servers that treat the first request on a connection well, and the next one badly.

A sender that opens a connection for each request never meets the second half.
"""

from .answers import answer
from .connection import Connection
from .situation import ANSWERED, Situation


def _close_when_idle(connection: Connection) -> None:
    connection.read_request().send(answer())
    connection.close()


def _close_after_second_body(connection: Connection) -> None:
    connection.read_request()
    if connection.requests == 1:
        connection.send(answer())
    else:
        connection.close()


def _reset_after_second_head(connection: Connection) -> None:
    connection.read_head()
    if connection.requests == 1:
        connection.read_body()
        connection.send(answer())
    else:
        connection.reset()


SITUATIONS = (
    Situation(
        "closes_when_idle",
        "Answers as if it kept the connection, then closes it.",
        _close_when_idle,
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "closes_second_request",
        "Answers, reads the whole second request on the connection, closes.",
        _close_after_second_body,
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "resets_second_request",
        "Answers, reads the headers of the second request on the connection, resets.",
        _reset_after_second_head,
        ANSWERED,
        shows=("success",),
    ),
)
