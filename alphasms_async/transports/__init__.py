"""The swappable httpx transports: request in, response out, close."""

from alphasms_async.transports.slots import REPEATABLE, SlotTransport

__all__ = ["REPEATABLE", "SlotTransport"]
