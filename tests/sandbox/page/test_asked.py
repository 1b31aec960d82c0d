"""How a thing was asked for, and the line for a terminal that asks for the same."""

import json
import math
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import attrs
import httpx
import pytest

from alphasms_async.sandbox import Sandbox, SandboxEntry, SandboxMessage
from alphasms_async.sandbox.page.answers import Json, json_text
from tests.sandbox.receiver import HOOK
from tests.sandbox.wire import KEY, PHONE, ask_json, voice_form, wav

from .asking import got

pytestmark = pytest.mark.anyio
CURL = shutil.which("curl")
JSON = {"id": 7, "phone": int(PHONE)}
SPOKEN = {"message": 'Привіт, it\'s "you" $HOME `x` \\ !', "dtmf": True}
VOICE = {"gender": "female", "language": "uk-UA", "name": "uk-UA-Standard-A"}
OBJECTS: Mapping[str, dict[str, Any]] = {
    "sms": {
        **JSON,
        "type": "sms",
        "sms_signature": "Shop",
        "sms_message": "Ваш код: '4821'\nдо 12:00",
        "sms_lifetime": 3600,
        "hook": HOOK,
        "note": {"on": [1, None]},
    },
    "voice_sms": {**JSON, "type": "sms", "sms_signature": "Voice", "sms_message": "Hello"},
    "say": {**JSON, "type": "voice", **SPOKEN, "voice": VOICE},
    "call/otp": {**JSON, "type": "call/otp"},
    "pipeline of voice": {
        **JSON,
        "type": "pipeline",
        "pipeline": ["voice"],
        "voice": {**SPOKEN, "voice": VOICE},
        "hook": HOOK,
    },
    "pipeline of viber": {
        **JSON,
        "type": "pipeline",
        "pipeline": ["viber"],
        "viber": {"message": "Hello", "signature": "Shop"},
    },
}
FORM: dict[str, Any] = {
    "hook": f"{HOOK}&a=[1]",
    "dtmf": "true",
    "note": 'it\'s; @x <y "$HOME" `z`\nnext',
}
XML = (
    f'<package key="{KEY}"><message><msg recipient="{PHONE}" sender="Shop" date_beg="1 &lt; 2">'
    'It\'s &lt;b&gt; &amp; "c" $HOME</msg></message></package>'
)


