"""Each call carries a hook of its own, and what comes to it finds its way into the journal."""

import json
import logging
import re
from urllib.parse import urlsplit

import anyio
import anyio.abc
import httpx
import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.event_handlers import EventRecorder
from alphasms_async.campaigns.kinds import Kind, PlayRecording, SpeakSms, SpeakText
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.templates import Template
from alphasms_async.models import CallOutcome
from alphasms_async.webhooks.events import HookKind, Proof
from alphasms_async.webhooks.receiver import WebhookReceiver
from alphasms_async.webhooks.tokens import HookTokens
from tests.campaigns.dialers import HOOK, RECORDING, Gateway, desk, numbered, spoken
from tests.campaigns.hooks import SECRET, URL, hooks
from tests.campaigns.virtual import virtual
from tests.doubles import Answer, phone_of, phones

pytestmark = pytest.mark.anyio

HELLO = Template("Вітаємо!")
RECORDED = PlayRecording(RECORDING, dtmf=True)


def hook_of(request: httpx.Request) -> str:
    """Return the hook that a request to voice.php or json.php carries."""
    if request.url.path.endswith("json.php"):
        return str(json.loads(request.content)["data"][0]["hook"])
    found = re.search(rb'name="hook"\r\n\r\n(\S+)\r\n', request.content)
    assert found is not None
    return found[1].decode()


def proven(hook: str) -> Proof:
    return HookTokens(SECRET).prove(urlsplit(hook).query)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (RECORDED, HookKind.VOICE),
        (SpeakText(HELLO), HookKind.VOICE),
        (SpeakSms(HELLO), HookKind.MESSAGE),
    ],
    ids=["recording", "text", "sms"],
)
async def test_each_call_carries_its_own_hook(kind: Kind, expected: HookKind) -> None:
    """It stands on the given URL, and proves recipient and attempt."""
    gateway = Gateway() if kind is RECORDED else Gateway(then=spoken())
    async with desk(3, gateway, kind=kind) as ready:
        await ready.dial(hooks=hooks())
    given = [hook_of(request) for request in gateway.read]
    assert all(hook.startswith(f"{URL}&token=") for hook in given)
    assert {(proven(hook).kind, proven(hook).ref) for hook in given} == {
        (expected, f"c:{recipient}.1") for recipient in (1, 2, 3)
    }


async def test_the_account_s_hook_is_used_where_none_is_given() -> None:
    """No call carries one then."""
    async with desk(1) as ready:
        await ready.dial()
        assert isinstance(ready.gateway, Gateway)
        assert b'name="hook"' not in ready.gateway.read[0].content


async def test_two_hooks_for_a_call_are_refused() -> None:
    """Before anybody is dialled."""
    async with desk(1, hook=HOOK) as ready:
        with pytest.raises(InvalidRequest, match="the campaign has a hook of its own"):
            await ready.dial(hooks=hooks())
        assert await ready.states() == ["planned"]


class Telling(Gateway):
    """A gateway that posts to each call's hook how the call ended, before it answers or later.

    Args:
        app: Where the hooks lead to.
        words: The outcomes of the calls to each phone, in their order.
        seconds: How long after the answer it posts; below 0 it posts first.
    """

    def __init__(self, app: WebhookReceiver, words: dict[str, list[str]], seconds: float) -> None:
        super().__init__(then=numbered)
        self.posted: list[int] = []
        """The statuses of the answers to what it has posted."""
        self.group: anyio.abc.TaskGroup
        self._app = app
        self._words = words
        self._after = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, and post."""
        response = await super().handle_async_request(request)
        whole = self.read[-1]
        if self._after < 0:
            await self._post(whole)
        else:
            self.group.start_soon(self._post_later, whole)
        return response

    async def _post_later(self, request: httpx.Request) -> None:
        await anyio.sleep(self._after)
        await self._post(request)

    async def _post(self, request: httpx.Request) -> None:
        phone = phone_of(request.content)
        status = self._words[phone].pop(0)
        told = {"id": int(phone[-7:]), "phone": phone, "status": status, "dtmf": "7"}
        if status != "ANSWERED":
            del told["dtmf"]
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app)) as client:
            self.posted.append((await client.post(hook_of(request), json=told)).status_code)


@pytest.mark.parametrize("seconds", [-1, 0, 20])
@virtual
async def test_a_run_hears_of_its_calls_at_their_hooks(seconds: float) -> None:
    """Before the answer and after it; who is not reached is called again by the same run."""
    anna, borys = phones(2)
    async with desk(2, redial=RedialPolicy(1, 60.0)) as ready:
        app = WebhookReceiver(HookTokens(SECRET), EventRecorder(ready.journal))
        words = {anna: ["NO ANSWER", "ANSWERED"], borys: ["ANSWERED"]}
        gateway = Telling(app, words, seconds)
        async with anyio.create_task_group() as gateway.group:
            await ready.dial(gateway, hooks=hooks(), outcomes_seconds=90)
        assert gateway.posted == [200, 200, 200]
        assert gateway.rings == {anna: 2, borys: 1}
        assert [row.digits for row in await ready.rows()] == ["7", "7"]
        assert [row.outcome for row in await ready.rows()] == [CallOutcome.ANSWERED] * 2


def echoing(request: httpx.Request) -> httpx.Response:
    """Refuse, and repeat all that was asked."""
    return httpx.Response(200, json={"errors": [request.content.decode("latin-1")]})


def quoting(request: httpx.Request) -> httpx.Response:
    """Break off, with all that was asked in the error."""
    raise httpx.ReadError(f"cannot read after {request.content!r}")


@pytest.mark.parametrize("answer", [numbered, echoing, quoting])
async def test_no_token_is_said_of_a_run(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in a log, nor in what is written down, whatever the gateway repeats."""
    caplog.set_level(logging.DEBUG)
    gateway = Gateway(then=answer)
    async with desk(1, gateway) as ready:
        run = await ready.dial(hooks=hooks())
        (row,) = await ready.rows()
        said = [caplog.text, repr(run), repr(row), str(row.error), repr(ready.dialers)]
    token = hook_of(gateway.read[0]).partition("token=")[2]
    assert [text for text in said if token in text] == []
