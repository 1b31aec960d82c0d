import json

import httpx
import pytest

from alphasms_async.sandbox import Sandbox

from .wire import KEY, PHONE

pytestmark = pytest.mark.anyio

PAGE = "/api/otp.php"


def form(**fields: str) -> dict[str, tuple[None, str]]:
    """Return the parts of a form with these fields."""
    return {name: (None, value) for name, value in fields.items()}


async def test_code_is_a_number_and_the_ledgers_a_text(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """The answer's code is a JSON number, the ledger's the 4 digits the subscriber sees."""
    answer = await client.post(PAGE, files=form(key=KEY, phone=PHONE))
    (call,) = sandbox.calls()
    assert call.code is not None
    assert {"id": 100500, "code": int(call.code)} == json.loads(answer.text)
    assert (call.kind, call.phone, len(call.code)) == ("otp", PHONE, 4)


async def test_leading_zeros_are_lost_on_the_wire(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A code that begins with zeros arrives shorter than 4 digits."""
    for _ in range(100):
        await client.post(PAGE, files=form(key=KEY, phone=PHONE))
    codes = [call.code or "" for call in sandbox.calls()]
    zero_led = next(code for code in codes if code.startswith("0"))
    sandbox.reset()
    for _ in range(codes.index(zero_led)):
        await client.post(PAGE, files=form(key=KEY, phone=PHONE))
    answer = await client.post(PAGE, files=form(key=KEY, phone=PHONE))
    assert f'"code": {zero_led.lstrip("0") or "0"}}}' in answer.text


async def test_hook_is_unknown_here(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A field the page does not document is ignored, and to be seen in the ledger."""
    await client.post(PAGE, files=form(key=KEY, phone=PHONE, hook="https://app.example"))
    (call,) = sandbox.calls()
    assert (call.hook, call.extra) == (None, {"hook": "https://app.example"})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"phone": PHONE}, "API key missing"),
        ({"key": "another", "phone": PHONE}, "Wrong API key"),
        ({"key": KEY}, 'Param "phone" is missing'),
        ({"key": KEY, "phone": "+380501234567"}, 'Param "phone" is missing'),
    ],
)
async def test_missing_and_wrong_fields_are_named(
    client: httpx.AsyncClient, sandbox: Sandbox, fields: dict[str, str], expected: str
) -> None:
    """Each field that is missing or wrong has its documented error, and nobody is rung."""
    answer = await client.post(PAGE, files=form(**fields))
    assert (200, {"errors": [expected]}) == (answer.status_code, answer.json())
    assert sandbox.calls() == []


@pytest.mark.parametrize(
    ("switch", "expected"),
    [("banned", "Banned"), ("api_disabled", "API disabled"), ("ip_denied", "IP denied")],
)
async def test_switches_shut_the_account(
    client: httpx.AsyncClient, sandbox: Sandbox, switch: str, expected: str
) -> None:
    """Each switch of the account answers its documented error."""
    setattr(sandbox, switch, True)
    answer = await client.post(PAGE, files=form(key=KEY, phone=PHONE))
    assert {"errors": [expected]} == answer.json()


async def test_empty_purse_is_told(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A balance below the price is insufficient funds, and no call."""
    sandbox.balance -= sandbox.balance
    answer = await client.post(PAGE, files=form(key=KEY, phone=PHONE))
    assert answer.json() == {"errors": ["Insufficient funds"]}
    assert sandbox.calls() == []


async def test_urlencoded_form_shows_no_key(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The page takes multipart forms, as documented, and no other."""
    answer = await client.post(PAGE, data={"key": KEY, "phone": PHONE})
    assert answer.json() == {"errors": ["API key missing"]}
    assert sandbox.calls() == []


async def test_form_cut_before_its_end_rings_nobody(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A form whose closing boundary never came is not acted upon, though its fields arrived."""
    request = client.build_request("POST", PAGE, files=form(key=KEY, phone=PHONE))
    body = await request.aread()
    headers = {"content-type": request.headers["content-type"]}
    answer = await client.post(PAGE, content=body[:-4], headers=headers)
    assert answer.json() == {"errors": ['Param "phone" is missing']}
    assert sandbox.calls() == []
