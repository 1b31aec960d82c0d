"""Without a socket: what would break a connection is raised, as a client would see it."""

import httpx
import pytest

from alphasms_async.sandbox import Sandbox
from alphasms_async.sandbox.chaos.client import Client
from tests.sandbox.wire import voice_form, wav

pytestmark = pytest.mark.anyio


async def call(client: httpx.AsyncClient, sound: bytes | None = None) -> httpx.Response:
    """Place a call."""
    return await client.post("/api/voice.php", files=voice_form(sound=sound))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits, and how long each would have is kept."""
    found = list[float]()

    async def wait(_: Client, seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(Client, "wait", wait)
    return found


@pytest.mark.parametrize(
    ("rule", "error", "calls"),
    [
        ("reset_before", httpx.ReadError, 0),
        ("reset_during", httpx.ReadError, 0),
        ("reset_after", httpx.ReadError, 0),
        ("hang", httpx.ReadTimeout, 0),
        ("charged_no_reply", httpx.RemoteProtocolError, 1),
    ],
)
async def test_what_breaks_is_raised(
    client: httpx.AsyncClient, sandbox: Sandbox, rule: str, error: type[Exception], calls: int
) -> None:
    """The errors are those of a socket, the ledger is the same, and nobody waits for a hang."""
    sandbox.chaos.on(f"{rule}=100%")
    with pytest.raises(error, match="by its chaos"):
        await call(client)
    assert calls == len(sandbox.calls())


@pytest.mark.parametrize(
    ("rule", "status", "text", "calls"),
    [
        ("http_503", 503, "<html>", 0),
        ("http_502", 502, "<html>", 0),
        ("half_answer", 200, '{"id": 100', 1),
        ("wrong_json", 200, "", 1),
        ("latency", 200, '{"id": 100500, "price": 0.40}', 1),
        ("slow_drip", 200, '{"id": 100500, "price": 0.40}', 1),
        ("slow_read", 200, '{"id": 100500, "price": 0.40}', 1),
    ],
)
async def test_what_answers_answers(
    client: httpx.AsyncClient,
    sandbox: Sandbox,
    waits: list[float],
    rule: str,
    status: int,
    text: str,
    calls: int,
) -> None:
    """Answers are those of a socket."""
    sandbox.chaos.on(f"{rule}=100%")
    answer = await call(client)
    assert (answer.status_code, answer.text[: len(text)]) == (status, text)
    assert calls == len(sandbox.calls())


async def test_latency_strays_around_its_amount(
    client: httpx.AsyncClient, sandbox: Sandbox, waits: list[float]
) -> None:
    """Forty percent less to forty percent more, repeatable by the seed."""
    sandbox.chaos.on("latency=100%@10s")
    for _ in range(2):
        sandbox.chaos.seed = 5
        for _ in range(50):
            await call(client)
    assert waits[:50] == waits[50:]
    assert 6 <= min(waits) < 8
    assert 12 < max(waits) <= 14


async def test_latency_comes_before_every_end(
    client: httpx.AsyncClient, sandbox: Sandbox, waits: list[float]
) -> None:
    """A connection breaks late as well, and an answer of the proxy's comes late."""
    ends = ("reset_before", "reset_during", "reset_after", "charged_no_reply", "http_503")
    for end in ends:
        sandbox.chaos.off()
        sandbox.chaos.on("latency=100%@10s", f"{end}=100%")
        try:
            assert (await call(client)).status_code == 503
        except httpx.TransportError:
            assert end != "http_503"
    assert [6 <= seconds <= 14 for seconds in waits] == [True] * len(ends)


async def test_upload_is_read_at_the_pace_that_was_said(
    client: httpx.AsyncClient, sandbox: Sandbox, waits: list[float]
) -> None:
    """Each byte of it has its time, in however many pieces they come."""
    sandbox.chaos.on("slow_read=100%@64KB/s")
    sizes = list[int]()
    for seconds in (1, 30):
        waits.clear()
        answer = await call(client, wav(seconds=seconds))
        sizes.append(round(sum(waits) * 64 * 1024))
        assert sizes[-1] == int(answer.request.headers["content-length"])
    assert sizes[0] < sizes[1]


async def test_drip_waits_before_each_byte(
    client: httpx.AsyncClient, sandbox: Sandbox, waits: list[float]
) -> None:
    """As many waits as bytes."""
    sandbox.chaos.on("slow_drip=100%@50ms")
    answer = await call(client)
    assert waits == [0.05] * len(answer.content)


async def test_refused_call_is_spoiled_too(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Of a refusal as well only a piece arrives."""
    sandbox.chaos.on("half_answer=100%")
    answer = await client.post("/api/voice.php", files=voice_form(key=None))
    assert answer.text == '{"errors":'


@pytest.mark.parametrize(
    "path", ["/api/voice.php", "/api/otp.php", "/api/json.php", "/v1/json", "/api/xml.php"]
)
async def test_every_page_of_the_gateway_is_hit(
    client: httpx.AsyncClient, sandbox: Sandbox, path: str
) -> None:
    """Whatever it is posted."""
    sandbox.chaos.on("http_502=100%")
    assert (await client.post(path)).status_code == 502


async def test_no_chaos_is_no_wait(
    client: httpx.AsyncClient, sandbox: Sandbox, waits: list[float]
) -> None:
    """With everything off, or on for hooks alone, a page is as it ever was."""
    answers = [(await call(client)).status_code]
    sandbox.chaos.on("hook_delay, hook_drop")
    answers.append((await call(client)).status_code)
    assert (answers, waits) == ([200, 200], [])
