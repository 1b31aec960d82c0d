import httpx
import pytest

from alphasms_async.sandbox import Sandbox

from .wire import KEY, PHONE, ask_json

pytestmark = pytest.mark.anyio

PAGES = pytest.mark.parametrize("page", ["/api/json.php", "/v1/json"])
SMS = {"type": "sms", "id": 1, "phone": 380501234567, "sms_signature": "Voice", "sms_message": "a"}
DENIED = {"success": False, "error": "Access denied"}
JSON_HEADERS = {"content-type": "application/json"}


@PAGES
@pytest.mark.parametrize("auth", ["another-key", "", None, 7, [KEY]])
async def test_wrong_key_is_denied_as_a_whole(
    client: httpx.AsyncClient, sandbox: Sandbox, page: str, auth: object
) -> None:
    """A request without the right key is refused once, and nothing in it is done."""
    answer = await client.post(page, json={"auth": auth, "data": [SMS]})
    assert (answer.status_code, answer.json()) == (200, DENIED)
    assert sandbox.calls() == []


@PAGES
@pytest.mark.parametrize("switch", ["banned", "api_disabled", "ip_denied"])
async def test_switches_deny_as_a_whole(
    client: httpx.AsyncClient, sandbox: Sandbox, page: str, switch: str
) -> None:
    """The one documented text for a whole request stands for every trouble of the account."""
    setattr(sandbox, switch, True)
    answer = await client.post(page, json={"auth": KEY, "data": [SMS]})
    assert answer.json() == DENIED


@PAGES
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_content_type_is_mandatory(
    client: httpx.AsyncClient, sandbox: Sandbox, page: str, content_type: str
) -> None:
    """A good body that does not call itself JSON is not read."""
    request = client.build_request("POST", page, json={"auth": KEY, "data": [SMS]})
    request.headers["content-type"] = content_type
    assert (await client.send(request)).json() == DENIED
    assert sandbox.calls() == []


@PAGES
async def test_content_type_may_name_a_charset(client: httpx.AsyncClient, page: str) -> None:
    """Parameters and capitals in the content type do not matter."""
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    body = f'{{"auth": "{KEY}", "data": []}}'
    assert (await client.post(page, content=body, headers=headers)).json()["success"] is True


@PAGES
@pytest.mark.parametrize("data", [None, {}, "sms", 7])
async def test_data_must_be_a_list(client: httpx.AsyncClient, page: str, data: object) -> None:
    """A request whose data is no list is refused as a whole."""
    answer = await client.post(page, json={"auth": KEY, "data": data})
    assert answer.json() == {"success": False, "error": "ERR_FORMAT"}


@PAGES
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"auth": "sandbox-key", "data": NaN}',
        b'{"auth": "sandbox-key", "data": [' + b"9" * 5000 + b"]}",
        b" " * 5_000_000,
    ],
    ids=["empty", "cut", "list", "null", "not UTF-8", "deep", "NaN", "huge number", "too long"],
)
async def test_what_is_no_json_object_is_denied(
    client: httpx.AsyncClient, page: str, body: bytes
) -> None:
    """A body that cannot be read shows no key."""
    answer = await client.post(page, content=body, headers=JSON_HEADERS)
    assert (answer.status_code, answer.json()) == (200, DENIED)


async def test_balance_is_a_plain_number(client: httpx.AsyncClient) -> None:
    """The balance is written with the digits it has, never by way of a float."""
    body = {"auth": KEY, "data": [{"type": "balance"}]}
    answer = await client.post("/api/json.php", json=body)
    data = '{"amount": 250.00, "currency": "UAH"}'
    assert f'{{"success": true, "data": [{{"success": true, "data": {data}}}]}}' == answer.text


async def test_hlr_has_the_documented_fields(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A lookup tells of the phone's network and rings nobody."""
    answer = await ask_json(client, {"type": "hlr", "id": 1, "phone": int(PHONE)})
    network = {
        "name": "Sandbox Mobile",
        "prefix": "38050",
        "country": {"name": "Ukraine", "prefix": "380"},
    }
    data = {
        "phone": int(PHONE),
        "status": "DELIVERED",
        "imsi": "255010000000000",
        "mccmnc": "25501",
        "ported": False,
        "network": {"origin": network, "ported": network},
    }
    assert {"success": True, "data": [{"success": True, "data": data}]} == answer
    assert sandbox.ledger.entries() == ()


async def test_status_of_an_unknown_id_is_refused(client: httpx.AsyncClient) -> None:
    """There is no status of what was never accepted."""
    answer = await ask_json(client, {"type": "status", "id": 9})
    assert answer["data"] == [{"success": False, "error": "ERR_ID", "data": {"id": 9}}]
