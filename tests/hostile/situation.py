"""One way to misbehave: what the server does, and what a sender may make of it."""

from collections.abc import Callable
from typing import Literal

from attrs import frozen

from .connection import Connection
from .door import OPEN, Door

Outcome = Literal["not_sent", "answered", "unknown"]
Arrival = Literal["nothing", "head", "part", "part or whole", "whole"]
Behaviour = Callable[[Connection], None]

NOT_SENT: frozenset[Outcome] = frozenset({"not_sent"})
ANSWERED: frozenset[Outcome] = frozenset({"answered"})
UNKNOWN: frozenset[Outcome] = frozenset({"unknown"})

_USUAL_BYTES = 20_000
# Below the gateway's 5 MB, yet more than loopback sockets swallow when nobody reads.
_BIG_BYTES = 4_500_000

_SHORT_SECONDS = 0.15
# Never reached; says that the situation ends without any timeout, on a busy machine too.
_LONG_SECONDS = 5.0


@frozen
class Situation:
    """A row of the table of misbehaviours, `SITUATIONS`."""

    name: str
    """A word for test ids, unique in the table."""
    what: str
    """What the server does, in one sentence."""
    behave: Behaviour
    """Called for each request while the connection is open, so it starts with reading a head,
    which ends it when there is none, or ends with hanging up."""
    expect: frozenset[Outcome]
    """The answers an honest sender of one call may end with."""
    shows: tuple[str, ...]
    """What plain httpx makes of it, on either backend: the name of an error, an HTTP status,
    or `success` for the gateway's own yes. `TimeoutError` is the caller's deadline."""
    arrives: Arrival = "whole"
    """How much of the request the application has read in the end."""
    big: bool = False
    """Whether it takes a recording near the limit to see the misbehaviour."""
    endless: bool = False
    """Whether only a total deadline ends it: there is always another byte in time."""
    hops: int = 1
    """How often the request may arrive whole: more than once where it was sent elsewhere."""
    needs_trust: bool = False
    """Whether the client must trust `trusting_context` to get as far as the misbehaviour."""
    door: Door = OPEN
    """How clients get to the server."""

    @property
    def audio_bytes(self) -> int:
        """How much audio the request should carry."""
        return _BIG_BYTES if self.big else _USUAL_BYTES

    @property
    def timeouts(self) -> dict[str, float]:
        """The arguments for `httpx.Timeout`: short only where a timeout has to end it."""
        phases = {"connect": "ConnectTimeout", "read": "ReadTimeout", "write": "WriteTimeout"}
        seconds = {
            phase: _SHORT_SECONDS if error in self.shows else _LONG_SECONDS
            for phase, error in phases.items()
        }
        return seconds | {"pool": _LONG_SECONDS}
