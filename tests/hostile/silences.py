"""Servers that do not answer, do not read, or do not come to the door."""

from .behaviours import read_part, reply, reply_early, sleep_then_read, stay
from .connection import Connection
from .door import LATE
from .situation import UNKNOWN, Situation


def _never_read(connection: Connection) -> None:
    connection.wait_for_client()
    connection.read_request()


def _stall_mid_upload(connection: Connection) -> None:
    read_part(connection)
    sleep_then_read(connection)


def _read_too_slowly(connection: Connection) -> None:
    connection.read_head()
    while connection.read_body(at_most=16_384):
        connection.pause(0.05)


SITUATIONS = (
    Situation(
        "never_answers",
        "Reads the whole request and says nothing.",
        reply(b"", then=stay),
        UNKNOWN,
        shows=("ReadTimeout",),
    ),
    Situation(
        "never_reads",
        "Accepts and does nothing; reads it all when the client has given up.",
        _never_read,
        UNKNOWN,
        shows=("ReadTimeout",),
    ),
    Situation(
        "never_reads_big",
        "Accepts a big request and reads nothing before the client has given up.",
        _never_read,
        UNKNOWN,
        shows=("WriteTimeout", "ReadTimeout"),
        arrives="part or whole",
        big=True,
    ),
    Situation(
        "never_accepts",
        "Leaves the connection to the kernel; takes and reads it when the client has given up.",
        reply(b"", then=stay),
        UNKNOWN,
        shows=("ReadTimeout",),
        door=LATE,
    ),
    Situation(
        "reads_head_only",
        "Reads the headers and no byte more before the client has given up.",
        reply_early(b"", then=sleep_then_read),
        UNKNOWN,
        shows=("ReadTimeout",),
    ),
    Situation(
        "stalls_mid_upload",
        "Reads a part of the body, the rest when the client has given up.",
        _stall_mid_upload,
        UNKNOWN,
        shows=("WriteTimeout", "ReadTimeout"),
        arrives="part or whole",
        big=True,
    ),
    Situation(
        "reads_too_slowly",
        "Reads 300 KB a second of a big body.",
        _read_too_slowly,
        UNKNOWN,
        shows=("WriteTimeout", "ReadTimeout"),
        arrives="part or whole",
        big=True,
    ),
)
