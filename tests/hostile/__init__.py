"""A gateway that misbehaves in every way we know of, and remembers what it really received."""

from .record import Record
from .server import HostileServer
from .situation import Outcome, Situation
from .situations import SITUATIONS
from .tls import server_context, trusting_context

__all__ = [
    "SITUATIONS",
    "HostileServer",
    "Outcome",
    "Record",
    "Situation",
    "server_context",
    "trusting_context",
]
