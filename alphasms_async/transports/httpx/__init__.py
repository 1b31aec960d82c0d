"""The default transport: httpx's own, one for each request in flight."""

from alphasms_async.transports.httpx.transport import SlotTransport

__all__ = ["SlotTransport"]
