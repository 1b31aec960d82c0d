"""What the tests of the page ask, and read from the answers."""

import json
from typing import Any

import httpx

from alphasms_async.sandbox import Sandbox
from tests.sandbox.receiver import SetClock

HOOK_HERE = "http://127.0.0.1:9/hooks?t=s3cret"
"""A hook on this machine, where nobody listens."""
START = 1_720_688_400_000
"""When a `SetClock` begins, in milliseconds since 1970."""


async def got(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Return what stands at `path`."""
    return _good(await client.get(path))


async def done(
    client: httpx.AsyncClient, path: str, *, method: str = "POST", **fields: Any
) -> dict[str, Any]:
    """Have something done, and return what is answered."""
    return _good(await client.request(method, path, json=fields))


def _good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    decoded: dict[str, Any] = answer.json()
    return decoded


async def refused(
    client: httpx.AsyncClient, path: str, *, method: str = "POST", **fields: Any
) -> tuple[int, str]:
    """Ask for what cannot be done, and return the status and the one line that says why."""
    headers = {"content-type": "application/json"}
    # In ASCII, which holds even what is half a character.
    answer = await client.request(method, path, content=json.dumps(fields), headers=headers)
    return problem(answer)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the line of an answer that is no more than that."""
    decoded: dict[str, str] = answer.json()
    assert list(decoded) == ["error"]
    assert "\n" not in decoded["error"]
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, decoded["error"]


def pass_time(sandbox: Sandbox, seconds: float) -> None:
    """Let seconds pass, and all happen whose time has come by then."""
    assert isinstance(sandbox.clock, SetClock)
    sandbox.clock.advance(seconds)
    sandbox.lines.go_on()
