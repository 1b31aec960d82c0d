"""Servers that take their time: some come to an end, some never do."""

from .answers import SUCCESS, answer, chunk, head
from .behaviours import reply_for_ever
from .connection import Connection
from .situation import ANSWERED, UNKNOWN, Situation

_DRIP_SECONDS = 0.05


def _read_slowly(connection: Connection) -> None:
    connection.read_head()
    while connection.read_body(at_most=2_000):
        connection.pause(0.005)
    connection.send(answer())


def _answer_late(connection: Connection) -> None:
    connection.read_request().pause(0.1)
    connection.send(answer())


def _slice_answer(connection: Connection) -> None:
    connection.read_request()
    for byte in answer():
        connection.send(bytes([byte]))


def _close_late(connection: Connection) -> None:
    connection.read_request().send(head(200, "Connection: close") + SUCCESS)
    connection.pause(0.1)
    connection.close()


SITUATIONS = (
    Situation(
        "reads_slowly",
        "Reads 2 KB at a time with pauses, answers.",
        _read_slowly,
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "answers_late",
        "Reads all, thinks for 0.1 s, answers.",
        _answer_late,
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "slices_answer",
        "Sends a right answer byte by byte, without pauses.",
        _slice_answer,
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "closes_late",
        "Sends an answer that ends with the connection, which it closes 0.1 s later.",
        _close_late,
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "drips_head",
        "Sends a status line, then headers, one byte every 50 ms, for ever.",
        reply_for_ever(b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x", _DRIP_SECONDS),
        UNKNOWN,
        shows=("TimeoutError",),
        endless=True,
    ),
    Situation(
        "drips_body",
        "Sends headers, then a body, one byte every 50 ms, for ever.",
        reply_for_ever(head(200, "Content-Length: 100000"), b" ", _DRIP_SECONDS),
        UNKNOWN,
        shows=("TimeoutError",),
        endless=True,
    ),
    Situation(
        "hints_for_ever",
        "Sends `103 Early Hints` every 50 ms, for ever.",
        reply_for_ever(b"", head(103), _DRIP_SECONDS),
        UNKNOWN,
        shows=("TimeoutError",),
        endless=True,
    ),
    Situation(
        "sends_body_for_ever",
        "Sends a chunked body, 64 KB every 20 ms, for ever.",
        reply_for_ever(head(200, "Transfer-Encoding: chunked"), chunk(b" " * 65_536), 0.02),
        UNKNOWN,
        shows=("TimeoutError",),
        endless=True,
    ),
)
