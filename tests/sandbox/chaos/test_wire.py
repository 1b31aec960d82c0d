"""What a client sees on a real socket, and what was accepted."""

import json
import logging
import socket
import time
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from threading import Event

import httpx
import pytest

from alphasms_async.sandbox import Sandbox
from tests.sandbox.receiver import SetClock
from tests.sandbox.wire import KEY, PHONE, served_client, voice_form, wav

# A loopback socket swallows a few hundred kilobytes before anybody has read one.
SMALL, BIG = wav(seconds=0.1), wav(seconds=120)
ALL = "=100%"


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox whose clock stands still, for what is limited by the second."""
    return Sandbox(seed=1, clock=SetClock(), balance=Decimal(100))


def call(client: httpx.Client, sound: bytes = SMALL) -> httpx.Response:
    """Place a call."""
    return client.post("/api/voice.php", files=voice_form(sound=sound))


@pytest.mark.parametrize("sound", [SMALL, BIG], ids=["small", "big"])
@pytest.mark.parametrize(
    ("rule", "status", "title", "retry_after"),
    [
        ("http_503", 503, "503 Service Temporarily Unavailable", "1"),
        ("http_502", 502, "502 Bad Gateway", None),
    ],
)
def test_proxy_answers_in_its_own_words(
    sandbox: Sandbox, rule: str, status: int, title: str, retry_after: str | None, sound: bytes
) -> None:
    """An HTML page as nginx writes it, after the whole upload, and nothing is accepted."""
    sandbox.chaos.on(rule + ALL)
    with served_client(sandbox) as client:
        answers = [call(client, sound) for _ in range(2)]
    assert [status, status] == [one.status_code for one in answers]
    assert f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>" in answers[0].text
    assert answers[0].headers["content-type"].startswith("text/html")
    assert retry_after == answers[0].headers.get("retry-after")
    assert sandbox.calls() == []


@pytest.mark.parametrize("sound", [SMALL, BIG], ids=["small", "big"])
@pytest.mark.parametrize("rule", ["reset_before", "reset_during", "reset_after"])
def test_reset_breaks_the_connection(sandbox: Sandbox, rule: str, sound: bytes) -> None:
    """The client sees its connection break, at once or while it writes; nothing is accepted."""
    sandbox.chaos.on(rule + ALL)
    with served_client(sandbox) as client:
        for _ in range(2):
            # One that was still writing has met the break there, and then only reads an end.
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                call(client, sound)
    assert sandbox.calls() == []


def test_reset_after_the_upload_is_a_tcp_rst(sandbox: Sandbox) -> None:
    """No orderly end: the client's system says that the connection was reset."""
    sandbox.chaos.on("reset_after=100%")
    with served_client(sandbox) as client, pytest.raises(httpx.ReadError, match="reset by peer"):
        call(client)


@contextmanager
def raw_upload(url: str, headers: Mapping[str, str], body: bytes = b"") -> Generator[socket.socket]:
    """Give a connection over which the head of an upload has been sent, and so much of its body."""
    where = httpx.URL(url)
    lines = ("POST /api/voice.php HTTP/1.1", *(": ".join(one) for one in headers.items()))
    with socket.create_connection((where.host, where.port or 0), timeout=10) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode() + body)
        yield connection


WAITING = {
    "host": "sandbox",
    "content-type": "multipart/form-data; boundary=b",
    "content-length": "1000",
    "expect": "100-continue",
}
"""The head of an upload that is sent only once it is asked for."""


def test_reset_before_the_upload_asks_for_none_of_it(sandbox: Sandbox) -> None:
    """Once the head has come the connection breaks, and no byte of the upload is wanted."""
    sandbox.chaos.on("reset_before=100%")
    with (
        sandbox.serve() as url,
        raw_upload(url, WAITING) as connection,
        pytest.raises(ConnectionResetError),
    ):
        connection.recv(100)


def test_reset_during_the_upload_waits_for_half_of_it(sandbox: Sandbox) -> None:
    """With a byte less it goes on listening, with that byte it breaks."""
    sandbox.chaos.on("reset_during=100%")
    with sandbox.serve() as url, raw_upload(url, WAITING) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(bytes(499))
        # Another request is answered meanwhile, by the same loop.
        sandbox.chaos.off()
        assert httpx.get(f"{url}/api/http.php", trust_env=False).status_code == 200
        connection.settimeout(0)
        with pytest.raises(BlockingIOError):
            connection.recv(100)
        connection.settimeout(10)
        connection.sendall(bytes(1))
        with pytest.raises(ConnectionResetError):
            connection.recv(100)
    assert sandbox.calls() == []


