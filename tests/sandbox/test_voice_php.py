from decimal import Decimal

import httpx
import pytest

from alphasms_async.sandbox import Sandbox

from .wire import KEY, PHONE, voice_form, wav

pytestmark = pytest.mark.anyio

PAGE = "/api/voice.php"
# A multipart body like curl's, for what httpx would not send.
BOUNDARY = "------------------------a1b2c3d4e5f6"
HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(disposition: str, content: bytes) -> bytes:
    """Return one part of a hand-made body."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def curl_body(sound: bytes) -> bytes:
    """Return the body the provider's own example sends, its key first."""
    fields = part('name="key"', KEY.encode()) + part('name="phone"', PHONE.encode())
    file = part('name="voice"; filename="audio.wav"', sound)
    return fields + file + f"--{BOUNDARY}--\r\n".encode()


async def errors(
    client: httpx.AsyncClient, form: dict[str, tuple[str | None, str | bytes]]
) -> object:
    """Return the errors answered to `form`, having checked that they came with HTTP 200."""
    answer = await client.post(PAGE, files=form)
    assert answer.status_code == 200
    return answer.json()["errors"]


async def test_good_call_is_answered_letter_for_letter(client: httpx.AsyncClient) -> None:
    """An accepted call is answered as the instruction shows it, numbers and money alike."""
    answer = await client.post(PAGE, files=voice_form())
    assert (answer.status_code, answer.text) == (200, '{"id": 100500, "price": 0.40}')
    assert answer.headers["content-type"] == "application/json"


