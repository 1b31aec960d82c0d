"""Hooks that lead away from this machine: refused when they are given, not when a call ends."""

from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import Sandbox
from tests.sandbox.receiver import HOOK
from tests.sandbox.wire import PHONE

from .asking import done, got, refused

pytestmark = pytest.mark.anyio

WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("/sandbox/calls", "POST", {"phone": PHONE}),
    ("/sandbox/account", "PATCH", {}),
]


@pytest.mark.parametrize(("path", "method", "fields"), WAYS, ids=["calls", "account"])
@pytest.mark.parametrize(
    "hook", [HOOK, "http://192.168.1.5:8000/hooks", "http://localhost.example/", "http://[::1/"]
)
async def test_hook_of_another_machine_is_refused_at_once(
    sandbox: Sandbox, page: httpx.AsyncClient, path: str, method: str, fields: Any, hook: str
) -> None:
    """One line says where hooks may lead, and nothing is rung or set."""
    status, line = await refused(page, path, method=method, hook=hook, **fields)
    assert (status, sandbox.calls(), sandbox.hook) == (400, [], None)
    assert "on this machine, like http://127.0.0.1:8000/hooks" in line
    assert "allow_remote_hooks" not in line


@pytest.mark.parametrize(("path", "method", "fields"), WAYS, ids=["calls", "account"])
@pytest.mark.parametrize("hook", ["http://localhost:1/h", "http://127.0.0.2/h", "http://[::1]:9/"])
async def test_hook_of_this_machine_is_taken(
    page: httpx.AsyncClient, path: str, method: str, fields: Any, hook: str
) -> None:
    """By each of its names."""
    await done(page, path, method=method, hook=hook, **fields)


async def test_sandbox_that_posts_everywhere_takes_any(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A program has said that hooks may leave."""
    sandbox.allow_remote_hooks = True
    await done(page, "/sandbox/calls", phone=PHONE, hook=HOOK)
    await done(page, "/sandbox/account", method="PATCH", hook=HOOK)
    assert (await got(page, "/sandbox/entries/100500"))["hook_url"] == HOOK