def test_half_answer_is_framed_right_and_cut(sandbox: Sandbox) -> None:
    """A good answer but for its body, of which ten bytes are there; the call is made."""
    sandbox.chaos.on("half_answer=100%")
    with served_client(sandbox) as client:
        answer = call(client)
        again = call(client)
    assert (answer.status_code, answer.text) == (200, '{"id": 100')
    assert answer.headers["content-length"] == "10"
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        again.json()
    assert len(sandbox.calls()) == 2


def test_short_answer_is_cut_too(sandbox: Sandbox) -> None:
    """Of an answer of nine bytes half is left."""
    sandbox.chaos.on("half_answer=100%")
    sandbox.balance = Decimal(0)
    query = {"version": "http", "key": KEY, "command": "balance"}
    with served_client(sandbox) as client:
        assert client.get("/api/http.php", params=query).text == "bala"


def test_wrong_json_is_json_of_another_shape(sandbox: Sandbox) -> None:
    """Whatever it is can be read, and is nothing documented; the calls are made."""
    sandbox.chaos.on("wrong_json=100%")
    with served_client(sandbox) as client:
        answers = [call(client) for _ in range(20)]
    assert {one.status_code for one in answers} == {200}
    assert len({one.text for one in answers}) > 3
    objects: list[dict[str, object]] = [one.json() for one in answers if one.text.startswith("{")]
    assert not [one for one in objects if {"errors", "success"} & set(one) or one.get("id")]
    assert len(sandbox.calls()) == 20


def test_charged_call_has_no_reply(sandbox: Sandbox) -> None:
    """The connection ends without a byte of an answer, and the call is made and paid for."""
    sandbox.chaos.on("charged_no_reply=100%")
    with (
        served_client(sandbox) as client,
        pytest.raises(httpx.RemoteProtocolError, match="without"),
    ):
        call(client, BIG)
    assert (sandbox.rings(PHONE), sandbox.balance) == (1, Decimal("99.60"))


def test_latency_takes_its_time(sandbox: Sandbox) -> None:
    """A good answer, no sooner than the least that was said."""
    sandbox.chaos.on("latency=100%@100ms")
    with served_client(sandbox) as client:
        began = time.monotonic()
        answer = call(client)
        took = time.monotonic() - began
    assert (answer.status_code, answer.json()["id"]) == (200, 100500)
    assert took >= 0.06


def test_client_that_gives_up_has_rung_all_the_same(sandbox: Sandbox) -> None:
    """It is the answer that is late: who sends again after a timeout rings twice."""
    accepted = Event()
    sandbox.watcher = lambda _: accepted.set()
    sandbox.chaos.on("latency=100%@10min")
    request = httpx.Request("POST", "http://sandbox/api/voice.php", files=voice_form())
    with sandbox.serve() as url:
        for _ in range(2):
            accepted.clear()
            with raw_upload(url, request.headers, request.read()):
                assert accepted.wait(10)
    assert sandbox.rings(PHONE) == 2


def test_slow_read_takes_its_time_by_bytes(sandbox: Sandbox) -> None:
    """A small upload is soon read, a bigger one later; both are answered."""
    sandbox.chaos.on("slow_read=100%@1MB/s")
    with served_client(sandbox) as client:
        began = time.monotonic()
        answer = call(client, wav(seconds=20))
        took = time.monotonic() - began
    assert (answer.status_code, sandbox.rings(PHONE)) == (200, 1)
    assert took >= 320_000 / 1024 / 1024


def test_slow_read_lets_a_client_time_out(sandbox: Sandbox) -> None:
    """Who waits less than the upload takes does not get an answer."""
    sandbox.chaos.on("slow_read=100%@1KB/s")
    with served_client(sandbox, timeout=0.2) as client, pytest.raises(httpx.TimeoutException):
        call(client, BIG)


def test_slow_drip_comes_byte_by_byte(sandbox: Sandbox) -> None:
    """A right answer in the end, each byte of it a while after the one before."""
    sandbox.chaos.on("slow_drip=100%@2ms")
    with served_client(sandbox) as client:
        began = time.monotonic()
        answer = call(client)
        took = time.monotonic() - began
    assert answer.text == '{"id": 100500, "price": 0.40}'
    assert took >= 0.002 * len(answer.text)
    assert answer.headers["content-length"] == "29"


@pytest.mark.parametrize("sound", [SMALL, BIG], ids=["small", "big"])
def test_hang_never_answers(sandbox: Sandbox, sound: bytes) -> None:
    """The client waits until it gives up; nothing is accepted."""
    sandbox.chaos.on("hang=100%")
    with served_client(sandbox, timeout=0.2) as client, pytest.raises(httpx.TimeoutException):
        call(client, sound)
    assert sandbox.calls() == []


def test_hang_comes_to_an_end(sandbox: Sandbox) -> None:
    """After the time that was said the connection is closed without an answer."""
    sandbox.chaos.on("hang=100%@10ms")
    with served_client(sandbox) as client, pytest.raises(httpx.RemoteProtocolError):
        call(client)
    assert sandbox.calls() == []


