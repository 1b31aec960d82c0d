"""Servers that send the client elsewhere, after they have read the whole request.

A 307 or 308 means "the same request, there", so following it delivers the body once more;
a 301, 302 or 303 may mean "done, look there".
"""

from .answers import answer, page
from .behaviours import reply, stay
from .connection import Connection
from .situation import ANSWERED, UNKNOWN, Behaviour, Situation

_HERE = "http://127.0.0.1:{port}/moved"
# The same server under another name, so that it sees a client that should not have come.
_ELSEWHERE = "localhost:{port}/moved"
_STEPS = {"/moved": "/moved2", "/moved2": "/moved3"}


def _succeed(connection: Connection) -> None:
    connection.send(answer())


def _redirect(status: int, location: str, moved: Behaviour = _succeed) -> Behaviour:
    """Send every request to `location`, and one that has been sent there treat as `moved`."""

    def behave(connection: Connection) -> None:
        if connection.read_request().record.path == "/moved":
            moved(connection)
        else:
            target = location.format(port=connection.port)
            connection.send(page(status, f"Location: {target}"))

    return behave


def _redirect_three_times(connection: Connection) -> None:
    path = connection.read_request().record.path
    target = _STEPS.get(path, "/moved")
    connection.send(answer() if path == "/moved3" else page(307, f"Location: {target}"))


def _redirect_then_reset(connection: Connection) -> None:
    if connection.number == 0:
        connection.read_request().send(page(307, "Location: /moved", "Connection: close"))
        connection.close()
    else:
        connection.reset()


def _unfollowed(name: str, what: str, status: int, location: str) -> Situation:
    return Situation(name, what, _redirect(status, location), UNKNOWN, (str(status),))


def _followed(name: str, what: str, status: int, location: str) -> Situation:
    behave = _redirect(status, location)
    return Situation(name, what, behave, ANSWERED, (str(status),), hops=2)


SITUATIONS = (
    _unfollowed("moved_301", "Answers 301 to a path of its own.", 301, "/moved"),
    _unfollowed("moved_302", "Answers 302 to a path of its own.", 302, "/moved"),
    _unfollowed("moved_303", "Answers 303 to a path of its own.", 303, "/moved"),
    _followed("moved_307", "Answers 307 to a path of its own.", 307, "/moved"),
    _followed("moved_308", "Answers 308 to a path of its own.", 308, "/moved"),
    _followed("moved_307_url", "Answers 307 to a whole URL of its own.", 307, _HERE),
    _followed("moved_308_url", "Answers 308 to a whole URL of its own.", 308, _HERE),
    Situation(
        "moved_three_times",
        "Answers 307 three times, then with success.",
        _redirect_three_times,
        ANSWERED,
        shows=("307",),
        hops=4,
    ),
    Situation(
        "moved_for_ever",
        "Answers 307 to the very place that answers 307.",
        reply(page(307, "Location: /moved")),
        UNKNOWN,
        shows=("307",),
        # The first request, and the three redirects that a sender follows at most.
        hops=4,
    ),
    Situation(
        "moved_then_silent",
        "Answers 307, and nothing at the new place.",
        _redirect(307, "/moved", moved=stay),
        UNKNOWN,
        # A client that does not follow needs no timeout, one that does needs a short one.
        shows=("307", "ReadTimeout"),
        hops=2,
    ),
    Situation(
        "moved_then_closes",
        "Answers 307, reads all at the new place, closes.",
        _redirect(307, "/moved", moved=Connection.close),
        UNKNOWN,
        shows=("307",),
        hops=2,
    ),
    Situation(
        "moved_then_resets",
        "Answers 307, and resets every later connection at once.",
        _redirect_then_reset,
        # Nothing of the second request may have left, but the first had arrived whole.
        UNKNOWN,
        shows=("307",),
    ),
    _unfollowed("moved_elsewhere", "Answers 307 to another host.", 307, f"http://{_ELSEWHERE}"),
    _unfollowed("moved_no_scheme", "Answers 307 to `//another-host`.", 307, f"//{_ELSEWHERE}"),
    _unfollowed(
        "moved_in_disguise",
        "Answers 307 to another host, with its own name in the place of a user.",
        307,
        "http://127.0.0.1:{port}@" + _ELSEWHERE,
    ),
    _unfollowed(
        "moved_to_port",
        "Answers 307 to a port of its own host where another program may live.",
        307,
        "http://127.0.0.1:9/moved",
    ),
    _unfollowed(
        "moved_to_https",
        "Answers 307 to https at a port where nobody speaks TLS.",
        307,
        "https://127.0.0.1:{port}/moved",
    ),
    _unfollowed("moved_to_file", "Answers 307 to a file.", 307, "file:///etc/passwd"),
    Situation(
        "moved_nowhere",
        "Answers 307 and does not say where to.",
        reply(page(307)),
        UNKNOWN,
        shows=("307",),
    ),
    Situation(
        "moved_to_nonsense",
        "Answers 307 to what is no URL.",
        reply(page(307, "Location: http://[::gateway")),
        UNKNOWN,
        shows=("RemoteProtocolError",),
    ),
)
