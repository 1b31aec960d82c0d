"""The README's examples, run as they stand there against the sandbox."""

import ast
import inspect
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Fate, Sandbox
from alphasms_async.serving import address_of, listening_socket
from alphasms_async.webhooks import HookKind, HookTokens
from tests.sounds import wav
from tests.verification.houses import asked, problem
from tests.verification.street import Rings, spoken_code, under_uvicorn

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sandbox]:
    """A gateway, the environment that points to it, and a recording beside the program."""
    (tmp_path / "promo.wav").write_bytes(wav())
    (tmp_path / "clients.csv").write_text("name,phone\nОлена,0501234567\nТарас,067\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox()
    with sandbox.serve() as url:
        monkeypatch.setenv("ALPHASMS_API_KEY", sandbox.api_key)
        monkeypatch.setenv("ALPHASMS_BASE_URL", url)
        yield sandbox


def run(example: str, names: dict[str, Any]) -> None:
    """Run one example; one that awaits at its top level gets a client called `alphasms`."""
    code = compile(example, README.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, names)  # noqa: S102 - the README's own text
        return

    async def main() -> None:
        async with AlphaSMS() as names["alphasms"]:
            await eval(code, names)  # noqa: S307 - the README's own text

    anyio.run(main)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[0])
def test_example_runs(sandbox: Sandbox, example: str) -> None:
    """An example of the README runs as it stands there."""
    names: dict[str, Any] = {"__name__": "example"}
    run(example, names)
    assert len(names) > 1


def test_first_example_rings_one_phone_once(sandbox: Sandbox) -> None:
    """The first example places exactly one call."""
    run(EXAMPLES[0], {"__name__": "example"})
    assert [sandbox.rings(call.phone) for call in sandbox.calls()] == [1]


def test_dial_example_rings_each_number_once(sandbox: Sandbox) -> None:
    """The example of a list rings its two numbers once each."""
    (example,) = (one for one in EXAMPLES if "alphasms.dial(" in one)
    names: dict[str, Any] = {"__name__": "example"}
    run(example, names)
    assert {"380501234567", "380671112233"} == {call.phone for call in sandbox.calls()}
    assert len(sandbox.calls()) == 2


def test_campaign_example_rings_each_number_once(sandbox: Sandbox) -> None:
    """The example of a campaign plans the list, and rings the one number that is one."""
    (example,) = (one for one in EXAMPLES if "plan_campaign(" in one)
    names: dict[str, Any] = {"__name__": "example"}
    run(example, names)
    assert (names["plan"].to_dial, names["plan"].invalid) == (1, 1)
    assert [call.phone for call in sandbox.calls()] == ["380501234567"]


@pytest.mark.asyncio
async def test_web_application_places_a_call(sandbox: Sandbox) -> None:
    """The application of the README calls the phone it is asked to."""
    (example,) = (one for one in EXAMPLES if "Starlette(" in one)
    names: dict[str, Any] = {"__name__": "example"}
    run(example, names)
    app = names["app"]
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "state": dict(state)}, receive, send)

        transport = httpx.ASGITransport(with_state)
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            response = await client.post("/call-me", params={"phone": "0501234567"})
    assert {"id": sandbox.calls()[0].id} == response.json()


@pytest.mark.asyncio
async def test_verification_application_verifies_a_phone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under uvicorn, the README's application sends a voice SMS after a call that nobody took."""
    (example,) = (one for one in EXAMPLES if "PhoneVerifier(" in one)
    names: dict[str, Any] = {"__name__": "example"}
    run(example, names)
    with listening_socket("The test", "127.0.0.1", 0) as listener:
        hook_url = f"{address_of(listener)}/hooks/alphasms"
        monkeypatch.setenv(
            "ALPHASMS_WEBHOOK_SECRET", "a-new-secret-of-tests,the-old-secret-of-tests"
        )
        sandbox.hook = HookTokens().url(hook_url, HookKind.ACCOUNT)
        rings = Rings(sandbox)
        async with (
            under_uvicorn(names["app"], listener),
            httpx.AsyncClient(base_url=address_of(listener)) as http,
        ):
            began = await http.post("/phone/start", json={"phone": "0501234567"})
            sandbox.end_call(sandbox.calls()[0].id, Fate("NO ANSWER"))
            (spoken,) = await rings.calls("voice_sms")
            fields = {"id": began.json()["id"], "code": spoken_code(spoken)}
            told = [(await http.post("/phone/check", json=fields)).json() for _ in range(2)]
    assert told == [{"verified": True}, {"verified": False}]


@pytest.mark.asyncio
async def test_verification_application_refuses_what_is_no_phone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's application answers a bad phone with problem details."""
    (example,) = (one for one in EXAMPLES if "PhoneVerifier(" in one)
    names: dict[str, Any] = {"__name__": "example"}
    run(example, names)
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", "a-new-secret-of-tests,the-old-secret-of-tests")
    async with (
        asked(names["app"]) as transport,
        httpx.AsyncClient(transport=transport, base_url="https://app.example") as http,
    ):
        answer = await http.post("/phone/start", json={"phone": "call me"})
    assert problem(answer) == 422


def test_ci_runs_the_readmes_command_and_nothing_else() -> None:
    """The command that CI runs is read from the README."""
    script = README.with_name(".ci") / "run"
    commands = [line for line in script.read_text().splitlines() if not line.startswith("#")]
    assert any("README.md" in line for line in commands)
    assert not re.search(r"\b(nox|pytest|pip|apt|python3?)\b", "\n".join(commands))
