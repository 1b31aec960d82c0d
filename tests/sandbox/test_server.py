import logging
import socket
from decimal import Decimal
from threading import Event
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal

from alphasms_async.sandbox import Sandbox
from alphasms_async.sandbox.server import HOST, serve
from alphasms_async.serving import listening_socket
from tests.ports import free_port

from .wire import KEY, PHONE, voice_form, wav

in_both_worlds = pytest.mark.anyio


def test_synchronous_callers_are_served(sandbox: Sandbox) -> None:
    """A plain program rings a phone over a real socket, and reads the call back."""
    with sandbox.serve() as url:
        answer = httpx.post(f"{url}/api/voice.php", files=voice_form(), trust_env=False)
    assert answer.text == '{"id": 100500, "price": 0.40}'
    assert wav() == sandbox.calls()[0].audio
    assert url.startswith("http://127.0.0.1:")


@in_both_worlds
async def test_asynchronous_callers_are_served(sandbox: Sandbox) -> None:
    """Many calls at once from an event loop are all accepted, each phone rung once."""
    phones = [f"38050{number:07}" for number in range(30)]
    with sandbox.serve() as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:

            async def call(phone: str) -> None:
                await client.post("/api/voice.php", files=voice_form(phone=phone))

            async with anyio.create_task_group() as group:
                for phone in phones:
                    group.start_soon(call, phone)
    assert phones == sorted(call.phone for call in sandbox.calls())
    assert ([], Decimal("238.00")) == (sandbox.rang_more_than_once(), sandbox.balance)


@in_both_worlds
async def test_too_big_a_file_is_answered_not_cut_off(sandbox: Sandbox) -> None:
    """A client that uploads far too much reads the gateway's answer, not a broken connection."""
    form = voice_form(sound=bytes(20_000_000))
    with sandbox.serve() as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            answer = await client.post("/api/voice.php", files=form)
    assert answer.json() == {"errors": ["File is too big"]}


def test_client_that_hangs_up_rings_nobody(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """A request broken off in the middle of its upload is not acted upon, nor is it an error."""
    request = httpx.Request("POST", "http://x/api/voice.php", files=voice_form())
    body = request.read()
    head = (
        f"POST /api/voice.php HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: {request.headers['content-type']}\r\n\r\n"
    )
    with sandbox.serve() as url:
        port = httpx.URL(url).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(head.encode() + body[:-10])
        answer = httpx.post(f"{url}/api/otp.php", trust_env=False)
    assert answer.json() == {"errors": ["API key missing"]}
    assert (sandbox.calls(), [r for r in caplog.records if r.levelno >= logging.ERROR]) == ([], [])


def test_port_is_free_again_after_stopping(sandbox: Sandbox) -> None:
    """The same port serves again at once, though a connection was still open, with its ledger."""
    # The side that closes first is the one whose port the system keeps back for a minute.
    with httpx.Client(trust_env=False) as client:
        with sandbox.serve(port=free_port()) as url:
            client.post(f"{url}/api/voice.php", files=voice_form())
        with pytest.raises(httpx.ConnectError):
            client.post(f"{url}/api/voice.php", files=voice_form())
        with sandbox.serve(port=httpx.URL(url).port or 0) as again:
            answer = client.post(f"{again}/api/voice.php", files=voice_form())
    assert (again, answer.json()["id"]) == (url, 100501)


def test_busy_port_is_one_clear_line(sandbox: Sandbox) -> None:
    """A port that somebody has is named in one line."""
    with (
        sandbox.serve() as url,
        pytest.raises(OSError, match=r"127\.0\.0\.1, port \d+: it is in use$") as caught,
        Sandbox().serve(port=httpx.URL(url).port or 0),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_fault_inside_the_context_stops_the_server(sandbox: Sandbox) -> None:
    """A test that fails while the sandbox serves leaves no server behind."""
    addresses: list[str] = []

    def failing_test() -> None:
        with sandbox.serve() as url:
            addresses.append(url)
            raise RuntimeError("a failing test")

    with pytest.raises(RuntimeError, match="a failing test"):
        failing_test()
    with pytest.raises(httpx.ConnectError):
        httpx.get(addresses[0], trust_env=False)


def test_small_answers_do_not_wait() -> None:
    """The socket says it is TCP, without which each kept connection's answer waits 40 ms."""
    with listening_socket("The sandbox", HOST, 0) as listener:
        assert (listener.proto, listener.getsockname()[0]) == (socket.IPPROTO_TCP, "127.0.0.1")


def test_nothing_secret_is_logged_at_any_level(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """No log line of any level has a key, a code or a whole phone, addresses included."""
    # uvicorn has a level of its own below DEBUG, at which it would log whole requests.
    for name in ("", "uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        caplog.set_level(1, name)
    query = {"version": "http", "key": KEY, "command": "price", "to": PHONE}
    broken = {"content-type": "multipart/form-data; boundary=b"}
    with sandbox.serve() as url:
        httpx.get(f"{url}/api/http.php", params=query, trust_env=False)
        httpx.post(f"{url}/api/voice.php", files=voice_form(), trust_env=False)
        httpx.post(f"{url}/api/otp.php", files=voice_form(), trust_env=False)
        httpx.post(f"{url}/api/otp.php", content=f"--{PHONE}", headers=broken, trust_env=False)
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    logged = "\n".join(record.getMessage() for record in ours)
    code = sandbox.calls()[1].code
    assert code is not None
    assert [word for word in (KEY, PHONE, code, PHONE[3:]) if word in logged] == []


def test_logging_of_the_host_program_is_left_alone(sandbox: Sandbox) -> None:
    """A program that serves itself by uvicorn keeps its access log beside the sandbox."""
    access = logging.getLogger("uvicorn.access")
    handler = logging.NullHandler()
    access.addHandler(handler)
    try:
        with sandbox.serve():
            assert ([handler], True) == (access.handlers, access.propagate)
    finally:
        access.removeHandler(handler)


def test_ctrl_c_while_it_starts_stops_it(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt that comes before anybody could stop the server leaves none behind."""
    start_task, ports = BlockingPortal.start_task, list[int]()

    def interrupted(portal: BlockingPortal, *args: Any, **named: Any) -> None:
        start_task(portal, *args, **named)
        ports.append(args[1].getsockname()[1])
        raise KeyboardInterrupt

    monkeypatch.setattr(BlockingPortal, "start_task", interrupted)
    with pytest.raises(KeyboardInterrupt), sandbox.serve():
        pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{HOST}:{ports[0]}", trust_env=False)


def test_server_does_not_go_on_without_what_runs_beside_it(sandbox: Sandbox) -> None:
    """Where that fails the server stops, and leaving it tells why: nothing is half there."""
    is_served = Event()

    async def fail() -> None:
        await anyio.to_thread.run_sync(is_served.wait)
        raise ValueError("no more hooks")

    stopped = False
    told = pytest.RaisesGroup(pytest.RaisesExc(ValueError, match="no more hooks"))
    with told, serve(sandbox.app, 0, fail) as url:
        is_served.set()
        while not stopped:
            try:
                httpx.get(f"{url}/ready", trust_env=False)
            except httpx.TransportError:
                stopped = True
    assert stopped
