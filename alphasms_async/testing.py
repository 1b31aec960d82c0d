"""A gateway for tests: pytest's fixtures `sandbox` and `alphasms`, there where this is installed.

    def test_customer_confirms(sandbox):
        shop.call_customer("380501234567")
        call = sandbox.wait_for_call(to="380501234567")
        call.press("7")
        call.hang_up()
        sandbox.advance(6)
        sandbox.assert_rang_once()

No phone rings: each test has a gateway of its own on loopback, in which time stands still until
the test lets it pass. What the machine has in `ALPHASMS_*` variables is not seen, but for the
secret of webhooks; they lead to that gateway, so that `AlphaSMS()` reaches it, and a client that
is led anywhere but to loopback refuses to send. The fixtures are plain ones, for tests on no event
loop, on asyncio and on trio.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

if TYPE_CHECKING:
    # Late otherwise: every run of pytest loads this file, and few tests use what is in it.
    from alphasms_async.client import AlphaSMS
    from alphasms_async.sandbox import Sandbox

__all__ = [
    "alphasms",
    "pytest_configure",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
    "sandbox",
]

_SANDBOX: Final = pytest.StashKey["Sandbox"]()
_SECRET: Final = "ALPHASMS_WEBHOOK_SECRET"  # noqa: S105 its name, not itself
_MARKER: Final = (
    'sandbox(balance="0.10", fates="busy 2s", chaos="http_503=20%", ...): what the fixture '
    "`sandbox` is made with, by the names of `alphasms_async.sandbox.Sandbox`."
)


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the marker."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def sandbox(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Generator["Sandbox"]:
    """A gateway on loopback, at `sandbox.url`, with an account that is new to each test.

    A call rings 30 s for the test to answer it, and then ends as NO ANSWER; phones that end in
    0001 are busy, those in 0002 never answer, those in 0003 fail. Time stands still until
    `sandbox.advance(seconds)`. What it is made with is changed by a marker:
    `@pytest.mark.sandbox(balance="0.10", fates="busy 2s", chaos="http_503=20%")`.
    """
    gateway = _made(_settings(request))
    request.node.stash[_SANDBOX] = gateway
    with gateway.serve() as url, _kept_here():
        _lead_to(url, gateway.api_key, monkeypatch)
        yield gateway


@pytest.fixture
def alphasms(sandbox: "Sandbox") -> "AlphaSMS":
    """A client of that gateway, not yet entered: `async with alphasms`."""
    from alphasms_async.client import AlphaSMS

    # By name, for a test runs on trio too, whatever the environment prefers.
    return AlphaSMS(sandbox.api_key, base_url=sandbox.url, transport="httpx")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse a marker on a test that has no gateway, where it would be for nothing."""
    report = yield
    vain = [one.nodeid for one in report.result or () if _is_marked_in_vain(one)]
    if not vain:
        return report
    line = "@pytest.mark.sandbox is for the fixtures sandbox and alphasms: use one"
    told = "\n".join(f"{nodeid}: {line}" for nodeid in vain)
    return pytest.CollectReport(collector.nodeid, "failed", told, [])


def _is_marked_in_vain(item: pytest.Item | pytest.Collector) -> bool:
    # A class or a file may have it for some of its tests; bare, it may be a marker of others.
    if not any(one.name == "sandbox" and (one.args or one.kwargs) for one in item.own_markers):
        return False
    if not isinstance(item, pytest.Function):
        return False
    # By a request the test itself may have the fixture all the same.
    untyped: Any = item
    asks = "request" in signature(untyped.function).parameters
    return not asks and {"sandbox", "alphasms"}.isdisjoint(item.fixturenames)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Tell beside a failure what had happened in the test's sandbox."""
    report = yield
    gateway = item.stash.get(_SANDBOX, None)
    if gateway is not None and report.failed:
        from alphasms_async.sandbox.story import story

        report.sections.append(("sandbox", story(gateway)))
    if gateway is not None and report.when == "teardown":
        # Kept with its test it would be kept, recordings and all, until the last test is over.
        del item.stash[_SANDBOX]
    return report


def _settings(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """Return what the markers say, the closest to the test last and so the strongest."""
    settings: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("sandbox"))):
        if marker.args:
            raise _refusal("what it says has a name, like fates='busy 2s'")
        settings |= marker.kwargs
    return settings


def _made(settings: Mapping[str, Any]) -> "Sandbox":
    try:
        from alphasms_async.sandbox import Sandbox, VirtualClock
    except ImportError as lacking:
        raise pytest.fail.Exception(str(lacking), pytrace=False) from None
    known = ["chaos", *signature(Sandbox).parameters]
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise _refusal(f"there is no {unknown[0]}; there are {', '.join(sorted(known))}")
    wanted = {"clock": VirtualClock(), "fates": "off", "seed": 1, **settings}
    chaos = wanted.pop("chaos", ())
    try:
        gateway = Sandbox(**_read(wanted))
        if chaos:
            many = isinstance(chaos, list | tuple)
            gateway.chaos.on(*(cast("list[Any]", chaos) if many else [chaos]))
    except (TypeError, ValueError) as error:
        raise _refusal(str(error)) from None
    return gateway


def _read(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with money as the sandbox wants it, written as text or not."""
    read = dict(settings)
    for name in read.keys() & {"balance", "price"}:
        read[name] = _money(name, read[name])
    return read


def _money(name: str, amount: object) -> Decimal:
    try:
        money = Decimal(str(amount))
    except InvalidOperation:
        money = Decimal("NaN")
    if not money.is_finite():
        raise ValueError(f"{name} is an amount of money, like '0.10', not {amount!r}")
    return money


def _refusal(reason: str) -> BaseException:
    return pytest.fail.Exception(f"@pytest.mark.sandbox: {reason}", pytrace=False)


def _lead_to(url: str, api_key: str, patch: pytest.MonkeyPatch) -> None:
    """Lead every client of this process to `url`, until the variables are as they were.

    By the patch that a test uses too: of two, the one undone last would bring back what the other
    had set.
    """
    for name in [name for name in os.environ if name.startswith("ALPHASMS_")]:
        # With the secret nobody is reached, and applications that take hooks need one.
        if name != _SECRET:
            patch.delenv(name)
    patch.setenv("ALPHASMS_BASE_URL", url)
    patch.setenv("ALPHASMS_API_KEY", api_key)


@contextmanager
def _kept_here() -> Generator[None]:
    """Let no client send that is led anywhere but to loopback, whatever a test patches."""
    from urllib.parse import urlsplit

    from alphasms_async.errors import ConfigurationError
    from alphasms_async.exchange import Exchange
    from alphasms_async.settings import is_loopback

    check_open = Exchange.check_open

    def check_open_and_here(exchange: Exchange, asked: str) -> None:
        if not is_loopback(urlsplit(exchange.base_url).hostname or ""):
            raise ConfigurationError(
                f"{asked}: this client is led to {exchange.base_url}, and a test with the fixture "
                "sandbox reaches loopback alone: leave base_url out, or give it sandbox.url"
            )
        check_open(exchange, asked)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exchange, "check_open", check_open_and_here)
        yield
