"""No key, no code and no whole number in a log, a text, a repr or a traceback, come what may."""

import logging
import re
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import h11
import httpx
import pytest
from anyio.abc import ByteStream

from alphasms_async import AlphaSMS, AlphaSMSError, OutcomeUnknown, Sms
from tests.doubles import KEY, PHONE, Answer, Carrying, FakeGateway, accepted, refused
from tests.loopback import Loopback, Taken, serving
from tests.methods import AUDIO, LISTS, METHODS, TEXT_CODE
from tests.ways import Way, every_way

pytestmark = pytest.mark.anyio

CODE = "0471"
"""The code that `accepted` tells, as 471 where codes are numbers."""

# Ids of ours are drawn by lot, so codes are looked for as words of their own.
SECRET = re.compile(rf"{KEY}|{PHONE[3:]}|50[ .()-]*123[ .-]*45[ .-]*67|\b(0?471|{TEXT_CODE})\b")


def echo_html(request: httpx.Request) -> httpx.Response:
    return httpx.Response(502, html=f"<h1>Bad gateway</h1>{request.content!r}")


def echo_text(request: httpx.Request) -> httpx.Response:
    return refused(f"Cannot call +38 (050) 123-45-67 / {PHONE} with {KEY}")(request)


def echo_json(request: httpx.Request) -> httpx.Response:
    error = f"No {PHONE} with {KEY}"
    return httpx.Response(200, json={"success": False, "error": error})


def echo_plain(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text=f"errors:No {PHONE} with {KEY}")


def echo_redirect(request: httpx.Request) -> httpx.Response:
    target = f"https://{PHONE}:{KEY}@evil.example/{PHONE}?key={KEY}"
    return httpx.Response(302, headers={"location": target})


def echo_headers(request: httpx.Request) -> httpx.Response:
    headers = {"content-type": f"text/html; phone={PHONE}", "retry-after": PHONE}
    return httpx.Response(429, headers=headers)


def half_an_answer(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=accepted(request).content[:-2])


def quoting_error(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"cannot read after {request.content!r}")


def quoting_cause(request: httpx.Request) -> httpx.Response:
    try:
        raise ValueError(request.content)  # noqa: TRY301 - a library below
    except ValueError as error:
        raise httpx.RemoteProtocolError("told") from error


def quoting_group(request: httpx.Request) -> httpx.Response:
    raise ExceptionGroup("told", [ValueError(request.content), OSError(KEY)])


