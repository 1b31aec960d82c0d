"""Answers whose HTTP is odd, old or none at all, to requests that arrived whole."""

from .answers import SUCCESS, answer, chunk, head, page
from .behaviours import reply, stay
from .connection import Connection
from .situation import ANSWERED, UNKNOWN, Situation

_STATUS_LINE = b"HTTP/1.1 200 OK\r\n"


SITUATIONS = (
    Situation(
        "garbage",
        "Answers with bytes that are not HTTP.",
        reply(b"\x00\xff\x15\x03\x01 SSH-2.0-gateway\r\n\r\n", then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "no_status_line",
        "Answers with a bare body, as HTTP/0.9 did.",
        reply(SUCCESS + b"\r\n", then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "two_status_lines",
        "Sends the status line twice.",
        reply(_STATUS_LINE + answer()),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "huge_header",
        "Sends a header of 200 KB.",
        reply(answer(SUCCESS, "X-Padding: " + "x" * 200_000)),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "length_no_number",
        "Announces a body of `many` bytes.",
        reply(head(200, "Content-Length: many") + SUCCESS),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "two_lengths",
        "Announces two different lengths.",
        reply(answer(SUCCESS, "Content-Length: 7")),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "chunk_size_no_number",
        "Sends a chunk whose size is no number.",
        reply(head(200, "Transfer-Encoding: chunked") + b"zz\r\n" + SUCCESS + b"\r\n"),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "unasked_continue",
        "Sends `100 Continue`, which nobody asked for, then the answer.",
        reply(head(100) + answer()),
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "early_hints",
        "Sends `103 Early Hints`, then the answer.",
        reply(head(103, "Link: </style.css>") + answer()),
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "switches_protocols",
        "Sends `101 Switching Protocols`, which nobody asked for.",
        reply(head(101, "Upgrade: telephone", "Connection: upgrade"), then=stay),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "http_1_0",
        "Answers as HTTP/1.0 without a length, closes.",
        reply(b"HTTP/1.0 200 OK\r\n\r\n" + SUCCESS, then=Connection.close),
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "connection_close",
        "Answers with `Connection: close` and closes.",
        reply(answer(SUCCESS, "Connection: close"), then=Connection.close),
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "chunked",
        "Answers in two chunks that part in the middle of the id.",
        reply(
            head(200, "Transfer-Encoding: chunked")
            + chunk(SUCCESS[:11])
            + chunk(SUCCESS[11:])
            + chunk(b"")
        ),
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "extra_answer",
        "Sends the answer and, unasked, a second one that says 500.",
        reply(answer() + page(500)),
        # The first answer is whole, yet a parser may refuse both for the second.
        ANSWERED | UNKNOWN,
        shows=("success",),
    ),
)
