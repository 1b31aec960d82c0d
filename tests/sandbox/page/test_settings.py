"""The account as the page shows and changes it, and its chaos."""

from decimal import Decimal
from importlib.metadata import version
from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import Autopilot, Sandbox, mixed
from alphasms_async.sandbox.changes import About, Change
from tests.sandbox.receiver import accept_call
from tests.sandbox.wire import PHONE

from .asking import HOOK_HERE, done, got, refused

pytestmark = pytest.mark.anyio

ACCOUNT = "/sandbox/account"


async def changed(page: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """Change settings, and return the account."""
    return await done(page, ACCOUNT, method="PATCH", **fields)


async def test_account_is_shown_whole(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """The account tells its money, its key, its switches and what becomes of calls."""
    accept_call(sandbox)
    assert (await got(page, "/sandbox/state"))["account"] == {
        "balance": "249.60",
        "currency": "UAH",
        "price": "0.40",
        "api_key": "sandbox-key",
        "banned": False,
        "api_disabled": False,
        "ip_denied": False,
        "unsupported_operators": [],
        "autopilot": None,
        "hook": None,
        "hook_timing": "hang-up",
        "attempts": 5,
        "chaos": sandbox.chaos.as_json(),
        "accepted": 1,
        "version": version("alphasms-async"),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("banned", True),
        ("api_disabled", True),
        ("ip_denied", True),
        ("hook_timing", "key"),
        ("hook", HOOK_HERE),
        ("hook", None),
        ("autopilot", "answer 2s · press 7 · hangup 12s"),
        ("unsupported_operators", ["38067", "38068"]),
        ("balance", "12.34"),
    ],
)
async def test_setting_is_changed(page: httpx.AsyncClient, name: str, value: object) -> None:
    """Each setting that is sent is the account's from then on, and no other has changed."""
    before = (await got(page, "/sandbox/state"))["account"]
    expected: dict[str, Any] = {**before, name: value}
    assert await changed(page, **{name: value}) == expected
    assert (await got(page, "/sandbox/state"))["account"] == expected


@pytest.mark.parametrize(
    ("sent", "balance"), [("0", "0.00"), (7, "7.00"), (0.1, "0.10"), ("999999999.99",) * 2]
)
async def test_balance_is_an_exact_amount(
    sandbox: Sandbox, page: httpx.AsyncClient, sent: object, balance: str
) -> None:
    """Money is taken as a text or a number, and kept to the last digit."""
    assert (await changed(page, balance=sent))["balance"] == balance
    assert sandbox.balance == Decimal(balance)


async def test_money_of_a_program_has_two_decimals(
    sandbox: Sandbox, page: httpx.AsyncClient
) -> None:
    """A balance and a price that a program sets without decimals are told with them."""
    sandbox.balance = Decimal(100_000)
    sandbox.price = Decimal("0.5")
    account = (await got(page, "/sandbox/state"))["account"]
    assert (account["balance"], account["price"]) == ("100000.00", "0.50")


async def test_autopilot_decides_from_then_on(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """The next call has the fate that was typed in."""
    await changed(page, autopilot="busy 0s")
    assert sandbox.state_of(accept_call(sandbox)).json_word == "UNDELIVERABLE"
    assert sandbox.fates == Autopilot("busy 0s", seed=1)


async def test_fates_of_a_program_have_no_text(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Fates that somebody wrote as code are no autopilot that could be shown."""
    sandbox.fates = mixed(1)
    account = (await got(page, "/sandbox/state"))["account"]
    assert account["autopilot"] is None


WRONG: dict[str, list[Any]] = {
    "balance": ["-1", -1, "1.234", 1e12, "1e3", "NaN", "", None, True, [], "1" * 40, " 1"],
    "banned": [0, "true", None],
    "api_disabled": [1],
    "ip_denied": ["no"],
    "unsupported_operators": ["38067", None, [1], ["x"], [""], ["1" * 16], ["1"] * 1001],
    "autopilot": ["", "sing", 2, None, "answer 2s", "\ud800"],
    "hook_timing": ["", "keys", None, 1],
    "hook": ["", "x", "ftp://x", "http://", "http:///x", 1, "http://x\ny", "http://x/\ud800"],
}


@pytest.mark.parametrize("name", WRONG)
async def test_setting_that_is_not_right_is_refused(page: httpx.AsyncClient, name: str) -> None:
    """A wrong value is refused in a line that names the setting, and nothing is changed."""
    before = (await got(page, "/sandbox/state"))["account"]
    for value in WRONG[name]:
        # All of them, or none: what is right beside it is not changed either.
        sent = {"banned": True, "hook": HOOK_HERE, "balance": "1", name: value}
        status, reason = await refused(page, ACCOUNT, method="PATCH", **sent)
        assert (status, name in reason.lower()) == (400, True), (value, reason)
    assert (await got(page, "/sandbox/state"))["account"] == before


@pytest.mark.parametrize(
    "hook",
    [
        "http://[::1",
        "http://[zz]/",
        "http://u:p@127.0.0.1:99999999/",
        "http://127.0.0.1:65536/hooks",
        "http://127.0.0.1:0/hooks",
        "http://127.0.0.1:x/hooks",
        "http://127.0.0.1:-1/hooks",
        "http://u:p@/hooks",
    ],
)
async def test_hook_that_is_no_address_is_refused_at_once(
    sandbox: Sandbox, page: httpx.AsyncClient, hook: str
) -> None:
    """Where nothing could be posted to, one line says so, and not each attempt."""
    like = (400, "hook is a whole URL, like http://127.0.0.1:8000/hooks, or null.")
    sandbox.allow_remote_hooks = True
    assert await refused(page, ACCOUNT, method="PATCH", hook=hook) == like
    assert await refused(page, "/sandbox/calls", phone=PHONE, hook=hook) == like
    assert (sandbox.hook, sandbox.calls()) == (None, [])


async def test_setting_that_there_is_not_is_named(page: httpx.AsyncClient) -> None:
    """A setting the page does not change is answered by those it does."""
    status, reason = await refused(page, ACCOUNT, method="PATCH", price="1")
    assert status == 400
    assert reason == (
        "There is no field 'price'; there are balance, banned, api_disabled, ip_denied, "
        "unsupported_operators, autopilot, hook_timing, hook."
    )


async def test_change_is_told(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """Whoever listens is told that a setting has changed, and not of one that was refused."""
    told: list[Change] = []
    with sandbox.changes.listening(told.append):
        await refused(page, ACCOUNT, method="PATCH", banned=1)
        assert told == []
        await changed(page, banned=True)
    assert told == [About.SETTINGS]


async def test_chaos_is_changed_and_ended(sandbox: Sandbox, page: httpx.AsyncClient) -> None:
    """A rule is switched on with its share, seen in the account, and all are switched off."""
    told: list[Change] = []
    with sandbox.changes.listening(told.append):
        rules = {"latency": {"on": True, "share": 1.0, "amount": 0.3}}
        chaos = await done(page, "/sandbox/chaos", method="PATCH", seed=42, rules=rules)
    assert (chaos["seed"], chaos["on"], About.SETTINGS in told) == (42, 1, True)
    account = (await got(page, "/sandbox/state"))["account"]
    assert await got(page, "/sandbox/chaos") == chaos == account["chaos"]
    assert (await done(page, "/sandbox/chaos/off"))["on"] == 0
    assert (await got(page, "/sandbox/chaos"))["on"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"rules": {"sing": {"on": True}}},
        {"rules": {"latency": {"on": 1}}},
        {"rules": {"latency": {"share": 2}}},
        {"rules": {"latency": {"amount": -1}}},
        {"rules": {"latency": 1}},
        {"rules": {"latency": {"sing": 1}}},
        {"rules": []},
        {"rules": None},
        {"seed": "x"},
        {"seed": 1.5},
        {"seed": 10**400},
        {"sing": 1},
    ],
)
async def test_chaos_that_there_is_not_is_refused(
    page: httpx.AsyncClient, fields: dict[str, Any]
) -> None:
    """A rule, a share or a seed that cannot be is refused in one line."""
    before = await got(page, "/sandbox/chaos")
    assert (await refused(page, "/sandbox/chaos", method="PATCH", **fields))[0] == 400
    assert await got(page, "/sandbox/chaos") == before


async def test_chaos_leaves_the_page_alone(page: httpx.AsyncClient) -> None:
    """Where every request of the gateway fails, the page is served as ever."""
    rules = {"http_503": {"on": True, "share": 1.0}}
    await done(page, "/sandbox/chaos", method="PATCH", rules=rules)
    assert (await page.get("/api/http.php")).status_code == 503
    assert (await page.get("/sandbox/state")).status_code == 200
