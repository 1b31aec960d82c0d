from pathlib import Path

import pytest

from . import shop

pytest_plugins = ["pytester"]

# As the README shows it.
PLAIN = """
import httpx
import pytest

import shop


@pytest.fixture
def order_page():
    with shop.served(shop.Shop(down=2)) as served:
        yield served


def test_customer_confirms(sandbox, order_page):
    httpx.post(f"{order_page.url}/orders/17/call", content="050 123 45 67")
    call = sandbox.wait_for_call(to="380501234567")
    call.press("7")
    call.hang_up()
    sandbox.advance(0.9)
    assert order_page.keys == {}  # it was down
    sandbox.advance(6)
    assert order_page.keys == {"380501234567": "7"}  # the third attempt
    sandbox.assert_rang_once()
"""

IN_PROCESS = """
import httpx
import pytest

import shop


@pytest.mark.LIBRARY
@pytest.mark.sandbox(posts_hooks=False)
async def test_customer_confirms(sandbox):
    order_page = shop.Shop(down=1)
    await order_page.call_customer("050 123 45 67")
    call = sandbox.wait_for_call(to="380501234567")
    call.press("7")
    call.hang_up()
    await sandbox.post_hooks(httpx.ASGITransport(order_page.app))
    assert order_page.keys == {}  # it was down
    sandbox.advance(1)
    await sandbox.post_hooks(httpx.ASGITransport(order_page.app))
    assert order_page.keys == {"380501234567": "7"}
    sandbox.assert_rang_once()
"""

SERVED = """
import pytest

import shop


@pytest.mark.LIBRARY
async def test_customer_confirms(sandbox, alphasms):
    with shop.served(shop.Shop()) as order_page:
        async with alphasms:
            hook = f"{order_page.url}/hooks"
            await alphasms.voice.call("050 123 45 67", shop.PROMO, hook=hook, dtmf=True)
        call = sandbox.wait_for_call(to="380501234567")
        call.press("7")
        call.hang_up()
        sandbox.advance(0)
        assert order_page.keys == {"380501234567": "7"}
    sandbox.assert_rang_once()
"""

WHILE_IT_CALLS = """
import anyio
import pytest

import shop


@pytest.mark.LIBRARY
async def test_customer_confirms_while_the_shop_calls(sandbox):
    async with anyio.create_task_group() as group:
        group.start_soon(shop.Shop().call_customer, "050 123 45 67")
        call = await sandbox.next_call(to="380501234567")
    call.press("7")
    assert call.digits == "7"
"""

ANYIO = """
import pytest


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param
"""


@pytest.fixture
def shops(project: pytest.Pytester) -> pytest.Pytester:
    """Give a project that has the shop, tested by anyio on both of its event loops."""
    project.makepyfile(shop=Path(shop.__file__).read_text("utf-8"))
    project.makeconftest(ANYIO)
    return project


def test_plain_test_of_an_application_that_is_served(shops: pytest.Pytester) -> None:
    """Called, pressed, told at the third attempt, and rung once: without an event loop."""
    shops.makepyfile(PLAIN)
    shops.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(("library", "runs"), [("anyio", 2), ("asyncio", 1)])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(IN_PROCESS, id="in process"),
        pytest.param(SERVED, id="served"),
        pytest.param(WHILE_IT_CALLS, id="while it calls"),
    ],
)
def test_async_test(shops: pytest.Pytester, library: str, runs: int, text: str) -> None:
    """The same by anyio, on asyncio and on trio, and by pytest-asyncio."""
    shops.makepyfile(text.replace("LIBRARY", library))
    shops.runpytest_inprocess().assert_outcomes(passed=runs)