async def test_form_is_shown_field_by_field(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A call by voice.php tells its fields, the file by its name and the key by that of one."""
    await page.post("/api/voice.php", files=voice_form(**FORM))
    request = (await got(page, "/sandbox/entries/100500"))["request"]
    assert (request["method"], request["path"]) == ("POST", "/api/voice.php")
    key = "$ALPHASMS_API_KEY"
    fields = {"key": key, "phone": PHONE, "voice": "@audio.wav", **FORM}
    assert request["fields"] == fields
    assert shlex.split(request["curl"]) == [
        "curl",
        "http://127.0.0.1:8025/api/voice.php",
        *("-F", f"key={key}", "-F", "voice=@audio.wav"),
        *("--form-string", f"phone={PHONE}"),
        *(word for name, text in FORM.items() for word in ("--form-string", f"{name}={text}")),
    ]
    assert f'"key={key}"' in request["curl"], "the shell puts the key in"
    assert sandbox.api_key not in request["curl"]


@pytest.mark.parametrize("name", OBJECTS)
async def test_object_is_shown_as_it_was_sent(page: httpx.AsyncClient, name: str) -> None:
    """What json.php took is told as it came; what is left out is what a default says."""
    await ask_json(page, OBJECTS[name])
    request = (await got(page, "/sandbox/entries/100500"))["request"]
    assert (request["path"], request["fields"]) == ("/api/json.php", OBJECTS[name])


async def test_message_of_xml_is_shown_as_it_was_sent(page: httpx.AsyncClient) -> None:
    """What xml.php took without an id of the client's tells its attributes and its text."""
    await page.post("/api/xml.php", content=XML)
    request = (await got(page, "/sandbox/entries/100500"))["request"]
    assert request["path"] == "/api/xml.php"
    attributes = {"recipient": PHONE, "sender": "Shop", "date_beg": "1 < 2"}
    assert request["fields"] == {**attributes, "text": 'It\'s <b> & "c" $HOME'}


async def test_field_that_is_no_json_is_shown_as_text(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A program may record what no page would."""
    extra = {"note": "not JSON"}
    draft = SandboxMessage(
        kind="sms", phone=PHONE, price=sandbox.price, client_id=1, text="Hello", extra=extra
    )
    sandbox.accept(draft)
    request = (await got(page, "/sandbox/entries/100500"))["request"]
    assert request["fields"]["note"] == "not JSON"


async def test_number_that_json_has_not_is_shown_as_text(page: httpx.AsyncClient) -> None:
    """What is too big for a number of Python's leaves the page's JSON readable."""
    odd = '"weird": 1e999, "odd": [{"low": -1e999}]'
    body = f'{{"auth": "{KEY}", "data": [{json.dumps(OBJECTS["sms"])[:-1]}, {odd}}}]}}'
    headers = {"content-type": "application/json"}
    assert (
        '"success": true' in (await page.post("/api/json.php", content=body, headers=headers)).text
    )
    answer = await page.get("/sandbox/entries/100500")
    request = json.loads(answer.text, parse_constant=refuse_constant)["request"]
    assert request["fields"]["weird"] == "Infinity"
    assert '"weird": "Infinity"' in request["curl"]
    assert request["fields"]["odd"] == [{"low": "-Infinity"}]


def refuse_constant(name: str) -> NoReturn:
    """Refuse what no browser reads as JSON."""
    raise AssertionError(name)


def test_text_of_json_is_json() -> None:
    """Where a value is no number of JSON's, it is written as a text, wherever it stands."""
    value: Json = {"a": [1.5, math.inf, (-math.inf, True)], "b": {"c": math.nan, "d": None}}
    assert json_text(value) == (
        '{"a":[1.5,"Infinity",["-Infinity",true]],"b":{"c":"NaN","d":null}}'
    )


async def test_of_a_pipeline_the_channel_that_was_tried_is_shown(page: httpx.AsyncClient) -> None:
    """A fallback leaves no trace: the page tells the channel that was tried."""
    voice, sms = OBJECTS["pipeline of voice"], {"message": "Hello", "signature": "Shop"}
    await ask_json(page, {**voice, "pipeline": ["voice", "sms"], "sms": sms})
    request = (await got(page, "/sandbox/entries/100500"))["request"]
    assert request["fields"] == voice


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("promo.wav", "promo.wav"),
        ("Привіт у 1.wav", "Привіт у 1.wav"),
        ("../../.ssh/id_rsa", "id_rsa"),
        ("C:\\sounds\\promo.wav", "promo.wav"),
        ("/", "recording.wav"),
        ("..", "recording.wav"),
    ],
)
async def test_file_is_named_without_its_folder(
    page: httpx.AsyncClient, filename: str, shown: str
) -> None:
    """The line names the file alone: no client's folder is to be found on this machine."""
    parts = {**voice_form(), "voice": (filename, wav())}
    await page.post("/api/voice.php", files=parts)
    request = (await got(page, "/sandbox/entries/100500"))["request"]
    assert request["fields"]["voice"] == f"@{shown}"
    assert f"voice=@{shown}" in shlex.split(request["curl"])


def run(line: str, folder: Path) -> None:
    """Run the line in a shell, the key in its environment."""
    environment = {"PATH": os.environ["PATH"], "ALPHASMS_API_KEY": KEY}
    subprocess.run(  # noqa: S602 - that a shell takes the line is the claim
        line, shell=True, cwd=folder, env=environment, check=True, capture_output=True
    )


def essence(entry: SandboxEntry) -> dict[str, Any]:
    """Return an entry without what differs from one request to the next."""
    fields = attrs.asdict(entry, recurse=False)
    return {name: fields[name] for name in fields if name not in {"at", "code", "handset"}}


def detail_of(url: str) -> dict[str, str]:
    """Return how the only thing accepted was asked for."""
    answer = httpx.get(f"{url}/sandbox/entries/100500", trust_env=False)
    request: dict[str, str] = answer.json()["request"]
    return request


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@pytest.mark.parametrize("name", ["voice", "odd file", "otp", "xml", *OBJECTS])
def test_line_asks_for_the_same(name: str, tmp_path: Path) -> None:
    """The line, run by a shell, has the very same thing accepted again."""
    sandbox = Sandbox()
    filename = "say it's; 50%, $HOME `x`.wav" if name == "odd file" else "promo.wav"
    (tmp_path / filename).write_bytes(wav())
    with (
        sandbox.serve() as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        match name:
            case "voice" | "odd file":
                parts = {**voice_form(**FORM), "voice": (filename, wav())}
                client.post("/api/voice.php", files=parts)
            case "otp":
                client.post("/api/otp.php", files=voice_form(voice=None, note=FORM["note"]))
            case "xml":
                client.post("/api/xml.php", content=XML)
            case _:
                body = {"auth": KEY, "data": [OBJECTS[name]]}
                client.post("/api/json.php", json=body)
        (first,) = sandbox.ledger.entries()
        line = detail_of(url)["curl"]
        sandbox.reset()
        run(line, tmp_path)
        (again,) = sandbox.ledger.entries()
    assert essence(again) == essence(first)
