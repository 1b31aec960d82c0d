import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio
import httpx
import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from alphasms_async import AlphaSMS, ClientClosed, ConfigurationError
from alphasms_async.sandbox import Fate, Sandbox
from alphasms_async.verification import MemoryStore, PhoneVerifier
from alphasms_async.verification.fastapi import verification_router
from alphasms_async.verification.web import client_of, verification_lifespan, verifier_of
from alphasms_async.verification.web.lifespan import Lifespan
from alphasms_async.webhooks import HookEvent, HookKind
from tests.doubles import FakeGateway
from tests.verification.houses import House, asked, in_fastapi, in_fastapi_router, in_starlette
from tests.verification.stage import PHONE, SECRET

pytestmark = pytest.mark.anyio

HOUSES: list[House] = [in_starlette, in_fastapi]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    """Each event loop; which store there is makes no difference here."""
    return request.param


class Made:
    """What a lifespan makes, kept to look at it after the lifespan is over."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.clients: list[AlphaSMS] = []
        self.verifiers: list[PhoneVerifier] = []

    def client(self) -> AlphaSMS:
        """Make a client."""
        transport = httpx.ASGITransport(self.sandbox.app)
        client = AlphaSMS(self.sandbox.api_key, base_url="http://127.0.0.1", transport=transport)
        self.clients.append(client)
        return client

    def verifier(self, client: AlphaSMS) -> PhoneVerifier:
        """Make a verifier over a client."""
        self.verifiers.append(PhoneVerifier(client, MemoryStore(), SECRET))
        return self.verifiers[-1]

    def lifespan(self, **options: Any) -> Lifespan:
        """Return the lifespan that makes both."""
        return verification_lifespan(self.verifier, make_client=self.client, **options)


async def ask(app: Starlette, method: str, path: str, **options: Any) -> httpx.Response:
    """Return what an application answers, started for this one request."""
    async with (
        asked(app) as transport,
        httpx.AsyncClient(transport=transport, base_url="https://app.example") as http,
    ):
        return await http.request(method, path, **options)


@pytest.mark.parametrize("house", HOUSES)
async def test_nothing_is_made_before_the_application_starts(house: House) -> None:
    """An application may be imported where there is neither a key nor a secret."""
    made = Made()
    app = house(made.lifespan())
    assert (made.clients, made.verifiers) == ([], [])
    async with app.router.lifespan_context(app):
        assert len(made.clients) == len(made.verifiers) == 1


@pytest.mark.parametrize("house", HOUSES)
async def test_client_is_closed_when_the_application_stops(house: House) -> None:
    """After the end of the application its client sends nothing."""
    made = Made()
    app = house(made.lifespan())
    async with app.router.lifespan_context(app):
        pass
    with pytest.raises(ClientClosed):
        await made.clients[0].otp.call(PHONE)


@pytest.mark.parametrize("house", HOUSES)
async def test_timers_end_when_the_application_stops(house: House) -> None:
    """After the end of the application its verifier begins nothing."""
    made = Made()
    app = house(made.lifespan())
    async with app.router.lifespan_context(app):
        await made.verifiers[0].start(PHONE)
    with pytest.raises(ConfigurationError, match="enter the verifier"):
        await made.verifiers[0].send_due()


async def test_application_starts_again_with_a_new_client() -> None:
    """A lifespan may be entered again, as tests do, and makes everything anew."""
    made = Made()
    app = in_starlette(made.lifespan())
    for _ in range(2):
        async with app.router.lifespan_context(app):
            await made.verifiers[-1].start(PHONE)
    assert made.sandbox.rings(PHONE) == len(made.clients) == 2


async def test_client_is_closed_when_the_verifier_cannot_be_made() -> None:
    """An application whose secret is missing does not start, and leaves nothing open."""
    gateway = FakeGateway()

    def make_verifier(client: AlphaSMS) -> PhoneVerifier:
        return PhoneVerifier(client, MemoryStore(), "short")

    lifespan = verification_lifespan(
        make_verifier, make_client=lambda: AlphaSMS("key", transport=gateway)
    )
    app = in_starlette(lifespan)
    with pytest.raises(ConfigurationError):
        async with app.router.lifespan_context(app):
            pass
    assert gateway.closed == 1


@pytest.mark.parametrize("kind", [Starlette, FastAPI])
async def test_lifespan_goes_into_one_of_the_users_own(kind: Any) -> None:
    """A lifespan around it adds its state, and both are there."""
    made = Made()
    verifying = made.lifespan()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[Mapping[str, Any]]:
        async with verifying(app) as state:
            yield {**state, "database": "open"}

    async def page(request: Request) -> JSONResponse:
        await verifier_of(request).start(PHONE)
        return JSONResponse(request.state.database)

    answer = await ask(kind(routes=[Route("/", page)], lifespan=lifespan), "GET", "/")
    assert answer.json() == "open"
    assert made.sandbox.rings(PHONE) == 1


async def test_client_of_gives_the_client_that_the_lifespan_made() -> None:
    """A page of one's own uses the application's client for other calls."""
    made = Made()

    async def page(request: Request) -> JSONResponse:
        call = await client_of(request).otp.call(PHONE)
        return JSONResponse(call.id)

    answer = await ask(Starlette(routes=[Route("/", page)], lifespan=made.lifespan()), "GET", "/")
    assert answer.json() == made.sandbox.calls()[0].id


async def test_verifier_of_serves_a_websocket() -> None:
    """A socket reaches the verifier as a request does."""
    made, seen = Made(), list[PhoneVerifier]()

    async def socket(websocket: WebSocket) -> None:
        seen.append(verifier_of(websocket))
        await websocket.close()

    async def receive() -> Mapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(_message: Any) -> None:
        await anyio.lowlevel.checkpoint()

    app = Starlette(routes=[WebSocketRoute("/", socket)], lifespan=made.lifespan())
    async with asked(app) as transport:
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/",
            "query_string": b"",
            "headers": [],
        }
        await transport.app(scope, receive, send)  # type: ignore[arg-type]  # httpx knows no sockets
    assert seen == made.verifiers


@pytest.mark.parametrize("which", [client_of, verifier_of])
def test_application_without_the_lifespan_is_told(which: Any) -> None:
    """Whoever forgets the lifespan reads what is missing."""
    request = Request({"type": "http"})
    with pytest.raises(ConfigurationError, match="lifespan=verification_lifespan"):
        which(request)


async def test_depends_gives_client_and_verifier() -> None:
    """FastAPI hands both to a page that depends on them."""
    made = Made()
    app = FastAPI(lifespan=made.lifespan())

    @app.post("/both")
    async def both(
        client: Annotated[AlphaSMS, Depends(client_of)],
        verifier: Annotated[PhoneVerifier, Depends(verifier_of)],
    ) -> bool:
        return (client, verifier) == (made.clients[0], made.verifiers[0])

    assert (await ask(app, "POST", "/both")).json() is True


async def test_override_of_the_verifier_reaches_the_router() -> None:
    """A test of an application puts its own verifier in, and the pages use that one."""
    made, other = Made(), Made()
    app = in_fastapi_router(made.lifespan())
    assert isinstance(app, FastAPI)
    async with other.verifier(other.client()) as verifier:
        app.dependency_overrides[verifier_of] = lambda: verifier
        answer = await ask(app, "POST", "/phone/start", json={"phone": PHONE})
    assert answer.status_code == 201
    assert (made.sandbox.rings(PHONE), other.sandbox.rings(PHONE)) == (0, 1)


async def test_dependency_of_the_router_may_read_the_body() -> None:
    """What keeps robots out may look into the request before the page does."""
    made, read = Made(), list[str]()

    async def is_no_robot(request: Request) -> None:
        read.append((await request.json())["captcha"])

    app = FastAPI(lifespan=made.lifespan())
    app.include_router(verification_router, dependencies=[Depends(is_no_robot)])
    answer = await ask(app, "POST", "/start", json={"phone": PHONE, "captcha": "solved"})
    assert (answer.status_code, read) == (201, ["solved"])


async def test_events_reach_further_handlers() -> None:
    """The one hook of an account serves what is beside the verifier too."""
    made, events = Made(), list[HookEvent]()

    async def keep(event: HookEvent) -> None:
        events.append(event)

    async with asked(in_starlette(made.lifespan(handlers=[keep]))) as transport:
        tokens = made.verifiers[0].tokens
        made.sandbox.hook = tokens.url("https://app.example/hooks/alphasms", HookKind.ACCOUNT)
        await made.verifiers[0].start(PHONE)
        (call,) = made.sandbox.calls()
        made.sandbox.end_call(call.id, Fate("ANSWERED"))
        await made.sandbox.post_hooks(transport)
    assert [event.id for event in events] == [call.id]


def shown(page: str) -> Any:
    """Return what FastAPI's documentation says of a page."""
    app = FastAPI()
    app.include_router(verification_router, prefix="/phone")
    return app.openapi()["paths"][f"/phone/{page}"]["post"]


