"""Servers that hang up without a word."""

from .behaviours import read_part, reply, reply_early
from .connection import Connection
from .situation import NOT_SENT, UNKNOWN, Situation

# The kernel picks between FIN and RST by whether bytes were left unread, and with RST the
# backends notice in different calls.
_EITHER = ("ReadError", "RemoteProtocolError")


def _close_mid_upload(connection: Connection) -> None:
    read_part(connection)
    connection.close()


def _reset_mid_upload(connection: Connection) -> None:
    read_part(connection)
    connection.reset()


def _half_close_mid_upload(connection: Connection) -> None:
    read_part(connection)
    connection.half_close()
    connection.read_body()


SITUATIONS = (
    Situation(
        "closes_at_accept",
        "Accepts the connection and closes it at once (FIN).",
        Connection.close,
        # A transport may see the FIN before its first byte leaves.
        NOT_SENT | UNKNOWN,
        shows=_EITHER,
        arrives="nothing",
    ),
    Situation(
        "resets_at_accept",
        "Accepts the connection and resets it at once (RST).",
        Connection.reset,
        NOT_SENT | UNKNOWN,
        shows=("ConnectError", *_EITHER),
        arrives="nothing",
    ),
    Situation(
        "closes_after_head",
        "Reads the headers, closes.",
        reply_early(b"", then=Connection.close),
        UNKNOWN,
        shows=_EITHER,
        arrives="head",
    ),
    Situation(
        "closes_after_head_big",
        "Reads the headers of a big request, closes.",
        reply_early(b"", then=Connection.close),
        UNKNOWN,
        shows=_EITHER,
        arrives="head",
        big=True,
    ),
    Situation(
        "resets_after_head",
        "Reads the headers, resets.",
        reply_early(b"", then=Connection.reset),
        UNKNOWN,
        shows=_EITHER,
        arrives="head",
    ),
    Situation(
        "closes_mid_upload",
        "Reads a part of the body, closes.",
        _close_mid_upload,
        UNKNOWN,
        shows=_EITHER,
        arrives="part",
        big=True,
    ),
    Situation(
        "resets_mid_upload",
        "Reads a part of the body, resets.",
        _reset_mid_upload,
        UNKNOWN,
        shows=_EITHER,
        arrives="part",
        big=True,
    ),
    Situation(
        "half_closes_mid_upload",
        "Reads a part of the body, says that it will not answer (FIN), reads the rest.",
        _half_close_mid_upload,
        UNKNOWN,
        shows=_EITHER,
        big=True,
    ),
    Situation(
        "closes_after_body",
        "Reads the whole request, closes.",
        reply(b"", then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "resets_after_body",
        "Reads the whole request, resets.",
        reply(b"", then=Connection.reset),
        UNKNOWN,
        shows=("ReadError",),
    ),
)
