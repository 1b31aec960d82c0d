from decimal import Decimal

import httpx
import pytest

from alphasms_async.sandbox import Sandbox

from .wire import KEY, PHONE

pytestmark = pytest.mark.anyio

PAGE = "/api/http.php"
METHODS = pytest.mark.parametrize("method", ["GET", "POST"])


async def ask(client: httpx.AsyncClient, method: str = "POST", **changes: str | None) -> str:
    """Return what is answered to a command, in the query or in a form after its method."""
    asked: dict[str, str | None] = {"version": "http", "key": KEY, **changes}
    parameters = {name: value for name, value in asked.items() if value is not None}
    if method == "GET":
        answer = await client.get(PAGE, params=parameters)
    else:
        answer = await client.post(PAGE, data=parameters)
    assert (
        answer.status_code,
        answer.headers["content-type"],
    ) == (200, "text/plain; charset=utf-8")
    return answer.text


@METHODS
async def test_balance_keeps_its_digits(
    client: httpx.AsyncClient, sandbox: Sandbox, method: str
) -> None:
    """The balance is told with all the digits it has, by either method."""
    sandbox.balance = Decimal("31.168300000000002")
    assert await ask(client, method, command="balance") == "balance:31.168300000000002"


@METHODS
async def test_price_names_its_currency(
    client: httpx.AsyncClient, sandbox: Sandbox, method: str
) -> None:
    """The price to a phone is told with the account's currency."""
    sandbox.price = Decimal("1.2")
    assert await ask(client, method, command="price", to=PHONE) == "price:1.2 currency:UAH"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"command": "dance"}, "errors:Unknown command"),
        ({"command": None}, "errors:Unknown command"),
        ({"command": "balance", "version": "xml"}, "errors:Unknown command"),
        ({"command": "balance", "version": None}, "errors:Unknown command"),
        ({"command": "balance", "key": None}, "errors:API key missing"),
        ({"command": "balance", "key": "another"}, "errors:Wrong API key"),
        ({"command": "receive", "id": "100500"}, "errors:ERR_ID"),
        ({"command": "receive", "id": "abc"}, "errors:ERR_ID"),
        ({"command": "receive"}, "errors:ERR_ID"),
        ({"command": "price", "to": "+380501234567"}, 'errors:Param "phone" is missing'),
    ],
)
@METHODS
async def test_faults_are_told_in_text(
    client: httpx.AsyncClient, method: str, changes: dict[str, str | None], expected: str
) -> None:
    """Every fault is a line that begins with `errors:`."""
    assert expected == await ask(client, method, **changes)


@pytest.mark.parametrize(
    ("switch", "expected"),
    [("banned", "Banned"), ("api_disabled", "API disabled"), ("ip_denied", "IP denied")],
)
async def test_switches_shut_the_account(
    client: httpx.AsyncClient, sandbox: Sandbox, switch: str, expected: str
) -> None:
    """Each switch of the account is told here too."""
    setattr(sandbox, switch, True)
    assert f"errors:{expected}" == await ask(client, command="balance")


async def test_form_wins_over_the_query(client: httpx.AsyncClient) -> None:
    """Parameters may be split between query and form; of one given twice the form's counts."""
    query = f"{PAGE}?version=http&command=balance&key=another"
    assert (await client.post(query, data={"key": KEY})).text == "balance:250.00"


async def test_countless_parameters_are_not_read(client: httpx.AsyncClient) -> None:
    """A form of thousands of parameters is not taken apart."""
    body = f"version=http&command=balance&key={KEY}" + "&a=b" * 5000
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await client.post(PAGE, content=body, headers=headers)).text == "errors:API key missing"
