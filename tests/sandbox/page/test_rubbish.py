"""Rubbish in every body: the page is told what is wrong, and nothing is done or logged."""

import json
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.sandbox import Sandbox
from tests.sandbox.receiver import accept_call
from tests.sandbox.wire import PHONE

from .asking import problem

pytestmark = pytest.mark.anyio

ROUTES: dict[str, tuple[str, list[str]]] = {
    "/sandbox/calls": ("POST", ["phone", "hook", "dtmf", "autopilot"]),
    "/sandbox/scripts": ("POST", ["phone", "autopilot"]),
    "/sandbox/reset": ("POST", []),
    "/sandbox/chaos/off": ("POST", []),
    "/sandbox/chaos": ("PATCH", ["seed", "rules"]),
    "/sandbox/entries/100500/answer": ("POST", []),
    "/sandbox/entries/100500/press": ("POST", ["digits"]),
    "/sandbox/entries/100500/hang-up": ("POST", []),
    "/sandbox/entries/100500/busy": ("POST", []),
    "/sandbox/entries/100500/no-answer": ("POST", []),
    "/sandbox/entries/100500/fail": ("POST", []),
    "/sandbox/entries/100500/resend": ("POST", []),
    "/sandbox/account": (
        "PATCH",
        [
            *("balance", "banned", "api_disabled", "ip_denied", "unsupported_operators"),
            *("autopilot", "hook_timing", "hook"),
        ],
    ),
}
BODIES = {
    "text": b"rubbish",
    "half": b'{"digits": "7"',
    "list": b"[]",
    "number": b"7",
    "null": b"null",
    "text in quotes": b'"x"',
    "no UTF-8": b'{"digits": "\xff"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"digits": "7"}'.encode("utf-16"),
    "NaN": b'{"digits": NaN}',
    "very deep": b'{"digits": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "endless number": b'{"digits": ' + b"9" * 5_000 + b"}",
    "unknown field": b'{"sing": 1}',
    "odd field": b'{"\\ud800\\n": 1}',
}
HEADERS = {"content-type": "application/json"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([PHONE, "7", "mixed", "busy 0s", "http://127.0.0.1:1/", "latency", "12.5"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["latency", "on", "share"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
rubbish_settings = settings(max_examples=30, deadline=None, derandomize=True, database=None)


@asynccontextmanager
async def asking() -> AsyncGenerator[tuple[Sandbox, httpx.AsyncClient]]:
    """Open a client of a new sandbox in which a call rings."""
    sandbox = Sandbox()
    accept_call(sandbox)
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield sandbox, client


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("name", BODIES)
async def test_what_is_no_request_is_refused(
    path: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the body is, if it is not an object of known fields nothing is done."""
    caplog.set_level(logging.INFO)
    async with asking() as (sandbox, client):
        before = (await client.get("/sandbox/state")).json()["account"]
        answer = await client.request(ROUTES[path][0], path, content=BODIES[name], headers=HEADERS)
        assert problem(answer)[0] == 400
        assert (await client.get("/sandbox/state")).json()["account"] == before
    assert [call.phase.value for call in sandbox.calls()] == ["queued"]
    assert [one for one in caplog.records if not one.name.startswith("http")] == []


@pytest.mark.parametrize("path", ROUTES)
async def test_body_too_long_is_refused(path: str) -> None:
    """Of a body no more than 64 KiB are kept; a longer one is read to its end and refused."""
    async with asking() as (_, client):
        method = ROUTES[path][0]
        for size in (64 * 1024 + 1, 3_000_000):
            body = b"{}".ljust(size)
            answer = await client.request(method, path, content=body, headers=HEADERS)
            assert problem(answer) == (413, "The body is longer than 64 KiB.")


async def test_longest_body_is_taken() -> None:
    """64 KiB are not too long."""
    async with asking() as (_, client):
        body = b"{}".ljust(64 * 1024)
        answer = await client.post("/sandbox/reset", content=body, headers=HEADERS)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ROUTES)
@rubbish_settings
@given(odd=st.lists(st.none() | json_values, min_size=8, max_size=8))
async def test_odd_values_are_done_or_refused(path: str, odd: list[Any]) -> None:
    """Every field may have any value: what is asked is done, or refused in one line."""
    method, names = ROUTES[path]
    # Here null is what is left out; it is among the values that are wrong elsewhere.
    fields = {name: value for name, value in zip(names, odd, strict=False) if value is not None}
    async with asking() as (_, client):
        answer = await client.request(method, path, content=json.dumps(fields), headers=HEADERS)
        if answer.status_code != 200:
            assert problem(answer)[0] in {400, 409}
        after = await client.get("/sandbox/state")
        assert after.status_code == 200


@rubbish_settings
@given(body=st.binary(max_size=200), path=st.sampled_from(sorted(ROUTES)))
async def test_bytes_are_refused(body: bytes, path: str) -> None:
    """Bytes that are no JSON object are refused, an empty body is one without fields."""
    async with asking() as (_, client):
        answer = await client.request(ROUTES[path][0], path, content=body, headers=HEADERS)
    assert answer.status_code in ({200, 400} if not body else {400})


@pytest.mark.parametrize(
    "path",
    [
        "/sandbox/entries/%ff",
        "/sandbox/entries/100500/%ff",
        "/sandbox/%00",
        "/sandbox/entries?before=%ff",
        "/sandbox/entries?limit=" + "9" * 5000,
        "/sandbox/entries/" + "9" * 5000,
        "/static/%ff.js",
        "/sandbox/entries/100500%0a",
    ],
)
async def test_odd_addresses_lead_nowhere(path: str) -> None:
    """An address of rubbish is answered like any that does not exist."""
    async with asking() as (_, client):
        assert problem(await client.get(path))[0] in {400, 404, 405}


def test_page_that_hangs_up_has_nothing_done(caplog: pytest.LogCaptureFixture) -> None:
    """A request broken off in the middle of its body is not acted upon, nor is it an error."""
    sandbox = Sandbox()
    accept_call(sandbox)
    head = (
        "POST /sandbox/reset HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n"
        "Content-Type: application/json\r\n\r\n{}"
    )
    with sandbox.serve() as url:
        with socket.create_connection(("127.0.0.1", httpx.URL(url).port or 0)) as connection:
            connection.sendall(head.encode())
        assert httpx.get(f"{url}/ready", trust_env=False).json() == {"ready": True}
    assert len(sandbox.calls()) == 1
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_nothing_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """What the page shows whole, key, code and phone, stands in no line of a log."""
    for name in ("", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        caplog.set_level(1, name)
    sandbox = Sandbox()
    accept_call(sandbox, hook="http://127.0.0.1:1/?t=s3cret")
    with sandbox.serve() as url, httpx.Client(base_url=url, trust_env=False) as client:
        client.get("/sandbox/state")
        client.get("/sandbox/entries/100500")
        client.post("/sandbox/calls", json={"phone": PHONE})
        client.post("/sandbox/calls", json={"phone": PHONE, "hook": "s3cret"})
        client.patch("/sandbox/account", json={"hook": "http://127.0.0.1:1/?t=s3cret"})
        client.patch("/sandbox/account", json={"autopilot": PHONE})
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("http")]
    logged = "\n".join(ours)
    assert [word for word in (sandbox.api_key, PHONE, "s3cret") if word in logged] == []