def quoting_answer(request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError(f"illegal status line: {bytearray(b'code 0471')!r}")


ANSWERS: dict[str, Answer] = {
    "accepted": accepted,
    "refused": refused("Insufficient funds"),
    "HTML that echoes": echo_html,
    "refusal that echoes": echo_text,
    "JSON refusal that echoes": echo_json,
    "plain refusal that echoes": echo_plain,
    "redirect that echoes": echo_redirect,
    "headers that echo": echo_headers,
    "half an answer": half_an_answer,
    "error that quotes": quoting_error,
    "cause that quotes": quoting_cause,
    "group that quotes": quoting_group,
    "error that quotes the answer": quoting_answer,
}


@asynccontextmanager
async def by_transport(answer: Answer) -> AsyncGenerator[AlphaSMS]:
    async with AlphaSMS(KEY, transport=FakeGateway(answer)) as api:
        yield api


@asynccontextmanager
async def by_client(answer: Answer) -> AsyncGenerator[AlphaSMS]:
    client = httpx.AsyncClient(transport=FakeGateway(answer))
    async with client, AlphaSMS(KEY, http_client=client) as api:
        yield api


def shown(*values: Any) -> str:
    """Everything that a log or a terminal would show of these."""
    return "\n".join(text for one in values for text in _texts(one))


def _texts(value: Any) -> list[str]:
    error = value if isinstance(value, BaseException) else getattr(value, "error", None)
    if not isinstance(error, BaseException):
        return [str(value), repr(value)]
    chain = traceback.format_exception(error)
    return [str(value), repr(value), repr(error.args), repr(vars(error)), *chain]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(f"{one.getMessage()} {one.args!r}" for one in caplog.records)


@pytest.mark.parametrize("way", [by_transport, by_client])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("name", METHODS)
async def test_no_method_tells_a_secret(
    name: str,
    answer: Answer,
    way: Callable[[Answer], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever becomes of a method, its result, its error and the log tell no secret."""
    caplog.set_level(logging.DEBUG)
    async with way(answer) as api:
        try:
            outcome = await METHODS[name](api)
            told = shown(*outcome) if name in LISTS else shown(outcome)
        except AlphaSMSError as error:
            told = shown(error)
    assert not SECRET.findall(told)
    assert not SECRET.findall(logged(caplog))


FORMS = ["0501234567", "+38 (050) 123-45-67", "80501234567", "050.123.45.67", "050/123/45/67"]


@pytest.mark.parametrize("written", FORMS)
@pytest.mark.parametrize("answer", [accepted, quoting_error], ids=["accepted", "unknown"])
async def test_number_is_masked_in_each_of_its_forms(
    written: str, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """A number as somebody wrote it does not stand whole in a result, however it is written."""
    caplog.set_level(logging.DEBUG)
    async with (
        AlphaSMS(KEY, transport=FakeGateway(answer)) as api,
        api.dial([written, written], AUDIO) as run,
    ):
        results = [result async for result in run]
        outcomes = await api.sms.send_many([Sms(written, "Привіт", "MyShop")] * 2)
    told = shown(*results, *outcomes) + repr(run.summary) + repr(Sms(written, "a", "MyShop"))
    assert not SECRET.findall(told + logged(caplog))


@pytest.mark.parametrize("bad", ["380501234567x", "+380501234567 ext. 12", "380501234567" * 4])
async def test_number_that_is_none_is_masked(bad: str) -> None:
    """A recipient that is refused here is not told whole in the refusal either."""
    async with AlphaSMS(KEY, transport=FakeGateway()) as api, api.dial([bad], AUDIO) as run:
        results = [result async for result in run]
    assert not SECRET.findall(shown(*results).replace("like +380 50 123 45 67", ""))


async def test_cancelled_send_logs_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """The warning of a send that was cut off tells whom it was for, masked."""
    caplog.set_level(logging.DEBUG)

    async def wait(request: httpx.Request) -> httpx.Response:
        await request.aread()
        await anyio.sleep_forever()
        raise AssertionError

    with anyio.move_on_after(0.02):
        async with AlphaSMS(KEY, transport=Carrying(wait)) as api:
            await api.otp.call(PHONE)
    assert "380*****4567: cancelled" in logged(caplog)
    assert not SECRET.findall(logged(caplog))


@every_way
@pytest.mark.parametrize("name", METHODS)
async def test_real_connections_log_no_secret(
    name: str, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    """At the finest level neither we nor who carries our requests log a secret, over a socket."""
    caplog.set_level(logging.DEBUG)
    async with serving(Loopback()) as server, httpx.AsyncClient() as client:
        async with AlphaSMS(KEY, base_url=server.url, transport=way.open()) as api:
            await METHODS[name](api)
        async with AlphaSMS(KEY, base_url=server.url, http_client=client) as api:
            await METHODS[name](api)
    assert {"httpcore.http11", "httpx"} <= {one.name for one in caplog.records}
    assert not SECRET.findall(logged(caplog))


class Mangling(Loopback):
    """Answers with its JSON alone, without the head that HTTP wants."""

    async def _reply(self, stream: ByteStream, connection: h11.Connection, taken: Taken) -> None:
        await stream.send(b'{"id": 100500, "code": 0471, "phone": "380501234567"}\r\n\r\n')
        raise anyio.EndOfStream


@every_way
async def test_answer_that_is_no_http_is_not_quoted(way: Way) -> None:
    """What a server says in place of HTTP is quoted by the library, and not by us."""
    async with (
        serving(Mangling()) as server,
        AlphaSMS(KEY, base_url=server.url, transport=way.open()) as api,
    ):
        with pytest.raises(OutcomeUnknown, match="RemoteProtocolError") as e:
            await api.otp.call(PHONE)
    assert not SECRET.findall(shown(e.value))


def test_client_and_its_parts_print_no_key() -> None:
    """No part of a client, however deep, prints the key."""
    api = AlphaSMS(KEY)
    parts: list[Any] = [api, *vars(api).values()]
    assert KEY not in repr(parts)
