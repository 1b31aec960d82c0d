import json
from collections.abc import Awaitable, Callable
from decimal import Decimal

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.sandbox import Sandbox

from .wire import KEY, PHONE, voice_form, wav

pytestmark = pytest.mark.anyio

rubbish_settings = settings(max_examples=60, deadline=None, derandomize=True, database=None)

PAGES = (
    *("/api/voice.php", "/api/otp.php", "/api/json.php", "/v1/json"),
    *("/api/http.php", "/api/xml.php"),
)
KINDS = (
    *("application/json", "text/xml", "application/x-www-form-urlencoded", "text/plain"),
    *("multipart/form-data; boundary=b", "multipart/form-data", "multipart/form-data; boundary"),
)

pieces = st.sampled_from(
    [
        *(b"--b\r\n", b"--b--\r\n", b"\r\n", b"\r", b"\n", b"\r\n\r\n", b"--b", b":", b";", b"&"),
        *(b'Content-Disposition: form-data; name="key"', b'; filename="audio.wav"', KEY.encode()),
        *(b"<package", b' key="sandbox-key"', b"><status>", b"<msg id='1'/>", b"</package>"),
        *(b'{"auth": "sandbox-key"', b'"data": [', b"]}", b"{}", b"\xff", b"\x00", b"%", b"RIFF"),
        *(b"<!--", b"="),
    ]
)
bodies = st.lists(pieces | st.binary(max_size=20), max_size=30).map(b"".join)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
types = ["sms", "voice", "call/otp", "pipeline", "status", "balance", "hlr", "other"]
json_objects = st.fixed_dictionaries(
    {"type": st.sampled_from(types)},
    optional={
        **dict.fromkeys(["id", "sms_signature", "sms_message", "sms_lifetime"], json_values),
        **dict.fromkeys(["hook", "message", "voice", "dtmf", "sms", "viber"], json_values),
        "pipeline": json_values | st.lists(st.sampled_from(["voice", "sms", "viber"])),
        # No phone of 8 digits or more: nothing may be accepted.
        "phone": st.none() | st.booleans() | st.text(max_size=7) | st.integers(max_value=9_999_999),
    },
)


async def in_a_new_sandbox(talk: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let `talk` speak to a sandbox and check that nothing it said was accepted."""
    sandbox = Sandbox()
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        await talk(client)
    assert sandbox.ledger.entries() == ()
    assert sandbox.balance == Decimal("250.00")


@rubbish_settings
@given(
    kind=st.sampled_from(KINDS) | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    body=bodies,
)
async def test_rubbish_is_answered_and_never_accepted(kind: str, body: bytes) -> None:
    """Whatever body of whatever type a page gets, it answers, and rings nobody."""

    async def talk(client: httpx.AsyncClient) -> None:
        for page in PAGES:
            answer = await client.post(page, content=body, headers={"content-type": kind})
            assert answer.status_code == 200

    await in_a_new_sandbox(talk)


@rubbish_settings
@given(query=st.text(max_size=60) | bodies.map(lambda body: body.decode("latin-1")))
async def test_rubbish_queries_are_answered(query: str) -> None:
    """Whatever stands in an address is answered in a line of text."""

    async def talk(client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/http.php", params={"q": query})
        assert (answer.status_code, answer.text) == (200, "errors:API key missing")

    await in_a_new_sandbox(talk)


@rubbish_settings
@given(objects=st.lists(json_objects | json_values, max_size=4))
async def test_rubbish_objects_are_answered_one_by_one(objects: list[object]) -> None:
    """Whatever stands in the data of a request that is let in has one result each."""
    body = json.dumps({"auth": KEY, "data": objects})

    async def talk(client: httpx.AsyncClient) -> None:
        headers = {"content-type": "application/json"}
        answer = await client.post("/api/json.php", content=body, headers=headers)
        assert (200, len(objects)) == (answer.status_code, len(answer.json()["data"]))

    await in_a_new_sandbox(talk)


@rubbish_settings
@given(inside=st.lists(pieces | st.binary(max_size=9), max_size=9).map(b"".join))
async def test_rubbish_xml_is_answered_in_xml(inside: bytes) -> None:
    """Whatever stands inside a package with the right key is answered by a package."""
    body = f'<package key="{KEY}"><status>'.encode() + inside + b"</status></package>"

    async def talk(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/xml.php", content=body)
        assert (answer.status_code, answer.text[:9]) == (200, "<package>")

    await in_a_new_sandbox(talk)


@rubbish_settings
@given(
    sound=st.binary(max_size=80) | st.binary(max_size=60).map(lambda tail: wav()[:36] + tail[:7])
)
async def test_rubbish_sound_is_refused(sound: bytes) -> None:
    """Whatever is no sound is refused by a file error, its key and phone being right."""

    async def talk(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/voice.php", files=voice_form(sound=sound, phone=PHONE))
        assert (answer.status_code, list(answer.json())) == (200, ["errors"])

    await in_a_new_sandbox(talk)


@rubbish_settings
@given(at=st.integers(0, 400), rubbish=bodies)
async def test_damaged_form_is_answered(at: int, rubbish: bytes) -> None:
    """A good form with rubbish somewhere in it is accepted or refused, in the gateway's shape."""
    sandbox = Sandbox()
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        request = client.build_request(
            "POST", "/api/voice.php", files=voice_form(sound=wav(seconds=0.01))
        )
        body = await request.aread()
        damaged = body[:at] + rubbish + body[at + len(rubbish) :]
        headers = {"content-type": request.headers["content-type"]}
        answer = await client.post("/api/voice.php", content=damaged, headers=headers)
    assert answer.status_code == 200
    assert len(sandbox.calls()) == ("id" in answer.json())
