"""Servers that answer when they have read nothing but the headers."""

from .answers import answer, page
from .behaviours import read_rest, reply_early, sleep_then_read
from .connection import Connection
from .situation import ANSWERED, UNKNOWN, Situation

_TOO_BIG = page(413)

SITUATIONS = (
    Situation(
        "early_413",
        "Answers 413 before the body, then reads it.",
        reply_early(_TOO_BIG, then=read_rest),
        ANSWERED,
        shows=("413",),
    ),
    Situation(
        "early_413_big",
        "Answers 413 before a big body, then reads it.",
        reply_early(_TOO_BIG, then=read_rest),
        ANSWERED,
        shows=("413",),
        big=True,
    ),
    Situation(
        "early_413_then_close",
        "Answers 413 before a big body and closes without reading it.",
        reply_early(_TOO_BIG, then=Connection.close),
        # The kernel's RST for unread bytes may throw the answer away.
        ANSWERED | UNKNOWN,
        shows=("413", "ReadError"),
        arrives="head",
        big=True,
    ),
    Situation(
        "early_413_then_sleep",
        "Answers 413 before a big body and reads nothing until the client has given up.",
        reply_early(_TOO_BIG, then=sleep_then_read),
        # A client that looks for an answer only after its upload never sees this one.
        ANSWERED | UNKNOWN,
        shows=("413", "WriteTimeout"),
        arrives="part or whole",
        big=True,
    ),
    Situation(
        "early_200",
        "Answers with success before the body, then reads it.",
        reply_early(answer(), then=read_rest),
        ANSWERED,
        shows=("success",),
    ),
    Situation(
        "early_200_big",
        "Answers with success before a big body, then reads it.",
        reply_early(answer(), then=read_rest),
        ANSWERED,
        shows=("success",),
        # A client may stop its upload when it has its answer.
        arrives="part or whole",
        big=True,
    ),
    Situation(
        "early_200_then_close",
        "Answers with success before a big body and closes without reading it.",
        reply_early(answer(), then=Connection.close),
        ANSWERED | UNKNOWN,
        shows=("success", "ReadError"),
        arrives="head",
        big=True,
    ),
    Situation(
        "early_503",
        "Answers 503 before the body, as a proxy with a rate limit does, then reads it.",
        reply_early(page(503), then=read_rest),
        UNKNOWN,
        shows=("503",),
    ),
)
