"""The README's examples and commands, run as they stand there against the sandbox."""

import ast
import asyncio
import inspect
import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

import alphasms_async
from alphasms_async import AlphaSMS, InvalidRecording, Recording
from alphasms_async.campaigns import open_list
from alphasms_async.cli.app import app as alphasms_command
from alphasms_async.sandbox import Fate, Sandbox
from alphasms_async.serving import address_of, listening_socket
from alphasms_async.webhooks import HookKind, HookTokens
from tests.sounds import wav
from tests.testing import shop
from tests.verification.houses import asked, problem
from tests.verification.street import Rings, spoken_code, under_uvicorn

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text("utf-8")
EXAMPLES: list[str] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
SCRIPTS: list[str] = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [
    *re.findall(r"(?:^|bin/)(alphasms .*)$", "\n".join(SCRIPTS), re.MULTILINE),
    *re.findall(r"`(alphasms [^`]*)`", TEXT),
]


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    """A gateway, the environment that points to it, and a recording beside the program."""
    (tmp_path / "promo.wav").write_bytes(wav())
    (tmp_path / "clients.csv").write_text("name,phone\nОлена,0501234567\nТарас,067\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/nobody_connects_to_it")
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", "a-new-secret-of-tests,the-old-secret-of-tests")
    sandbox = Sandbox()
    with sandbox.serve() as url:
        monkeypatch.setenv("ALPHASMS_API_KEY", sandbox.api_key)
        monkeypatch.setenv("ALPHASMS_BASE_URL", url)
        yield sandbox


def run(example: str) -> dict[str, Any]:
    """Run one example, and return its names; one that awaits has a client called `alphasms`."""
    names: dict[str, Any] = {"__name__": "example"}
    code = compile(example, README.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, names)  # noqa: S102 - the README's own text
        return names

    async def main() -> None:
        async with AlphaSMS() as names["alphasms"]:
            await eval(code, names)  # noqa: S307 - the README's own text

    anyio.run(main)
    return names


def the(part: str) -> str:
    """Return the one example that this stands in."""
    (example,) = (one for one in EXAMPLES if part in one)
    return example


@asynccontextmanager
async def asking(app: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """Start an application as a server does, and give a client for it."""
    async with (
        asked(app) as transport,
        httpx.AsyncClient(transport=transport, base_url="http://app.example") as http,
    ):
        yield http


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[0])
def test_example_runs(sandbox: Sandbox, example: str) -> None:
    """An example of the README runs as it stands there."""
    assert len(run(example)) > 1


def test_first_example_stands_at_the_top() -> None:
    """The first example ends by the README's thirtieth line."""
    assert EXAMPLES[0] in "".join(TEXT.splitlines(keepends=True)[:30])


def test_first_example_rings_one_phone_once(sandbox: Sandbox) -> None:
    """The first example places exactly one call."""
    run(EXAMPLES[0])
    assert [sandbox.rings(call.phone) for call in sandbox.calls()] == [1]


def test_dial_example_rings_each_number_once(sandbox: Sandbox) -> None:
    """The example of a list rings its two numbers once each."""
    run(the("alphasms.dial("))
    assert {"380501234567", "380671112233"} == {call.phone for call in sandbox.calls()}
    assert len(sandbox.calls()) == 2


def test_campaign_example_rings_each_number_once(sandbox: Sandbox) -> None:
    """The example of a campaign plans the list, and rings the one number that is one."""
    names = run(the("plan_campaign("))
    assert (names["plan"].to_dial, names["plan"].invalid) == (1, 1)
    assert [call.phone for call in sandbox.calls()] == ["380501234567"]


