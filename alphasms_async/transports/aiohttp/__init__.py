"""The transport over aiohttp: its connections and its parser, and our own way to send."""

from alphasms_async.transports.aiohttp.transport import AiohttpTransport

__all__ = ["AiohttpTransport"]
