"""Answers that end too soon, all of them to requests that arrived whole."""

from .answers import SUCCESS, answer, chunk, head
from .behaviours import reply, stay
from .connection import Connection
from .situation import ANSWERED, UNKNOWN, Situation

# Cut inside the id: a reader that trusts it would take 1005 for the call's number.
_HALF = SUCCESS[:11]
_SIZED = head(200, "Content-Type: application/json", f"Content-Length: {len(SUCCESS)}")
_CHUNKED = head(200, "Content-Type: application/json", "Transfer-Encoding: chunked")


SITUATIONS = (
    Situation(
        "half_status_line",
        "Sends half a status line, closes.",
        reply(b"HTTP/1.1 20", then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "half_head",
        "Sends a status line and half a header, closes.",
        reply(b"HTTP/1.1 200 OK\r\nContent-Ty", then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "head_then_silence",
        "Sends the headers of an answer and nothing more.",
        reply(_SIZED, then=stay),
        UNKNOWN,
        shows=("ReadTimeout",),
    ),
    Situation(
        "half_body_then_close",
        "Announces a body, sends half of it, closes.",
        reply(_SIZED + _HALF, then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "half_body_then_reset",
        "Announces a body, sends half of it, resets.",
        reply(_SIZED + _HALF, then=Connection.reset),
        UNKNOWN,
        shows=("ReadError",),
    ),
    Situation(
        "half_body_then_silence",
        "Announces a body, sends half of it and nothing more.",
        reply(_SIZED + _HALF, then=stay),
        UNKNOWN,
        shows=("ReadTimeout",),
    ),
    Situation(
        "half_chunk",
        "Announces a chunk, sends half of it, closes.",
        reply(_CHUNKED + chunk(SUCCESS)[:15], then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "no_last_chunk",
        "Sends the whole answer in chunks, closes without the chunk that ends it.",
        reply(_CHUNKED + chunk(SUCCESS), then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "half_body_of_no_length",
        "Sends half a body that only the connection's end delimits, closes.",
        reply(head(200, "Connection: close") + _HALF, then=Connection.close),
        UNKNOWN,
        shows=("200",),
    ),
    Situation(
        "half_body_well_framed",
        "Sends half a body with the length of that half.",
        reply(answer(_HALF)),
        UNKNOWN,
        shows=("200",),
    ),
    Situation(
        "length_too_long",
        "Sends the whole body, announced as longer, closes.",
        reply(head(200, "Content-Length: 1000") + SUCCESS, then=Connection.close),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
    Situation(
        "length_too_short",
        "Sends the whole body, announced as shorter.",
        reply(head(200, f"Content-Length: {len(_HALF)}") + SUCCESS),
        UNKNOWN,
        shows=("200",),
    ),
    Situation(
        "answers_then_resets",
        "Sends the whole answer and resets.",
        reply(answer(), then=Connection.reset),
        # The reset may throw away an answer that the client has not read yet.
        ANSWERED | UNKNOWN,
        shows=("success", "ReadError"),
    ),
)
