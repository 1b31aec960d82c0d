import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alphasms_async import AlphaSMSError, InvalidRecording, OutcomeUnknown
from alphasms_async.verification import Limit, Limits, SqliteStore
from alphasms_async.verification.web import answer_problem
from tests.sounds import wav
from tests.verification.houses import (
    HOUSES,
    House,
    Tenant,
    in_fastapi_router,
    in_starlette,
    living,
    problem,
)
from tests.verification.stage import PHONE, Carry, refusing, unreachable
from tests.webhooks.raw import LEFT, part

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    """Each event loop; which store there is makes no difference here."""
    return request.param


@pytest.fixture(params=HOUSES, ids=lambda house: house.__name__)
def house(request: pytest.FixtureRequest) -> Any:
    """Each way to have the pages in an application."""
    return request.param


BODIES = {
    "empty": b"",
    "cut off": b'{"phone": "3805012',
    "a form": b"phone=380501234567",
    "a list": b'[{"phone": "380501234567"}]',
    "text": b'"380501234567"',
    "null": b"null",
    "no UTF-8": b'{"phone": "\xff"}',
    "nested": b"[" * 4096,
    "nested in a field": b'{"phone": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "one key twice": b'{"phone": "380501234567", "phone": "380501234568"}',
    "not a number": b'{"phone": NaN}',
}


@pytest.mark.parametrize("page", ["start", "check", "resend"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_body_that_is_no_json_object_is_a_problem(
    house: House, page: str, body: bytes
) -> None:
    """What cannot be read as one object is refused, and rings nobody."""
    async with living(house) as app:
        assert problem(await app.send(page, body)) == 400
        assert app.sandbox.calls() == []


TYPES = ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", ";"]


@pytest.mark.parametrize("content_type", TYPES)
async def test_body_that_is_not_called_json_is_refused(house: House, content_type: str) -> None:
    """A form of another site, which a browser sends unasked, rings nobody."""
    async with living(house) as app:
        answer = await app.send("start", b'{"phone": "380501234567"}', content_type)
        assert problem(answer) == 415
        assert app.sandbox.calls() == []


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_body_may_be_called_json_as_http_allows(house: House, content_type: str) -> None:
    """A parameter behind the type, or other letters, change nothing."""
    async with living(house) as app:
        answer = await app.send("start", b'{"phone": "380501234567"}', content_type)
    assert answer.status_code == 201


@pytest.mark.parametrize(("longer", "status"), [(0, 201), (1, 413)])
async def test_body_has_4096_bytes_at_most(house: House, longer: int, status: int) -> None:
    """A body of 4096 bytes is read, one with a byte more is refused."""
    body = b'{"phone": "380501234567"}'
    async with living(house) as app:
        sent = await app.by_hand("start", part(body + b" " * (4096 + longer - len(body))))
    assert sent[0]["status"] == status


async def test_long_body_in_pieces_is_refused(house: House) -> None:
    """A body that does not say how long it is counts as it comes, and is not read to its end."""
    async with living(house) as app:
        sent = await app.by_hand("start", *[part(b" " * 1000, more=True)] * 5)
    assert sent[0]["status"] == 413


FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "no phone": ("start", {}),
    "a phone that is a number": ("start", {"phone": 380501234567}),
    "a phone of letters": ("start", {"phone": "call me"}),
    "an empty phone": ("start", {"phone": ""}),
    "a short code": ("start", {"phone": "101"}),
    "a phone of no range": ("start", {"phone": "+380001234567"}),
    "half a character": ("start", {"phone": "\ud800"}),
    "a long text": ("start", {"phone": "0" * 4000}),
    "no id to check": ("check", {"code": "1234"}),
    "no code": ("check", {"id": "A" * 24}),
    "a code that is a number": ("check", {"id": "A" * 24, "code": 1234}),
    "an empty id": ("check", {"id": "", "code": "1234"}),
    "an id of another alphabet": ("check", {"id": "' or 1=1 --", "code": "1234"}),
    "half a character as id": ("check", {"id": "\ud800", "code": "1234"}),
    "an id with a NUL": ("check", {"id": "A\0B", "code": "1234"}),
    "an id that is a list": ("resend", {"id": ["A"]}),
    "no id": ("resend", {}),
}


@pytest.mark.parametrize(("page", "fields"), FIELDS.values(), ids=FIELDS)
async def test_bad_field_is_a_problem(house: House, page: str, fields: dict[str, Any]) -> None:
    """A field that is missing or cannot be used is 422, and rings nobody."""
    async with living(house) as app:
        assert problem(await app.post(page, **fields)) == 422
        assert app.sandbox.calls() == []


@pytest.mark.parametrize(
    ("phone", "says"),
    [
        ("12", "the phone is a short code or too short"),
        ("hello", "the phone has letters in it: use international form"),
        ("+380 00 123 45 67", "the phone is not in any operator's range: use international form"),
        (" ", "the phone number is empty: use international form"),
    ],
)
async def test_bad_phone_is_told_in_a_sentence(house: House, phone: str, says: str) -> None:
    """The answer says what is wrong with the phone, and shows no stars in place of it."""
    async with living(house) as app:
        told = (await app.post("start", phone=phone)).json()["detail"]
    assert told.startswith(says)


async def _over(app: Tenant) -> httpx.Response:
    id = await app.started()
    await app.post("check", id=id, code=app.code())
    return await app.post("resend", id=id)


async def _unknown(app: Tenant) -> httpx.Response:
    await app.started()
    return await app.post("resend", id="A" * 24)


async def _of_another_kind(app: Tenant) -> httpx.Response:
    verification = await app.verifier.confirm(PHONE, wav())
    return await app.post("resend", id=verification.id)


async def _too_soon(app: Tenant) -> httpx.Response:
    return await app.post("resend", id=await app.started())


async def _too_many(app: Tenant) -> httpx.Response:
    await app.started()
    return await app.post("start", phone=PHONE)


async def _not_sent(app: Tenant) -> httpx.Response:
    app.line.faults.append(unreachable)
    return await app.post("start", phone=PHONE)


async def _too_fast(app: Tenant) -> httpx.Response:
    async def wait(request: httpx.Request, _carry: Carry) -> httpx.Response:
        await request.aread()
        return httpx.Response(429, headers={"retry-after": "7"})

    app.line.faults.append(wait)
    return await app.post("start", phone=PHONE)


Ask = Callable[[Tenant], Awaitable[httpx.Response]]
ANSWERS: dict[str, tuple[Ask, int, str | None]] = {
    "a verification that is used": (_over, 404, None),
    "a verification nobody knows": (_unknown, 404, None),
    "a confirmation sent again": (_of_another_kind, 409, None),
    "a resend too soon": (_too_soon, 429, "30"),
    "a phone called too often": (_too_many, 429, "600"),
    "a call that did not leave": (_not_sent, 503, "5"),
    "a gateway that asks to wait": (_too_fast, 503, "7"),
}


@pytest.mark.parametrize(("ask", "status", "wait"), ANSWERS.values(), ids=ANSWERS)
async def test_error_is_a_problem(house: House, ask: Ask, status: int, wait: str | None) -> None:
    """Each error has its status, and tells for how long to wait where that helps."""
    async with living(house, limits=Limits(starts=None, per_phone=Limit(1, 600))) as app:
        answer = await ask(app)
    assert problem(answer) == status
    assert answer.headers.get("retry-after") == wait


async def test_unknown_and_used_verification_are_told_alike(house: House) -> None:
    """A stranger does not learn which ids there were."""
    async with living(house) as app:
        used = await _over(app)
        unknown = await _unknown(app)
    assert used.content == unknown.content


REFUSALS = ["Wrong API key", "Banned", "API disabled", "IP denied", "Insufficient funds"]


@pytest.mark.parametrize("text", REFUSALS)
async def test_refusal_of_the_account_stays_with_us(
    house: House, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The public learns that no code can be sent; what is wrong with our account, the log does."""
    async with living(house) as app:
        app.line.faults.append(refusing(text))
        answer = await app.post("start", phone=PHONE)
    assert problem(answer) == 502
    assert answer.json()["detail"] == "no code can be sent at the moment"
    assert text in caplog.text


async def test_store_that_fails_is_a_problem(
    house: House,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A store that cannot be used is 503, and its place stands in the log alone."""
    store, nowhere = (
        SqliteStore(tmp_path / "good.db"),
        SqliteStore(tmp_path / "no-folder" / "bad.db"),
    )
    # On entering, a store that is nowhere would be told to whoever starts the application.
    monkeypatch.setattr(store, "take", nowhere.take)
    async with living(house, store) as app:
        answer = await app.post("start", phone=PHONE)
    assert problem(answer) == 503
    assert "no-folder" not in answer.text
    assert "no-folder" in caplog.text


async def test_failed_start_shows_no_phone(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the answer nor the log shows the phone whole."""
    async with living(house) as app:
        app.line.faults.append(refusing("Banned"))
        answer = await app.post("start", phone=PHONE)
    assert PHONE not in answer.text + caplog.text
    assert "380*****4567" in caplog.text


async def test_slow_body_is_a_problem(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come in time is given up."""
    monkeypatch.setattr("alphasms_async.verification.web.pages._BODY_SECONDS", 0.01)
    async with living(house) as app:
        sent = await app.by_hand("start", part(b"{", more=True))
    assert sent[0]["status"] == 408


async def test_person_who_leaves_is_called_by_nobody(house: House) -> None:
    """A request that is cut off in its body rings nobody."""
    async with living(house) as app:
        sent = await app.by_hand("start", part(b'{"phone": "380501234567"}', more=True), LEFT)
        assert app.sandbox.calls() == []
    assert sent[0]["status"] == 400


async def _answer(error: Exception) -> httpx.Response:
    async def fail(_request: Request) -> Response:
        raise error

    app = Starlette(
        routes=[Route("/", fail)],
        exception_handlers={AlphaSMSError: answer_problem},
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as http:
        return await http.get("/")


async def test_unknown_outcome_is_no_reason_to_ask_again() -> None:
    """In a page of one's own a call that may ring is 502, and nobody is told to repeat it."""
    answer = await _answer(OutcomeUnknown("it left"))
    assert problem(answer) == 502
    assert "retry-after" not in answer.headers


async def test_fault_of_ours_tells_nothing() -> None:
    """In a page of one's own whatever else is wrong with us is 503, and its text stays here."""
    answer = await _answer(InvalidRecording("/srv/promo.wav is no WAV"))
    assert problem(answer) == 503
    assert "promo" not in answer.text


async def test_foreign_error_is_raised_again() -> None:
    """An error that is not of this package is left to the application."""
    with pytest.raises(ZeroDivisionError):
        await answer_problem(Request({"type": "http"}), ZeroDivisionError())


texts = st.text(max_size=40) | st.sampled_from(["380501234567x", "+38", "0", "\ud800", "\0"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
objects = st.dictionaries(st.sampled_from(["phone", "id", "code", "Phone"]) | st.text(), values)
pages = st.sampled_from(["start", "check", "resend"])


@pytest.mark.parametrize("house", [in_starlette, in_fastapi_router])
@settings(max_examples=50)
@given(body=st.binary(max_size=300), page=pages)
async def test_random_body_is_a_problem(house: House, body: bytes, page: str) -> None:
    """Whatever bytes come, the answer is a problem of the one who sent them."""
    async with living(house) as app:
        assert 400 <= problem(await app.send(page, body)) < 500
        assert app.sandbox.calls() == []


@pytest.mark.parametrize("house", [in_starlette, in_fastapi_router])
@settings(max_examples=50)
@given(fields=objects, page=pages)
async def test_random_fields_are_no_error_of_ours(
    house: House, fields: dict[str, Any], page: str
) -> None:
    """Whatever stands in the fields, no code is right, and nothing fails on our side."""
    async with living(house) as app:
        answer = await app.send(page, json.dumps(fields).encode())
    assert answer.status_code in {200, 400, 404, 422}
    assert answer.status_code != 200 or answer.json() == {"verified": False}
