from collections.abc import Callable, Generator
from typing import Any

import httpx
import pytest
from attrs import frozen

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Sandbox, State
from tests.contract.fake import FakeGateway
from tests.hostile import trusting_context

Address = dict[str, Any]
"""What a client is given besides a key."""


@frozen
class Target:
    """A gateway, and the way to it."""

    gateway: Sandbox | FakeGateway
    address: Callable[[], Address]
    """Made anew for each client, which closes the transport it is given."""

    def client(self, api_key: str | None = None) -> AlphaSMS:
        """Return a client of this gateway, not yet entered."""
        return AlphaSMS(self.gateway.api_key if api_key is None else api_key, **self.address())

    def deliver(self, *ids: int) -> None:
        """Have these be delivered."""
        for one in ids:
            if isinstance(self.gateway, Sandbox):
                self.gateway.set_status(one, State.DELIVERED)
            else:
                self.gateway.delivered.add(one)


@frozen
class Served:
    """A sandbox on a socket."""

    sandbox: Sandbox
    url: str


@pytest.fixture(scope="session")
def served() -> Generator[Served]:
    """A sandbox on a socket, for all tests: starting one for each would take their time thrice."""
    sandbox = Sandbox()
    with sandbox.serve() as url:
        yield Served(sandbox, url)


def _fake(_: pytest.FixtureRequest) -> Target:
    gateway = FakeGateway()
    return Target(gateway, lambda: {"transport": httpx.MockTransport(gateway.answer)})


def _asgi(_: pytest.FixtureRequest) -> Target:
    sandbox = Sandbox()
    return Target(sandbox, lambda: {"transport": httpx.ASGITransport(sandbox.app)})


def _socket(way: Callable[[], Address]) -> Callable[[pytest.FixtureRequest], Target]:
    """Return what sets up the sandbox on a socket, and clients that go there by such a way."""

    def target(request: pytest.FixtureRequest) -> Target:
        served: Served = request.getfixturevalue("served")
        served.sandbox.reset()
        served.sandbox.max_bytes = Sandbox().max_bytes
        return Target(served.sandbox, lambda: {"base_url": served.url, **way()})

    return target


def _plain() -> Address:
    """Give a client httpx's own transport, with a context that is made once for all."""
    return {"transport": httpx.AsyncHTTPTransport(verify=trusting_context())}


_TARGETS = {
    "fake": _fake,
    "sandbox-asgi": _asgi,
    "sandbox-socket": _socket(dict),
    "sandbox-httpx": _socket(lambda: {"transport": "httpx"}),
    "sandbox-aiohttp": _socket(lambda: {"transport": "aiohttp"}),
    "sandbox-plain": _socket(_plain),
}
_BOTH = ("fake", "sandbox-asgi", "sandbox-socket")
_PAIRS = [
    *(("asyncio", target) for target in (*_BOTH, "sandbox-aiohttp", "sandbox-plain")),
    # What is chosen by name is the default, so one event loop is enough.
    *(("trio", target) for target in (*_BOTH, "sandbox-httpx")),
]


@pytest.fixture(params=_PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Each event loop with each target that there is on it."""
    event_loop, target = request.param
    return event_loop, target


@pytest.fixture
def anyio_backend(pair: tuple[str, str]) -> str:
    """The event loop of the pair."""
    return pair[0]


@pytest.fixture
def target(request: pytest.FixtureRequest, pair: tuple[str, str]) -> Target:
    """The target of the pair: a gateway, and a way to it."""
    return _TARGETS[pair[1]](request)
