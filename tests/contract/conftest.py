from collections.abc import Generator
from typing import Any

import httpx
import pytest
from attrs import frozen

from alphasms_async import AlphaSMS
from alphasms_async.sandbox import Sandbox, State
from tests.contract.fake import FakeGateway


@frozen
class Target:
    """A gateway, and the way to it."""

    gateway: Sandbox | FakeGateway
    address: dict[str, Any]
    """What a client is given besides a key."""

    def client(self, api_key: str | None = None) -> AlphaSMS:
        """Return a client of this gateway, not yet entered."""
        return AlphaSMS(self.gateway.api_key if api_key is None else api_key, **self.address)

    def deliver(self, *ids: int) -> None:
        """Have these be delivered."""
        for one in ids:
            if isinstance(self.gateway, Sandbox):
                self.gateway.set_status(one, State.DELIVERED)
            else:
                self.gateway.delivered.add(one)


@pytest.fixture(scope="session")
def served() -> Generator[Target]:
    """A sandbox on a socket, for all tests: starting one for each would take their time thrice."""
    sandbox = Sandbox()
    with sandbox.serve() as url:
        yield Target(sandbox, {"base_url": url})


def _fake(_: pytest.FixtureRequest) -> Target:
    gateway = FakeGateway()
    return Target(gateway, {"transport": httpx.MockTransport(gateway.answer)})


def _asgi(_: pytest.FixtureRequest) -> Target:
    sandbox = Sandbox()
    return Target(sandbox, {"transport": httpx.ASGITransport(sandbox.app)})


def _socket(request: pytest.FixtureRequest) -> Target:
    target: Target = request.getfixturevalue("served")
    assert isinstance(target.gateway, Sandbox)
    target.gateway.reset()
    target.gateway.max_bytes = Sandbox().max_bytes
    return target


_TARGETS = {"fake": _fake, "sandbox-asgi": _asgi, "sandbox-socket": _socket}


@pytest.fixture(params=_TARGETS)
def target(request: pytest.FixtureRequest) -> Target:
    """Each of the three gateways in turn."""
    return _TARGETS[request.param](request)