def test_files_to_try_with_are_made(sandbox: Sandbox, tmp_path: Path) -> None:
    """The script that begins offline makes a list and a recording, and places its two calls."""
    (script,) = (one for one in SCRIPTS if "promo.wav" in one and "clients.csv <<" in one)
    for file in ("clients.csv", "promo.wav"):
        (tmp_path / file).unlink()
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(  # noqa: S603 - the README's own text
        ["bash", "-euc", script],  # noqa: S607 - wherever the reader's is
        env={**os.environ, "PATH": tools},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    phones = [listed.text for listed in open_list("clients.csv")]
    recording = Recording.from_bytes(Path("promo.wav").read_bytes())
    assert (phones, recording.seconds) == (["050 123 45 67", "067 111 22 33"], 3.0)
    assert [call.kind for call in sandbox.calls()] == ["voice", "otp"]


def test_users_test_passes_with_the_plugin(pytester: pytest.Pytester) -> None:
    """The test of ten lines passes for an application that is there, and fails for a deaf one."""
    example = the("def test_customer_confirms_the_order")
    assert len(inspect.cleandoc(example[example.index("def ") :]).splitlines()) <= 10
    pytester.makepyfile(shop=Path(shop.__file__).read_text("utf-8"))
    for down, outcome in ((2, "passed"), (9, "failed")):
        application = f"""
import pytest
import shop

@pytest.fixture
def order_page():
    with shop.served(shop.Shop(down={down})) as served:
        yield served
"""
        pytester.makepyfile(example + application)
        ran = pytester.runpytest_subprocess("-p", "alphasms_async.testing")
        ran.assert_outcomes(**{outcome: 1})


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_one_that_there_is(command: str) -> None:
    """A command of the README has its options and arguments as `alphasms` takes them."""
    words = shlex.split(command, comments=True)[1:]
    called, *_ = alphasms_command.parse_args(words, print_error=False, exit_on_error=False)
    assert callable(called)


def test_settings_name_every_variable_that_is_read() -> None:
    """The table of settings has each variable of the environment that the package reads."""
    package = Path(alphasms_async.__file__).parent
    sources = "\n".join(file.read_text("utf-8") for file in package.rglob("*.py"))
    read = set(re.findall(r"ALPHASMS_[A-Z_]+", sources))
    assert read == set(re.findall(r"^\|.*\| `(ALPHASMS_[A-Z_]+)` \|", TEXT, re.MULTILINE))


@pytest.mark.asyncio
async def test_web_application_calls_and_hears_what_became_of_it(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under uvicorn, the README's application calls a phone, and prints the event of that call."""
    names = run(the("/call-me"))
    sandbox.script("380501234567", Fate("ANSWERED", talk_seconds=12, digits="1"))
    with listening_socket("The test", "127.0.0.1", 0) as listener:
        names["HOOKS"] = f"{address_of(listener)}/hooks/alphasms"
        async with (
            under_uvicorn(names["app"], listener),
            httpx.AsyncClient(base_url=address_of(listener)) as http,
        ):
            answer = await http.post("/call-me", json={"phone": "0501234567"})
            await anyio.to_thread.run_sync(sandbox.wait_for_hooks)
    assert {"id": sandbox.calls()[0].id} == answer.json()
    assert capsys.readouterr().out == "order-17 answered 1\n"


@pytest.mark.asyncio
async def test_web_application_blames_a_visitor_for_the_phone(sandbox: Sandbox) -> None:
    """The README's application answers 400 to what is no phone, and calls nobody."""
    async with asking(run(the("/call-me"))["app"]) as http:
        answer = await http.post("/call-me", json={"phone": "call me"})
    assert (answer.status_code, sandbox.calls()) == (400, [])


@pytest.mark.asyncio
async def test_web_application_does_not_start_without_its_recording(sandbox: Sandbox) -> None:
    """A recording that is not there keeps the README's application from starting."""
    app = run(the("/call-me"))["app"]
    await anyio.Path("promo.wav").unlink()
    with pytest.raises(InvalidRecording, match=r"promo\.wav"):
        async with asking(app):
            pass


@pytest.mark.asyncio
async def test_web_application_refuses_what_is_not_proven(sandbox: Sandbox) -> None:
    """The README's application answers 403 to an event without a token, 307 at the mount itself."""
    event = {"id": 100500, "phone": "380501234567", "status": "ANSWERED"}
    async with asking(run(the("/call-me"))["app"]) as http:
        answers = [await http.post(path, json=event) for path in ("/hooks/alphasms", "/hooks")]
    assert [answer.status_code for answer in answers] == [403, 307]


@pytest.mark.asyncio
async def test_verification_application_verifies_a_phone(sandbox: Sandbox) -> None:
    """Under uvicorn, the README's application sends a voice SMS after a call that nobody took."""
    app = run(the("include_router"))["app"]
    with listening_socket("The test", "127.0.0.1", 0) as listener:
        hook_url = f"{address_of(listener)}/hooks/alphasms"
        sandbox.hook = HookTokens().url(hook_url, HookKind.ACCOUNT)
        rings = Rings(sandbox)
        async with (
            under_uvicorn(app, listener),
            httpx.AsyncClient(base_url=address_of(listener)) as http,
        ):
            began = await http.post("/phone/start", json={"phone": "0501234567"})
            sandbox.end_call(sandbox.calls()[0].id, Fate("NO ANSWER"))
            (spoken,) = await rings.calls("voice_sms")
            fields = {"id": began.json()["id"], "code": spoken_code(spoken)}
            told = [(await http.post("/phone/check", json=fields)).json() for _ in range(2)]
    assert told == [{"verified": True}, {"verified": False}]


@pytest.mark.asyncio
async def test_verification_application_rings_once_for_two_clicks(sandbox: Sandbox) -> None:
    """The README's application answers 429 to a second start at once, and rings no more."""
    async with asking(run(the("include_router"))["app"]) as http:
        clicks = [await http.post("/phone/start", json={"phone": "0501234567"}) for _ in range(2)]
    assert [click.status_code for click in clicks] == [201, 429]
    assert sandbox.rings("380501234567") == 1


@pytest.mark.asyncio
async def test_verification_application_refuses_what_is_no_phone(sandbox: Sandbox) -> None:
    """The README's application answers a bad phone with problem details."""
    async with asking(run(the("include_router"))["app"]) as http:
        answer = await http.post("/phone/start", json={"phone": "call me"})
    assert problem(answer) == 422


@pytest.mark.asyncio
async def test_pages_of_ones_own_know_who_is_verified(sandbox: Sandbox) -> None:
    """The README's own pages, in its application, know whose phone the right code has proven."""
    app, own = run(the("include_router"))["app"], run(the("APIRouter"))
    app.include_router(own["router"], prefix="/own")
    async with asking(app) as http:
        began = await http.post("/own/phone/start", json={"phone": "0501234567"})
        fields = {"id": began.json()["id"], "code": sandbox.calls()[0].code}
        checked = await http.post("/own/phone/check", json=fields)
    assert checked.json() == {"verified": True}
    assert own["asked"] == {began.json()["id"]: "0501234567"}


@pytest.mark.asyncio
async def test_workers_of_ones_own_call_by_one_client(
    sandbox: Sandbox, fresh_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's procrastinate app calls each phone it is told of once, and ends well."""
    monkeypatch.setenv("DATABASE_URL", fresh_postgres_dsn)
    names = run(the("from procrastinate import"))
    app, remind = names["app"], names["remind"]
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for phone in ("0501234567", "0671112233"):
            await remind.defer_async(phone=phone)
    working = asyncio.create_task(names["main"]())
    called = [(await sandbox.next_call()).phone for _ in range(2)]
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    assert sorted(called) == ["380501234567", "380671112233"]
    assert len(sandbox.calls()) == 2


def test_ci_runs_the_readmes_command_and_nothing_else() -> None:
    """The command that CI runs is read from the README."""
    script = README.with_name(".ci") / "run"
    commands = [line for line in script.read_text().splitlines() if not line.startswith("#")]
    assert any("README.md" in line for line in commands)
    assert not re.search(r"\b(nox|pytest|pip|apt|python3?)\b", "\n".join(commands))
