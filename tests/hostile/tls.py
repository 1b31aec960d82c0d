"""Servers that spoil the TLS handshake, before any byte of a request can leave."""

import ssl
from functools import cache

import trustme

from .answers import answer, page
from .connection import Connection
from .door import TLS
from .situation import NOT_SENT, UNKNOWN, Behaviour, Situation

_AUTHORITY = trustme.CA()

_HANDSHAKE = b"\x16"
# RFC 8446, 6: alert, TLS 1.2 on the record layer, 2 bytes: fatal, handshake_failure.
_FATAL_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"


@cache
def trusting_context() -> ssl.SSLContext:
    """Return a client's context that trusts these servers, as no other does."""
    context = ssl.create_default_context()
    # pyright cannot see the PyOpenSSL that trustme knows as well.
    _AUTHORITY.configure_trust(context)  # pyright: ignore[reportUnknownMemberType]
    return context


@cache
def server_context() -> ssl.SSLContext:
    """Return the context of these servers, with a certificate for 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = _AUTHORITY.issue_cert("127.0.0.1")
    certificate.configure_cert(context)  # pyright: ignore[reportUnknownMemberType] # likewise
    return context


def _greet_with(data: bytes) -> Behaviour:
    """Read the client's greeting, send `data`, close."""

    def behave(connection: Connection) -> None:
        connection.read_some()
        connection.send(data)
        connection.close()

    return behave


def _reset(connection: Connection) -> None:
    connection.read_some()
    connection.reset()


def _stall(connection: Connection) -> None:
    connection.wait_for_client()
    connection.close()


def _answer_over_tls(connection: Connection) -> None:
    connection.start_tls(server_context())
    connection.read_request().send(answer())
    connection.close()


def _redirect_out_of_tls(connection: Connection) -> None:
    # A client that follows speaks plain HTTP to the same port, and is seen to do so.
    if connection.peek() == _HANDSHAKE:
        connection.start_tls(server_context())
        target = f"http://127.0.0.1:{connection.port}/moved"
        connection.read_request().send(page(307, f"Location: {target}"))
    else:
        connection.read_request().send(answer())
    connection.close()


def _no_handshake(name: str, what: str, behave: Behaviour, shows: str) -> Situation:
    return Situation(name, what, behave, NOT_SENT, (shows,), arrives="nothing", door=TLS)


SITUATIONS = (
    _no_handshake(
        "tls_plain", "Answers TLS with HTTP 400.", _greet_with(page(400)), "ConnectError"
    ),
    _no_handshake("tls_alert", "Refuses the handshake.", _greet_with(_FATAL_ALERT), "ConnectError"),
    _no_handshake("tls_close", "Closes in the handshake.", _greet_with(b""), "ConnectError"),
    _no_handshake("tls_reset", "Resets in the handshake.", _reset, "ConnectError"),
    _no_handshake("tls_stall", "Never shakes hands.", _stall, "ConnectTimeout"),
    _no_handshake(
        "tls_untrusted", "Shows a certificate of its own make.", _answer_over_tls, "ConnectError"
    ),
    Situation(
        "tls_redirect_to_plain",
        "Answers 307 over TLS, to itself without TLS.",
        _redirect_out_of_tls,
        UNKNOWN,
        shows=("307",),
        needs_trust=True,
        door=TLS,
    ),
)