def test_more_than_so_many_a_second_are_too_many(sandbox: Sandbox) -> None:
    """Beyond the limit 429, on all pages together; once a second has passed it goes on."""
    clock = sandbox.clock
    assert isinstance(clock, SetClock)
    sandbox.chaos.on("rate_limit=@2/s")
    with served_client(sandbox) as client:
        statuses = [client.get("/api/http.php").status_code, call(client).status_code]
        refused = [call(client) for _ in range(3)]
        clock.advance(1)
        statuses.append(call(client).status_code)
    assert statuses == [200, 200, 200]
    assert [(one.status_code, one.headers["retry-after"]) for one in refused] == [(429, "1")] * 3
    assert len(sandbox.calls()) == 2


def test_share_of_a_limit_is_of_those_beyond_it(sandbox: Sandbox) -> None:
    """At no share at all nobody is refused, however many come."""
    sandbox.chaos.on("rate_limit=0%@1/s")
    with served_client(sandbox) as client:
        assert {call(client).status_code for _ in range(5)} == {200}


def test_several_rules_happen_to_one_request(sandbox: Sandbox) -> None:
    """Late, slowly read and dripping, it is cut; of two ends only the first is met."""
    sandbox.chaos.on("latency=100%@1ms, slow_read=100%@10MB/s, slow_drip=100%@1ms")
    sandbox.chaos.on("half_answer=100%", "wrong_json=100%")
    with served_client(sandbox) as client:
        cut = call(client)
        sandbox.chaos.on("http_503=100%", "reset_after=100%", "charged_no_reply=100%")
        kept_out = call(client)
    assert (cut.text, kept_out.status_code) == ('{"id": 100', 503)
    assert sandbox.rings(PHONE) == 1


EVERYTHING = ", ".join(
    f"{name}{ALL}" for name, one in Sandbox().chaos.rules.items() if one.side == "api"
)


@pytest.mark.parametrize(
    "path", ["/", "/ready", "/sandbox/state", "/api/nothing", "/sandbox/chaos"]
)
def test_other_pages_know_no_chaos(sandbox: Sandbox, path: str) -> None:
    """What is none of the gateway's pages is answered as ever, with every rule on."""
    with served_client(sandbox) as client:
        before = client.get(path)
        sandbox.chaos.on(EVERYTHING)
        after = client.get(path)
    assert before.status_code == after.status_code
    assert after.status_code in {200, 404}


@pytest.mark.parametrize("rule", ["latency=100%@10min", "slow_drip=100%@60s"])
def test_late_answer_comes_when_the_server_stops(sandbox: Sandbox, rule: str) -> None:
    """Who still waits then has the answer at once: nothing keeps the server, and nobody is lost."""
    accepted = Event()
    sandbox.watcher = lambda _: accepted.set()
    sandbox.chaos.on(rule)
    with ThreadPoolExecutor(1) as pool:
        with sandbox.serve() as url:
            page = f"{url}/api/voice.php"
            asked = pool.submit(httpx.post, page, files=voice_form(), trust_env=False, timeout=20)
            assert accepted.wait(10)
        assert asked.result().json()["id"] == 100500


def test_hanging_connection_is_closed_when_the_server_stops(sandbox: Sandbox) -> None:
    """It does not keep the server, and ends in order."""
    sandbox.chaos.on("hang=100%")
    with ExitStack() as left:
        with sandbox.serve() as url:
            connection = left.enter_context(raw_upload(url, WAITING))
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        assert connection.recv(100) == b""


def test_chaos_leaves_no_line_in_any_log(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong was wanted: neither a warning nor a traceback comes of it."""
    caplog.set_level(logging.INFO)
    amounts = {"latency": 0.001, "slow_read": 10_000, "slow_drip": 0.001, "hang": 0.001}
    sandbox.chaos.change({"rules": {name: {"amount": much} for name, much in amounts.items()}})
    with served_client(sandbox) as client:
        caplog.clear()
        for rule in EVERYTHING.split(", "):
            sandbox.chaos.off()
            sandbox.chaos.on(rule)
            for sound in (SMALL, BIG):
                with suppress(httpx.TransportError):
                    call(client, sound)
        lines = [one for one in caplog.records if one.name.partition(".")[0] != "httpx"]
    lines += [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert [one.getMessage() for one in lines] == []


def test_client_that_leaves_leaves_no_line_either(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither when it gives up, nor when the server stops upon it."""
    sandbox.chaos.change({"rules": {"latency": {"amount": 600}, "slow_drip": {"amount": 60}}})
    with served_client(sandbox, timeout=0.1) as client:
        for rule in ("latency", "slow_read", "slow_drip", "hang"):
            sandbox.chaos.off()
            sandbox.chaos.on(f"{rule}=100%")
            with suppress(httpx.TimeoutException):
                call(client, BIG)
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []
