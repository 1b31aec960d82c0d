import re
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest

from alphasms_async.sandbox import Fate
from alphasms_async.verification.web import verification_pages
from tests.doubles import phones
from tests.verification.houses import HOUSES, House, living, problem
from tests.verification.stage import NOON, PHONE, TTL_SECONDS, Fault, cut_off, other_than, refusing

pytestmark = pytest.mark.anyio

MOUNTED = HOUSES[:2]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    """Each event loop; which store there is makes no difference here."""
    return request.param


@pytest.fixture(params=HOUSES, ids=lambda house: house.__name__)
def house(request: pytest.FixtureRequest) -> Any:
    """Each way to have the pages in an application."""
    return request.param


async def test_start_calls_the_phone_once(house: House) -> None:
    """A start is answered with 201, and one call rings the phone."""
    async with living(house) as app:
        answer = await app.post("start", phone="050 123 45 67")
    assert answer.status_code == 201
    assert app.sandbox.rings(PHONE) == 1


async def test_start_tells_id_end_and_hint(house: House) -> None:
    """The answer holds the id, the moment it ends, and the phone with its middle hidden."""
    async with living(house) as app:
        told = (await app.post("start", phone=PHONE)).json()
    ends = datetime.fromisoformat(told.pop("expires_at"))
    assert (ends - NOON).total_seconds() == TTL_SECONDS
    assert ends.tzinfo == UTC
    assert re.fullmatch(r"[\w-]{22,}", told.pop("id"))
    assert told == {"hint": "380*****4567"}


async def test_right_code_verifies_once(house: House) -> None:
    """The code is right the first time, and used up then."""
    async with living(house) as app:
        fields = {"id": await app.started(), "code": app.code()}
        answers = [(await app.post("check", **fields)).json() for _ in range(2)]
    assert answers == [{"verified": True}, {"verified": False}]


@pytest.mark.parametrize("code", ["", "12", "abcd", "0" * 50, "１２３４", "\ud800"], ids=ascii)
async def test_code_that_is_none_is_wrong(house: House, code: str) -> None:
    """Whatever text stands in place of a code is a wrong one, and no error."""
    async with living(house) as app:
        answer = await app.post("check", id=await app.started(), code=code)
    assert (answer.status_code, answer.json()) == (200, {"verified": False})


async def test_unknown_verification_is_a_wrong_code(house: House) -> None:
    """A check tells nobody which ids there are."""
    async with living(house) as app:
        wrong = await app.post("check", id=await app.started(), code=other_than(app.code()))
        unknown = await app.post("check", id="not-one-of-ours", code="0000")
    assert wrong.json() == unknown.json() == {"verified": False}


async def test_resend_sends_by_the_next_channel(house: House) -> None:
    """A resend is answered like the start, and a voice SMS brings another code."""
    async with living(house) as app:
        began = (await app.post("start", phone=PHONE)).json()
        app.time.forward(30)
        answer = await app.post("resend", id=began["id"])
    assert (200, began) == (answer.status_code, answer.json())
    assert [call.kind for call in app.sandbox.calls()] == ["otp", "voice_sms"]


FAULTS = {"refused": refusing('Param "phone" is missing'), "unknown": cut_off}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_phone_that_is_not_called_is_answered_like_any_other(
    house: House, fault: Fault
) -> None:
    """Nothing in the answer tells whether the gateway took the phone."""
    async with living(house) as app:
        app.line.faults.append(fault)
        refused = await app.post("start", phone=PHONE)
        taken = await app.post("start", phone=PHONE)
    told = [{**one.json(), "id": "", "status": one.status_code} for one in (refused, taken)]
    assert told[0] == told[1]
    # The length and the order of the headers might tell as well.
    assert [*refused.headers.items()] == [*taken.headers.items()]


async def test_no_answer_is_for_a_cache(house: House) -> None:
    """Each result says that nobody between us and the person may keep it."""
    async with living(house) as app:
        id = await app.started()
        app.time.forward(30)
        answers = [
            await app.post("start", phone=PHONE),
            await app.post("check", id=id, code=app.code()),
            await app.post("resend", id=id),
        ]
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}


async def test_many_start_at_once(house: House) -> None:
    """Thirty people who start at the same time are each called once, with ids of their own."""
    ids: set[str] = set()
    async with living(house) as app:

        async def begin(phone: str) -> None:
            ids.add(await app.started(phone))

        async with anyio.create_task_group() as group:
            for phone in phones(30):
                group.start_soon(begin, phone)
    assert len(ids) == 30
    assert {app.sandbox.rings(phone) for phone in phones(30)} == {1}


async def test_code_sent_many_times_at_once_verifies_once(house: House) -> None:
    """Of ten checks of the right code at the same time one verifies."""
    told: list[bool] = []
    async with living(house, attempts=10) as app:
        fields = {"id": await app.started(), "code": app.code()}

        async def check() -> None:
            told.append((await app.post("check", **fields)).json()["verified"])

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(check)
    assert sorted(told) == [False] * 9 + [True]


async def test_event_of_the_account_sends_the_next_channel(house: House) -> None:
    """A hook that says that nobody answered has a voice SMS sent at once."""
    async with living(house) as app:
        await app.started()
        app.sandbox.end_call(app.sandbox.calls()[0].id, Fate("NO ANSWER"))
        deliveries = await app.sandbox.post_hooks(app.transport)
        await app.verifier.send_due()
    assert [one.status for one in deliveries] == [200]
    assert [call.kind for call in app.sandbox.calls()] == ["otp", "voice_sms"]


async def test_forged_hook_changes_nothing(house: House) -> None:
    """An event without a token of ours is refused, and nothing more is sent."""
    async with living(house) as app:
        await app.started()
        event = {"id": app.sandbox.calls()[0].id, "phone": PHONE, "status": "NO ANSWER"}
        answer = await app.http.post("/hooks/alphasms?token=AAAA", json=event)
        await app.verifier.send_due()
    assert answer.status_code == 403
    assert app.sandbox.rings(PHONE) == 1


@pytest.mark.parametrize("mounted", MOUNTED, ids=lambda one: one.__name__)
@pytest.mark.parametrize("path", ["/phone/", "/phone/nothing", "/phone/start/"])
async def test_page_that_is_not_there_is_a_problem(mounted: House, path: str) -> None:
    """Below the mount an address that leads nowhere is 404 in problem details."""
    async with living(mounted) as app:
        assert problem(await app.http.post(path, json={"phone": PHONE})) == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_not_allowed(house: House, method: str) -> None:
    """A page is asked by POST alone, and says so in problem details."""
    async with living(house) as app:
        answer = await app.http.request(method, "/phone/start", params={"phone": PHONE})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "application/problem+json"
    assert app.sandbox.calls() == []


async def test_pages_without_their_lifespan_ring_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Mounted in an application without the lifespan the pages answer 503, and the log says why."""
    transport = httpx.ASGITransport(verification_pages)
    async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as http:
        answer = await http.post("/start", json={"phone": PHONE})
    assert problem(answer) == 503
    assert "lifespan=verification_lifespan(…)" in caplog.text
