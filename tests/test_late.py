"""What is left behind by an attempt, and what is raised beside it, is no part of its answer."""

import anyio
import httpx
import pytest

from alphasms_async import AlphaSMS, NotSent, OutcomeUnknown
from tests.doubles import KEY, PHONE, FakeGateway, accepted, send

pytestmark = pytest.mark.anyio


class _Lingering(httpx.AsyncBaseTransport):
    """Gives up on every request, and keeps its body to send it later."""

    def __init__(self) -> None:
        self.kept: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.kept.append(request)
        raise httpx.ConnectTimeout("slow")


async def test_body_is_not_sent_after_its_attempt() -> None:
    """A body that a transport kept cannot be read once its attempt was called not sent."""
    transport = _Lingering()
    with pytest.raises(NotSent):
        await send(transport)
    for request in transport.kept:
        with pytest.raises(RuntimeError, match="this attempt is over"):
            await request.aread()


async def test_error_of_ours_from_a_hook_is_no_answer() -> None:
    """When a hook of the caller's client raises one of our errors, it says nothing of the call."""

    async def alarm(_response: httpx.Response) -> None:
        raise NotSent("the alarm was not sent")

    gateway = FakeGateway(accepted)
    hooks = {"response": [alarm]}
    async with (
        httpx.AsyncClient(transport=gateway, event_hooks=hooks) as http_client,
        AlphaSMS(KEY, http_client=http_client) as api,
    ):
        with pytest.raises(OutcomeUnknown):
            await api.otp.call(PHONE)
    assert len(gateway.read) == 1


async def test_error_that_cannot_be_told_is_told_by_its_class() -> None:
    """An exception whose own text fails is an answer all the same."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    def fail(_request: httpx.Request) -> httpx.Response:
        raise Mute

    with anyio.fail_after(5), pytest.raises(OutcomeUnknown, match="Mute"):
        await send(httpx.MockTransport(fail))