ANSWERED = {
    "start": {"201", "400", "408", "413", "415", "422", "429", "502", "503"},
    "check": {"200", "400", "408", "413", "415", "422", "503"},
    "resend": {"200", "400", "404", "408", "409", "413", "415", "422", "429", "502", "503"},
}


@pytest.mark.parametrize(("page", "statuses"), ANSWERED.items(), ids=ANSWERED)
def test_documentation_shows_each_answer(page: str, statuses: set[str]) -> None:
    """The router's documentation names every status, and problem details for each that is one."""
    responses = shown(page)["responses"]
    assert set(responses) == statuses
    problems = [one["content"] for status, one in responses.items() if status > "299"]
    assert {tuple(one) for one in problems} == {("application/problem+json",)}


def test_documentation_shows_what_is_sent() -> None:
    """The router's documentation names the fields of a request."""
    schema = shown("check")["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["id", "code"]


def _python(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - our own interpreter


def test_verification_does_without_starlette() -> None:
    """Whoever has no web application loads no framework."""
    program = (
        "import sys, alphasms_async.verification\n"
        "assert not {'starlette', 'fastapi'} & {*sys.modules}"
    )
    assert _python(program).returncode == 0


def test_starlette_that_is_missing_is_named_with_its_extra() -> None:
    """Without starlette the import says in one line how to install it."""
    program = "import sys; sys.modules['starlette'] = None; import alphasms_async.verification.web"
    last = _python(program).stderr.splitlines()[-1]
    assert last.startswith("ImportError: Verification in a web application needs starlette")
    assert last.endswith('pip install "alphasms-async[webhooks]"')


@pytest.mark.parametrize("missing", ["starlette", "starlette.types"])
def test_router_without_starlette_is_told_how_to_get_it(missing: str) -> None:
    """The module of the router says the same as its sibling."""
    program = (
        f"import sys; sys.modules[{missing!r}] = None; import alphasms_async.verification.fastapi"
    )
    last = _python(program).stderr.splitlines()[-1]
    assert last.startswith("ImportError: The router of a verification needs starlette")
    assert last.endswith('pip install fastapi "alphasms-async[webhooks]"')


def test_fastapi_that_is_missing_is_named() -> None:
    """Without FastAPI the pages are there, and the router says how to install it."""
    program = (
        "import sys; sys.modules['fastapi'] = None; import alphasms_async.verification.web\n"
        "import alphasms_async.verification.fastapi"
    )
    last = _python(program).stderr.splitlines()[-1]
    assert last.startswith("ImportError: The router of a verification needs fastapi")
