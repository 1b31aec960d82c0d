"""An application of a user's: it calls a customer, and hears which key was pressed."""

import json
import wave
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any

import anyio

from alphasms_async import AlphaSMS, Recording


def recording() -> Recording:
    """Return a second of silence."""
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    return Recording.from_bytes(file.getvalue())


PROMO = recording()


class Shop:
    """The application, which is down for the first hooks if it is told so."""

    def __init__(self, *, down: int = 0) -> None:
        self.down = down
        self.keys: dict[str, str] = {}
        self.url = "https://shop.example"

    async def call_customer(self, phone: str) -> None:
        """Ask the customer for a key; the key of the account and the gateway are the machine's."""
        async with AlphaSMS() as alphasms:
            await alphasms.voice.call(phone, PROMO, hook=f"{self.url}/hooks", dtmf=True)

    def hear(self, body: bytes) -> int:
        """Take a hook, and return the status of the answer."""
        if self.down:
            self.down -= 1
            return 503
        heard = json.loads(body)
        self.keys[heard["phone"]] = heard["dtmf"]
        return 200

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Take a hook as an ASGI application."""
        body, is_whole = b"", False
        while not is_whole:
            message = await receive()
            body += message.get("body", b"")
            is_whole = not message.get("more_body")
        status = self.hear(body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class _Web(BaseHTTPRequestHandler):
    shop: Shop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/hooks":
            self.send_response(self.shop.hear(body))
        else:
            anyio.run(self.shop.call_customer, body.decode())
            self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 as it is called
        """Say nothing."""


@contextmanager
def served(shop: Shop) -> Generator[Shop]:
    """Serve the shop on loopback, as a program of its own would be."""
    handler = type("_WebOfOne", (_Web,), {"shop": shop})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        shop.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()
