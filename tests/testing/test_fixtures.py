import os
import sys
import tomllib
from pathlib import Path

import pytest

import alphasms_async
from alphasms_async.exchange import Exchange

from .accepted import run

pytest_plugins = ["pytester"]

ROOT = Path(alphasms_async.__file__).parent.parent
PHONE = "380501234567"


def test_each_test_has_a_gateway_of_its_own(project: pytest.Pytester) -> None:
    """It is served on loopback, its time stands still, its codes repeat, and nothing is left."""
    text = """
    seen = []

    @pytest.mark.parametrize("turn", [1, 2])
    def test_it(sandbox, turn):
        assert sandbox.url.startswith("http://127.0.0.1:")
        assert sandbox.calls() == []
        assert sandbox.clock() == sandbox.clock()
        seen.append((sandbox, sandbox.ledger.mint_code()))
        called(sandbox)

    def test_them():
        (one, code), (other, again) = seen
        assert one is not other
        assert code == again
    """
    run(project, text.replace("\n    ", "\n")).assert_outcomes(passed=3)


def test_gateway_stops_with_its_test(project: pytest.Pytester) -> None:
    """Nobody listens afterwards; a call that rings and a hook that waits are no error."""
    text = """
import socket
from urllib.parse import urlsplit

seen = []

def test_it(sandbox):
    seen.append(urlsplit(sandbox.url).port)
    called(sandbox, hook="http://127.0.0.1:9/hook").decline()
    called(sandbox, hook="http://127.0.0.1:9/hook")

def test_afterwards():
    with socket.socket() as port:
        assert port.connect_ex(("127.0.0.1", seen[0])) != 0
"""
    run(project, text).assert_outcomes(passed=2)


def test_call_rings_for_the_test_to_answer(project: pytest.Pytester) -> None:
    """Unanswered it ends after 30 s, and phones with the last digits set apart end at once."""
    text = """
def test_it(sandbox):
    calls = [called(sandbox), called(sandbox, "380501230001")]
    sandbox.advance(2)
    assert [call.phase.value for call in calls] == ["ringing", "ended"]
    sandbox.advance(28)
    assert calls[0].line.fate.word == "NO ANSWER"
"""
    run(project, text).assert_outcomes(passed=1)


