"""The stream over a real socket: life without a reload, and a server that stops at once."""

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import Autopilot, Fate, Sandbox, SandboxMessage
from tests.sandbox.receiver import Receiver, accept_call, served
from tests.sandbox.wire import PHONE, voice_form


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox that lives in the time of this machine."""
    return Sandbox(balance=10_000 * Sandbox().price)


def events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Yield the data of the events as they come."""
    for line in answer.iter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def rows(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Yield the rows as they come."""
    for data in events(answer):
        yield from data["rows"]


def test_call_of_a_client_appears(sandbox: Sandbox) -> None:
    """A call by voice.php is on the page that listens, over another connection."""
    with (
        sandbox.serve() as url,
        httpx.Client(base_url=url, trust_env=False) as client,
        client.stream("GET", "/sandbox/events") as answer,
    ):
        came = rows(answer)
        client.post("/api/voice.php", files=voice_form())
        row = next(came)
    assert (row["id"], row["phone"], row["file"]) == (100500, PHONE, "audio.wav")


@pytest.mark.parametrize("posts_hooks", [True, False])
def test_call_goes_on_by_itself(sandbox: Sandbox, posts_hooks: object) -> None:
    """What is planned happens in its time, and is seen, whether hooks are posted or not."""
    sandbox.posts_hooks = posts_hooks is True
    sandbox.fates = lambda _: Fate(after_seconds=0.3, talk_seconds=1, digits="7")
    sandbox.queue_seconds = 0.1
    with (
        sandbox.serve() as url,
        httpx.Client(base_url=url, trust_env=False) as client,
        client.stream("GET", "/sandbox/events") as answer,
    ):
        came = rows(answer)
        client.post("/sandbox/calls", json={"phone": PHONE, "dtmf": True})
        row = next(came)
        phases = [row["phase"]]
        while row["phase"] != "ended":
            row = next(came)
            phases.append(row["phase"])
    assert (row["word"], row["keys"], "in call" in phases) == ("ANSWERED", "7", True)


def test_hooks_wait_until_they_are_to_be_posted(sandbox: Sandbox) -> None:
    """A served sandbox that posts no hooks leaves them waiting; told to, it posts them."""
    receiver = Receiver()
    sandbox.posts_hooks = False
    with (
        served(receiver) as hook,
        sandbox.serve() as url,
        httpx.Client(base_url=url, trust_env=False) as client,
        client.stream("GET", "/sandbox/events") as answer,
    ):
        came = rows(answer)
        sandbox.end_call(accept_call(sandbox, hook=hook), Fate())
        sandbox.end_call(accept_call(sandbox), Fate(after_seconds=0.01))
        # What is planned after the hook was due happens, and the hook still waits.
        while (row := next(came))["id"] != 100501 or row["phase"] != "ended":
            pass
        assert (sandbox.deliveries(), receiver.requests) == ([], [])
        sandbox.posts_hooks = True
        sandbox.wait_for_hooks()
    assert len(receiver.requests) == 1


def test_head_leaves_the_connection_free(sandbox: Sandbox) -> None:
    """After HEAD the next request on the same connection is answered."""
    with (
        sandbox.serve() as url,
        httpx.Client(
            base_url=url, trust_env=False, limits=httpx.Limits(max_connections=1)
        ) as client,
    ):
        answer = client.head("/sandbox/events")
        again = client.get("/ready")
    assert (answer.status_code, again.json()) == (200, {"ready": True})
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_open_pages_do_not_keep_the_server(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """With ten streams open it stops in good order: each ends, and nothing is said."""
    with ExitStack() as stack:
        with sandbox.serve() as url:
            client = stack.enter_context(httpx.Client(base_url=url, trust_env=False))
            answers = [
                stack.enter_context(client.stream("GET", "/sandbox/events")) for _ in range(10)
            ]
            accept_call(sandbox)
            came = [rows(answer) for answer in answers]
            assert [next(one)["id"] for one in came] == [100500] * 10
        assert [list(one) for one in came] == [[]] * 10
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_page_that_does_not_read_does_not_keep_the_server(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor does a page whose network holds no more: it is cut off, and nothing is said."""
    for _ in range(400):
        message = SandboxMessage(kind="sms", phone=PHONE, price=sandbox.price, text="x" * 2000)
        sandbox.accept(message)
    with socket.socket() as page, sandbox.serve() as url:
        page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        page.connect(("127.0.0.1", httpx.URL(url).port))
        page.sendall(b"GET /sandbox/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        with (
            httpx.Client(base_url=url, trust_env=False) as client,
            client.stream("GET", "/sandbox/events") as answer,
        ):
            told = events(answer)
            # Far more than all buffers on the way hold.
            for _ in range(12):
                for message in sandbox.messages():
                    sandbox.changes.tell(message.id)
                seen = 0
                while seen < 400:
                    seen += len(next(told)["rows"])
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_page_comes_back_after_a_restart(sandbox: Sandbox) -> None:
    """Served anew, it tells anew: no stream of the last time is in the way."""
    sandbox.fates = Autopilot("busy 0s")
    words: list[str] = []
    for _ in range(3):
        with (
            sandbox.serve() as url,
            httpx.Client(base_url=url, trust_env=False) as client,
            client.stream("GET", "/sandbox/events") as answer,
        ):
            came = rows(answer)
            client.post("/sandbox/calls", json={"phone": PHONE})
            words.append(next(came)["word"])
    assert words == ["BUSY"] * 3
