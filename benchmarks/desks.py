"""The sandbox and its rivals, each served in a process of its own, on the first core.

    python -m benchmarks.desks RIVAL

Prints the port, and ends when its standard input does.
"""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from decimal import Decimal
from typing import Final, TypeAlias
from urllib.parse import urlsplit

import anyio
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alphasms_async.sandbox import Sandbox
from alphasms_async.sandbox.server import serve
from benchmarks.machine import run_on_core
from benchmarks.uploading import KEY

__all__ = ["RIVALS", "desk"]

_Page: TypeAlias = Callable[[Request], Awaitable[Response]]

# More than anybody spends here.
_PURSE = Decimal(1_000_000)
_ANSWER: Final = {"id": 100500, "price": 0.4}


@asynccontextmanager
async def desk(rival: str) -> AsyncGenerator[int]:
    """Serve one of the `RIVALS` in a process of its own while the context is open.

    Yields:
        The port.
    """
    command = [sys.executable, "-m", "benchmarks.desks", rival]
    async with await anyio.open_process(command, stderr=None) as process:
        assert process.stdin is not None  # noqa: S101 - a pipe, by default
        assert process.stdout is not None  # noqa: S101 - likewise
        yield int(await process.stdout.receive())
        await process.stdin.aclose()
        await process.wait()


async def _with_form(request: Request) -> Response:
    async with request.form() as form:
        voice = form["voice"]
        assert isinstance(voice, UploadFile)  # noqa: S101 - what is uploaded here is one
        await voice.read()
    return JSONResponse(_ANSWER)


async def _with_body(request: Request) -> Response:
    async for _ in request.stream():
        pass
    return JSONResponse(_ANSWER)


def _sandbox() -> AbstractContextManager[str]:
    return Sandbox(api_key=KEY, balance=_PURSE).serve()


def _starlette(page: _Page) -> Callable[[], AbstractContextManager[str]]:
    app = Starlette(routes=[Route("/api/voice.php", page, methods=["POST"])])
    return lambda: serve(app, 0, anyio.lowlevel.checkpoint)


RIVALS: Final[Mapping[str, Callable[[], AbstractContextManager[str]]]] = {
    "the sandbox": _sandbox,
    "Starlette, request.form()": _starlette(_with_form),
    "Starlette, body read only": _starlette(_with_body),
}
"""What takes calls, ours first: serves and gives its address."""


if __name__ == "__main__":
    run_on_core(0)
    with RIVALS[sys.argv[1]]() as url:
        print(urlsplit(url).port, flush=True)
        sys.stdin.read()