async def test_good_call_stands_in_the_ledger(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Everything the client sent of a call can be read back from the ledger."""
    hook = "https://app.example/hook?id=123456"
    form = voice_form(sound=wav(seconds=2), hook=hook, dtmf="true", colour="red")
    await client.post(PAGE, files=form)
    (call,) = sandbox.calls()
    assert (100500, "voice", PHONE, hook) == (call.id, call.kind, call.phone, call.hook)
    assert (wav(seconds=2), "audio.wav") == (call.audio, call.filename)
    assert (call.dtmf, call.extra) == (True, {"colour": "red"})


async def test_dtmf_waits_only_when_it_says_true(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Only the documented word `true` makes a call wait for a key, not Python's spelling of it."""
    for word in ("true", "false", "True", "1"):
        await client.post(PAGE, files=voice_form(dtmf=word))
    assert [call.dtmf for call in sandbox.calls()] == [True, False, False, False]


async def test_ids_go_up_and_money_goes_down(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Each accepted call gets the next id and is charged to the kopiyka."""
    answers = [await client.post(PAGE, files=voice_form()) for _ in range(3)]
    assert [answer.json()["id"] for answer in answers] == [100500, 100501, 100502]
    assert Decimal("248.80") == sandbox.balance


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"key": None}, "API key missing"),
        ({"key": ""}, "API key missing"),
        ({"key": "another-key"}, "Wrong API key"),
        ({"phone": None}, 'Param "phone" is missing'),
        ({"phone": ""}, 'Param "phone" is missing'),
        ({"voice": None}, "No sound file"),
        ({"voice": "RIFF"}, "No sound file"),
    ],
)
async def test_missing_and_wrong_fields_are_named(
    client: httpx.AsyncClient, sandbox: Sandbox, changes: dict[str, str | None], expected: str
) -> None:
    """Each field that is missing or wrong has its documented error, and nobody is rung."""
    assert [expected] == await errors(client, voice_form(sound=None, **changes))
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    "phone",
    [
        "+380501234567",
        "38 050 123 45 67",
        "380-50-123-45-67",
        "0501234567",
        "38050",
        "3" * 16,
        "٣٨٠٥٠١٢٣٤٥٦٧",
        "380501234567\n",
        '"380501234567"',
    ],
)
async def test_phone_must_be_bare_digits(client: httpx.AsyncClient, phone: str) -> None:
    """A phone in any form but international digits is no phone."""
    assert await errors(client, voice_form(phone=phone)) == ['Param "phone" is missing']


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        (b"", "Invalid file format"),
        (b"ID3\x04" + bytes(5000), "Invalid file format"),
        (wav(codec=0x55), "Unsupported audio format"),
        (wav(seconds=0), "Invalid audio duration"),
    ],
)
async def test_what_is_not_playable_sound_is_refused(
    client: httpx.AsyncClient, sandbox: Sandbox, sound: bytes, expected: str
) -> None:
    """A file that is no WAV, no known codec or no sound has its documented error."""
    assert [expected] == await errors(client, voice_form(sound=sound))
    assert sandbox.calls() == []


async def test_file_over_the_limit_is_refused_and_one_at_it_taken(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The limit is the last size that is taken."""
    sandbox.max_bytes = len(wav())
    assert (await client.post(PAGE, files=voice_form())).json()["id"] == 100500
    sandbox.max_bytes -= 1
    assert await errors(client, voice_form()) == ["File is too big"]


async def test_empty_filename_is_no_file(client: httpx.AsyncClient) -> None:
    """A form sent with no file chosen, as browsers do it, has no sound file."""
    body = curl_body(wav()).replace(b'filename="audio.wav"', b'filename=""')
    answer = await client.post(PAGE, content=body, headers=HEADERS)
    assert answer.json()["errors"] == ["No sound file"]


@pytest.mark.parametrize(
    ("switch", "expected"),
    [("banned", "Banned"), ("api_disabled", "API disabled"), ("ip_denied", "IP denied")],
)
async def test_switches_shut_the_account(
    client: httpx.AsyncClient, sandbox: Sandbox, switch: str, expected: str
) -> None:
    """Each switch of the account answers its documented error, and off again it is gone."""
    setattr(sandbox, switch, True)
    assert [expected] == await errors(client, voice_form())
    setattr(sandbox, switch, False)
    assert (await client.post(PAGE, files=voice_form())).json()["id"] == 100500


async def test_balance_is_spent_to_the_last_call(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A balance of exactly the price buys one call, and then there is none left."""
    sandbox.balance = Decimal("0.40")
    assert (await client.post(PAGE, files=voice_form())).json()["id"] == 100500
    assert await errors(client, voice_form()) == ["Insufficient funds"]
    assert (Decimal(0), 1) == (sandbox.balance, sandbox.rings(PHONE))


async def test_several_faults_are_told_at_once(client: httpx.AsyncClient) -> None:
    """All that is wrong with a request stands in one answer."""
    form = voice_form(phone=None, voice=None)
    assert await errors(client, form) == ['Param "phone" is missing', "No sound file"]


async def test_fields_after_a_file_too_big_are_still_read(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The key that follows an oversized file is found, so the file is what is blamed."""
    sandbox.max_bytes = 100
    form = voice_form(sound=bytes(3_000_000))
    assert await errors(client, form) == ["File is too big"]


async def test_body_cut_anywhere_is_never_accepted(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Of a form that ends before its closing boundary, wherever that is, nothing is accepted."""
    whole = curl_body(wav(seconds=0.01))
    for size in range(len(whole) - len("\r\n")):
        answer = await client.post(PAGE, content=whole[:size], headers=HEADERS)
        assert (answer.status_code, list(answer.json())) == (200, ["errors"])
    assert sandbox.calls() == []


async def test_body_cut_in_the_file_is_an_upload_error(client: httpx.AsyncClient) -> None:
    """A file that breaks off, its key and phone known, is a failed upload."""
    body = curl_body(wav())[:1000]
    answer = await client.post(PAGE, content=body, headers=HEADERS)
    assert answer.json()["errors"] == ["Error uploading file"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/json",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 300}",
        "multipart/form-data; boundary=another",
        f"multipart/mixed; boundary={BOUNDARY}",
    ],
)
async def test_what_is_no_multipart_form_shows_no_key(
    client: httpx.AsyncClient, sandbox: Sandbox, content_type: str
) -> None:
    """A body that is not the documented form is answered in the gateway's own shape."""
    headers = {"content-type": content_type}
    answer = await client.post(PAGE, content=curl_body(wav()), headers=headers)
    assert (answer.status_code, answer.json()["errors"]) == (200, ["API key missing"])
    assert sandbox.calls() == []


async def test_body_of_the_providers_example_is_accepted(client: httpx.AsyncClient) -> None:
    """The body curl makes of the instruction's own example rings the phone."""
    answer = await client.post(PAGE, content=curl_body(wav()), headers=HEADERS)
    assert answer.json() == {"id": 100500, "price": 0.4}


@pytest.mark.parametrize(
    "extra",
    [part('name="note"', bytes(70_000)), part('name="note"', b"x") * 30, part("nameless", b"x")],
    ids=["long field", "many parts", "nameless part"],
)
async def test_absurd_forms_are_refused(
    client: httpx.AsyncClient, sandbox: Sandbox, extra: bytes
) -> None:
    """A form with an endless field, countless parts or a part without a name rings nobody."""
    body = curl_body(wav()).replace(f"--{BOUNDARY}--".encode(), extra + f"--{BOUNDARY}--".encode())
    answer = await client.post(PAGE, content=body, headers=HEADERS)
    assert answer.json()["errors"] == ["Error uploading file"]
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/api/voice.php/"),
        ("POST", "/api/VOICE.php"),
        ("POST", "/v1/json/"),
        ("GET", "/api/voice.php"),
        ("PUT", "/api/otp.php"),
        ("DELETE", "/api/http.php"),
    ],
)
async def test_every_other_page_is_the_web_servers(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    """What is no page of the gateway is the 404 of the web server before it."""
    answer = await client.request(method, path)
    assert (
        answer.status_code,
        answer.headers["content-type"],
    ) == (404, "text/html; charset=utf-8")
    assert "404 Not Found" in answer.text
