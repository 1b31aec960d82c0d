"""Verification as it is lived: an application under uvicorn, a served sandbox, real sockets."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from threading import Condition
from typing import Any

import anyio
import anyio.to_thread
import httpx
import uvicorn
from attrs import define, field

from alphasms_async.sandbox import Sandbox, SandboxCall
from alphasms_async.serving import address_of, listening_socket
from alphasms_async.webhooks import HookKind, HookTokens
from tests.verification.stage import FALLBACK_SECONDS, PHONE, SECRET

ROOT = Path(__file__).parents[2]

_SHOP = "tests.verification.shop"
_WAIT_SECONDS = 10.0
_SPOKEN = re.compile(r"(\d), (\d), (\d), (\d)")


@asynccontextmanager
async def under_uvicorn(app: Any, listener: socket.socket) -> AsyncGenerator[None]:
    """Serve an application in this process, its lifespan included, until the context is left."""
    # `access_log=False` would silence that log for every test after this one.
    config = uvicorn.Config(app, lifespan="on", log_config=None)
    server = uvicorn.Server(config)
    async with anyio.create_task_group() as group:
        # Whoever connects before it has started waits in the socket's queue.
        group.start_soon(partial(server.serve, sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True


class Rings:
    """Listens to what a served sandbox calls, which it does in a thread of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._heard = Condition()
        sandbox.fates = self._hear

    async def calls(self, kind: str, count: int = 1) -> list[SandboxCall]:
        """Return the calls of a kind, once there are so many."""
        return await anyio.to_thread.run_sync(self._wait, kind, count)

    def _wait(self, kind: str, count: int) -> list[SandboxCall]:
        def found() -> list[SandboxCall]:
            return [call for call in self._sandbox.calls() if call.kind == kind]

        with self._heard:
            assert self._heard.wait_for(lambda: len(found()) >= count, _WAIT_SECONDS)
            return found()

    def _hear(self, _call: SandboxCall) -> None:
        with self._heard:
            self._heard.notify_all()


@define
class Street:
    """A sandbox that is served, and the place where applications that use it listen."""

    sandbox: Sandbox
    listener: socket.socket
    environment: Mapping[str, str]
    http: httpx.AsyncClient
    _rings: Rings = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rings = Rings(self.sandbox)

    @asynccontextmanager
    async def process(self, *, ahead_seconds: int = 0) -> AsyncGenerator[subprocess.Popen[str]]:
        """Run an application in a process of its own, and end it well unless it was killed.

        Args:
            ahead_seconds: How far its clock is ahead of ours.
        """
        with self._spawned({"AHEAD_SECONDS": str(ahead_seconds)}) as process:
            try:
                assert process.stdout is not None
                assert await anyio.to_thread.run_sync(process.stdout.readline) == "started\n"
                yield process
                if process.poll() is None:
                    await end(process, signal.SIGTERM)
            finally:
                process.kill()

    async def post(self, page: str, **fields: str) -> Any:
        """Return what a page of the application answers."""
        answer = await self.http.post(f"/phone/{page}", json=fields)
        return answer.json()

    async def check(self, id: str, code: str | None) -> bool:
        """Return whether the application takes a code for the right one."""
        verified: bool = (await self.post("check", id=id, code=code or ""))["verified"]
        return verified

    async def started(self, phone: str = PHONE) -> str:
        """Begin to verify a phone, and return the verification's id."""
        id: str = (await self.post("start", phone=phone))["id"]
        return id

    async def calls(self, kind: str, count: int = 1) -> list[SandboxCall]:
        """Return the calls of a kind, once there are so many."""
        return await self._rings.calls(kind, count)

    def kinds(self, phone: str = PHONE) -> list[str]:
        """Return what a phone was called by so far, by name: `otp`, then `voice_sms`."""
        return sorted(call.kind for call in self.sandbox.calls(to=phone))

    def _spawned(self, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-m", _SHOP, str(self.listener.fileno())]
        return subprocess.Popen(  # noqa: S603 - our own interpreter and program
            command,
            cwd=ROOT,
            env={**os.environ, **self.environment, **environment},
            pass_fds=[self.listener.fileno()],
            stdout=subprocess.PIPE,
            text=True,
        )


async def end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    """Send a process a signal, and wait until it is gone because of it."""
    process.send_signal(how)
    assert await anyio.to_thread.run_sync(process.wait) == -how


def spoken_code(call: SandboxCall) -> str:
    """Return the code that a voice SMS reads out."""
    found = _SPOKEN.search(call.text or "")
    assert found is not None
    return "".join(found.groups())


@contextmanager
def _served(folder: Path, fallback_seconds: float) -> Generator[tuple[Sandbox, socket.socket, Any]]:
    with listening_socket("The test", "127.0.0.1", 0) as listener:
        hook_url = f"{address_of(listener)}/hooks/alphasms"
        hook = HookTokens(SECRET).url(hook_url, HookKind.ACCOUNT)
        sandbox = Sandbox(hook=hook, hook_pauses=(0, 0, 0))
        with sandbox.serve() as url:
            environment = {
                "AHEAD_SECONDS": "0",
                "ALPHASMS_API_KEY": sandbox.api_key,
                "ALPHASMS_BASE_URL": url,
                "ALPHASMS_WEBHOOK_SECRET": SECRET,
                "FALLBACK_SECONDS": str(fallback_seconds),
                "HOOK_URL": hook_url,
                "STORE": str(folder / "verifications.db"),
            }
            yield sandbox, listener, environment


@asynccontextmanager
async def street(
    folder: Path, *, fallback_seconds: float = FALLBACK_SECONDS
) -> AsyncGenerator[Street]:
    """Serve a sandbox whose account hook leads to the application, which is not started yet."""
    with _served(folder, fallback_seconds) as (sandbox, listener, environment):
        async with httpx.AsyncClient(base_url=address_of(listener)) as http:
            yield Street(sandbox, listener, environment, http)