def test_machines_variables_are_not_seen(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client without arguments reaches the test's gateway; the secret of webhooks stays."""
    monkeypatch.setenv("ALPHASMS_BASE_URL", "https://alphasms.ua")
    monkeypatch.setenv("ALPHASMS_API_KEY", "real-key")
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", "s" * 32)
    monkeypatch.setenv("ALPHASMS_LATER", "1")
    text = """
import os
from alphasms_async import AlphaSMS

def test_environment(sandbox):
    names = {name for name in os.environ if name.startswith("ALPHASMS_")}
    assert names == {"ALPHASMS_API_KEY", "ALPHASMS_BASE_URL", "ALPHASMS_WEBHOOK_SECRET"}

@pytest.mark.asyncio
async def test_client(sandbox):
    async with AlphaSMS() as alphasms:
        assert (await alphasms.account.balance()).amount == sandbox.balance
"""
    before = Exchange.check_open
    run(project, text).assert_outcomes(passed=2)
    assert (os.environ["ALPHASMS_LATER"], Exchange.check_open) == ("1", before)


def test_client_of_any_other_place_refuses(project: pytest.Pytester) -> None:
    """Neither a new client nor one made long before reaches the real gateway, and it is told."""
    text = """
from alphasms_async import AlphaSMS, ConfigurationError

old = AlphaSMS("real-key", base_url="https://alphasms.ua")

@pytest.mark.asyncio
async def test_old(sandbox):
    with pytest.raises(ConfigurationError, match="led to https://alphasms.ua, .* sandbox.url$"):
        await old.account.balance()
    with pytest.raises(ConfigurationError, match="loopback alone"):
        await old.otp.call("380501234567")

@pytest.mark.asyncio
async def test_new(sandbox):
    with pytest.raises(ConfigurationError, match="real-gateway.example"):
        async with AlphaSMS(base_url="https://real-gateway.example"):
            pass
"""
    run(project, text).assert_outcomes(passed=2)


def test_client_of_the_fixture_is_not_entered_yet(project: pytest.Pytester) -> None:
    """The test enters it, on whichever event loop it runs."""
    text = """
@pytest.mark.anyio
async def test_it(sandbox, alphasms):
    async with alphasms:
        otp = await alphasms.otp.call("380501234567")
    assert sandbox.wait_for_call().code == otp.code

@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param
"""
    run(project, text).assert_outcomes(passed=2)


def test_failure_tells_what_had_happened(project: pytest.Pytester) -> None:
    """The report of a test that failed has each call, its end and its hooks; phones masked."""
    text = """
@pytest.mark.sandbox(hook_pauses=(30, ), chaos="latency=@1ms")
def test_it(sandbox):
    called(sandbox, hook="http://127.0.0.1:9/s3cret").press("7")
    sandbox.advance(3)
    sandbox.calls()[0].hang_up()
    sandbox.advance(1)
    called(sandbox)
    called(sandbox, hook="http://127.0.0.1:9/s3cret")
    sandbox.posts_hooks = False
    called(sandbox, hook="http://127.0.0.1:9/s3cret").decline()
    sandbox.banned = True
    assert sandbox.calls() == []
"""
    result = run(project, text)
    result.assert_outcomes(failed=1)
    masked = "380[*][*][*][*][*]4567"
    ended = "rang at 0 s, answered at 0 s, keys 7, ANSWERED at 3 s"
    result.stdout.fnmatch_lines(
        [
            "*- sandbox -*",
            "4 accepted; 248.40 UAH left; banned; chaos: latency",
            f"100500 voice to {masked}: accepted at 0 s, {ended}",
            "    hook, attempt 1: ConnectError at 3 s",
            "    hook, attempt 2: due at 33 s",
            f"100501 voice to {masked}: accepted at 4 s, rang at 4 s, now ringing",
            "    no hook was asked for",
            "100502 voice to *: accepted at 4 s, rang at 4 s, now ringing",
            "    no hook before it ends",
            "100503 voice to *: accepted at 4 s, rang at 4 s, BUSY at 4 s",
            "    hook, attempt 1: due at 4 s",
        ],
        consecutive=True,
    )
    section = result.stdout.str().partition("- sandbox -")[2]
    assert not [secret for secret in ("s3cret", PHONE, "sandbox-key") if secret in section]


def test_failure_tells_the_last_of_many(project: pytest.Pytester) -> None:
    """A campaign does not fill the screen."""
    text = """
def test_it(sandbox):
    for number in range(30):
        called(sandbox, f"38050{number:07}")
    assert 0
"""
    result = run(project, text)
    result.stdout.fnmatch_lines(
        ["30 accepted; *", "... 10 more before these:", "100510 voice to *"]
    )
    result.stdout.no_fnmatch_line("100509 voice *")


def test_gateway_is_not_kept_with_its_test(project: pytest.Pytester) -> None:
    """After its test nobody holds it, nor the recordings it was sent."""
    text = """
import gc
import weakref

seen = []

def test_it(sandbox):
    seen.append(weakref.ref(sandbox.ledger))

def test_afterwards():
    gc.collect()
    assert seen[0]() is None
"""
    run(project, text).assert_outcomes(passed=2)


def test_only_a_failure_of_a_test_with_a_gateway_tells(project: pytest.Pytester) -> None:
    """Neither one that passed nor one without the fixture has a section."""
    text = """
def test_good(sandbox):
    called(sandbox)

def test_other():
    assert 0
"""
    result = run(project, text)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*- sandbox -*")


def test_fixture_of_ones_own_is_left_alone(project: pytest.Pytester) -> None:
    """Who has a fixture of that name keeps it, and may make it of ours."""
    text = """
@pytest.fixture
def sandbox():
    return "mine"

def test_mine(sandbox):
    assert sandbox == "mine"

class TestOurs:
    @pytest.fixture
    def alphasms(self):
        return "mine"

    def test_it(self, alphasms):
        assert alphasms == "mine"
"""
    run(project, text).assert_outcomes(passed=2)


def test_loading_brings_no_server_along(project: pytest.Pytester) -> None:
    """Where no test uses it, neither the sandbox nor what it needs is loaded."""
    project.makepyfile(
        """
        import sys

        def test_it():
            heavy = {"starlette", "uvicorn", "python_multipart", "alphasms_async.sandbox"}
            assert not heavy & set(sys.modules)
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_what_is_not_installed_is_told_in_a_line(project: pytest.Pytester) -> None:
    """Without the extra the test has an error that says what to install."""
    project.makepyfile(
        """
        import sys

        sys.modules["uvicorn"] = None

        def test_it(sandbox):
            pass
        """
    )
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    line = (
        'The sandbox needs uvicorn, which is not installed: pip install "alphasms-async?sandbox?"'
    )
    result.stdout.fnmatch_lines([line])


def test_pytest_finds_it_by_itself_and_our_own_does_not() -> None:
    """Installed, it is an entry point of pytest; our own tests go without, for coverage's sake."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    name = "alphasms_async.testing"
    assert settings["project"]["entry-points"]["pytest11"] == {name: name}
    assert f"no:{name}" in settings["tool"]["pytest"]["ini_options"]["addopts"]


def test_pytest_loads_it_once_by_its_entry_point(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an installed project it is loaded by itself, and naming it too does no harm."""
    metadata = project.mkdir("alphasms_testing-1.dist-info")
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: alphasms-testing\nVersion: 1\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[pytest11]\nalphasms_async.testing = alphasms_async.testing\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(project.path), *sys.path]))
    project.makeini("[pytest]\naddopts = -p no:cacheprovider\n")
    project.makepyfile("def test_it(sandbox):\n    assert sandbox.url\n")
    for options in ((), ("-p", "alphasms_async.testing")):
        project.runpytest_subprocess(*options).assert_outcomes(passed=1)
