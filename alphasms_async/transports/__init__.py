"""The swappable httpx transports: request in, response out, close."""

from alphasms_async.transports.aiohttp import AiohttpTransport
from alphasms_async.transports.httpx import SlotTransport
from alphasms_async.transports.names import TransportName, transport_named
from alphasms_async.transports.options import REPEATABLE, Misused

__all__ = [
    "REPEATABLE",
    "AiohttpTransport",
    "Misused",
    "SlotTransport",
    "TransportName",
    "transport_named",
]
