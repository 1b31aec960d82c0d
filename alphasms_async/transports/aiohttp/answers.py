"""The body of an answer on its way out of a connection."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import httpx
from aiohttp import StreamReader

from alphasms_async.transports.aiohttp.troubles import raise_told
from alphasms_async.transports.aiohttp.uploads import Upload

__all__ = ["Arriving"]


class Arriving(httpx.AsyncByteStream):
    """A body that is read while it arrives.

    Args:
        body: Where aiohttp puts it.
        upload: What it is the answer to, which ends with it.
    """

    def __init__(self, body: StreamReader, upload: Upload) -> None:
        self._body = body
        self._upload = upload
        self._loop = asyncio.get_running_loop()
        self._is_open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while piece := await self._body.readany():
                yield piece
        except Exception as error:  # noqa: BLE001 - raised again, as what it was
            raise_told(error)

    def __del__(self) -> None:
        # A response that nobody closes gives its connection up all the same, be it that the
        # garbage collector comes to it in another thread.
        if self._is_open and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(partial(self._upload.end, is_answered=False))

    async def aclose(self) -> None:
        """Give the connection back; a second time does nothing."""
        if self._is_open:
            self._is_open = False
            self._upload.end(is_answered=self._body.is_eof())
