from datetime import UTC, datetime

import httpx
import pytest

from alphasms_async.sandbox import Sandbox, State

from .wire import KEY, PHONE, ask_json, voice_form

pytestmark = pytest.mark.anyio

PAGE = "/api/xml.php"
SMS = {"type": "sms", "id": 7, "phone": 380501234567, "sms_signature": "Voice", "sms_message": "a"}


def package(messages: str, key: str = KEY) -> str:
    """Return a request for the status of `messages`."""
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{head}<package key="{key}"><status>{messages}</status></package>'


async def ask(client: httpx.AsyncClient, document: str | bytes) -> str:
    """Return what is answered to `document`."""
    answer = await client.post(PAGE, content=document, headers={"content-type": "text/xml"})
    assert (
        answer.status_code,
        answer.headers["content-type"],
    ) == (200, "text/xml; charset=utf-8")
    return answer.text


async def test_many_are_answered_at_once_in_order(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """One request asks about many, by the gateway's id or the client's, unknown ones included."""
    await client.post("/api/voice.php", files=voice_form())
    await ask_json(client, SMS)
    sandbox.set_status(100501, State.DELIVERED, since=datetime(2024, 11, 11, 10, tzinfo=UTC))
    asked = '<msg id="7"/><msg sms_id="100500"/><msg sms_id="99"/><msg id="&lt;&quot;&amp;"/><msg/>'
    expected = (
        '<msg id="7" sms_id="100501" sms_count="1" date_completed="2024-11-11T12:00:00">102</msg>'
        '<msg sms_id="100500" sms_count="1">106</msg>'
        '<msg sms_id="99">201</msg><msg id="&lt;&quot;&amp;">201</msg><msg>201</msg>'
    )
    assert f"<package><status>{expected}</status></package>" == await ask(client, package(asked))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (package("", key="another"), 202),
        (package("", key=""), 202),
        ("<package><status/></package>", 202),
        (f'<package key="{KEY}"/>', 201),
        (f'<package key="{KEY}"><prices/></package>', 201),
        (package("<msg><msg/></msg>"), 201),
        (package("<msg>"), 201),
        (package("&nbsp;"), 201),
        ("", 201),
        ("rubbish", 201),
        (b"\xff\xfe<package/>", 201),
        (f'<!DOCTYPE package><package key="{KEY}"><status/></package>', 201),
    ],
)
async def test_faulty_request_has_its_code(
    client: httpx.AsyncClient, document: str | bytes, code: int
) -> None:
    """A request that cannot be let in or read is answered by one code."""
    assert f"<package><error>{code}</error></package>" == await ask(client, document)


@pytest.mark.parametrize(
    ("switch", "code"), [("banned", 205), ("api_disabled", 209), ("ip_denied", 210)]
)
async def test_switches_shut_the_account(
    client: httpx.AsyncClient, sandbox: Sandbox, switch: str, code: int
) -> None:
    """Each switch of the account has its code here."""
    setattr(sandbox, switch, True)
    assert f"<package><error>{code}</error></package>" == await ask(client, package(""))


async def test_entities_are_never_expanded(client: httpx.AsyncClient) -> None:
    """A document that declares entities, to grow or to read files, is refused unread."""
    bomb = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
    document = f'<!DOCTYPE p [<!ENTITY a0 "ha">{bomb}]>{package("&a9;").partition("?>")[2]}'
    assert await ask(client, document) == "<package><error>201</error></package>"


async def test_phone_is_no_attribute(client: httpx.AsyncClient) -> None:
    """An attribute the gateway does not know is not given back."""
    await client.post("/api/voice.php", files=voice_form())
    answer = await ask(client, package(f'<msg phone="{PHONE}" sms_id="1"/>'))
    assert answer == '<package><status><msg sms_id="1">201</msg></status></package>'
