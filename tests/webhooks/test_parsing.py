import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import HookUnreadable
from alphasms_async.models import CallOutcome, State
from alphasms_async.webhooks import (
    HookEvent,
    HookKind,
    MessageEvent,
    OtpEvent,
    Proof,
    VoiceEvent,
    parse_event,
)
from tests.webhooks.hooks import DOCUMENTED, REF, query_of

PROOFS: dict[HookKind, Proof] = {
    HookKind.VOICE: Proof(HookKind.VOICE, REF, None),
    HookKind.OTP: Proof(HookKind.OTP, REF, None),
    HookKind.MESSAGE: Proof(HookKind.MESSAGE, REF, None),
    HookKind.ACCOUNT: Proof(HookKind.ACCOUNT, None, None),
}

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
AS_FORM = b"id=100500&phone=380501234567&status=ANSWERED&duration=123&dtmf=7"


def read(
    body: bytes | dict[str, Any] = b"",
    kind: HookKind | None = HookKind.VOICE,
    *,
    query: str = "",
    headers: Any = (),
    method: str = "POST",
) -> HookEvent:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_event(method, query, headers, sent, proof=PROOFS[kind] if kind else None)


SHAPES: dict[str, tuple[str, str, Any, bytes]] = {
    "JSON": ("POST", "", JSON, DOCUMENTED),
    "JSON without a content type": ("POST", "", {}, DOCUMENTED),
    "JSON that says it is a form": ("POST", "", FORM, DOCUMENTED),
    "JSON behind spaces": ("POST", "", JSON, b"\r\n \t" + DOCUMENTED),
    "JSON behind a mark of order": ("POST", "", {}, b"\xef\xbb\xbf" + DOCUMENTED),
    "JSON in a list": ("POST", "", JSON, b"[" + DOCUMENTED + b"]"),
    "JSON with a query": ("POST", "id=1&status=BUSY&token=x", JSON, DOCUMENTED),
    "JSON by GET": ("GET", "", JSON, DOCUMENTED),
    "raw ASGI headers": ("POST", "", [(b"Content-Type", b"application/json")], DOCUMENTED),
    "pairs of headers": ("POST", "", [("CONTENT-TYPE", "application/json")], DOCUMENTED),
    "a method in small letters": ("post", "", {}, DOCUMENTED),
    "form": ("POST", "", FORM, AS_FORM),
    "form with a charset": (
        "POST",
        "",
        {"Content-Type": f"{FORM['content-type']}; charset=UTF-8"},
        AS_FORM,
    ),
    "form without a content type": ("POST", "", {}, AS_FORM),
    "form of plain text": ("POST", "", {"content-type": "text/plain"}, AS_FORM),
    "query by GET": ("GET", AS_FORM.decode(), {}, b""),
    "query by POST": ("POST", AS_FORM.decode(), {}, b""),
    "query and an empty form": ("POST", AS_FORM.decode(), FORM, b"\r\n"),
    "query glued on with a second question mark": ("GET", f"token=x?{AS_FORM.decode()}", {}, b""),
    "query behind the hook's own": ("GET", f"id=7&{AS_FORM.decode()}", {}, b""),
}


@pytest.mark.parametrize(("method", "query", "headers", "body"), SHAPES.values(), ids=SHAPES)
def test_event_reads_the_same_in_every_shape(
    method: str, query: str, headers: Any, body: bytes
) -> None:
    """JSON, a form and a query string that say the same are the same event."""
    proof = PROOFS[HookKind.VOICE]
    assert parse_event(method, query, headers, body, proof=proof) == VoiceEvent(
        id=100500,
        phone="380501234567",
        raw="ANSWERED",
        proof=proof,
        outcome=CallOutcome.ANSWERED,
        seconds=123,
        digits="7",
    )


IDS: dict[str, tuple[Any, int | None]] = {
    "a number": (100500, 100500),
    "digits": ("100500", 100500),
    "digits with spaces": (" 100500 ", 100500),
    "a whole number with a point": (100500.0, 100500),
    "the first": (1, 1),
    "the last": (2**63 - 1, 2**63 - 1),
    "one too many": (2**63, None),
    "none": (0, None),
    "below": (-1, None),
    "no whole number": (1.5, None),
    "a word": ("abc", None),
    "nothing": (None, None),
    "empty": ("", None),
    "true": (True, None),
    "a list": ([100500], None),
    "an object": ({"id": 1}, None),
    "digits beyond ASCII": ("٣", None),
}


@pytest.mark.parametrize(("told", "id"), IDS.values(), ids=IDS)
def test_id_is_a_number_of_the_gateway(told: Any, id: int | None) -> None:
    """An id is read as a number or digits; one that no gateway gave is none."""
    assert read({"id": told, "status": "BUSY"}).id == id


def test_whole_number_with_a_point_stays_exact() -> None:
    """An id that no float can hold is not rounded to its neighbour."""
    assert read(b'{"id": 9007199254740993.0, "status": "BUSY"}').id == 9007199254740993


NAMED_IDS: dict[str, tuple[dict[str, Any], int | None, int | None]] = {
    "id": ({"id": 5}, 5, None),
    "msg_id": ({"msg_id": 5}, 5, None),
    "sms_id": ({"sms_id": "5"}, 5, None),
    "id beside msg_id": ({"id": 7, "msg_id": 5}, 5, 7),
    "id beside sms_id": ({"id": "7", "sms_id": "5"}, 5, 7),
    "id beside client_id": ({"id": 5, "client_id": 7}, 5, 7),
    "all": ({"id": 9, "client_id": 7, "msg_id": 5}, 5, 7),
    "in capitals": ({"ID": 7, "MSG_ID": 5}, 5, 7),
}


@pytest.mark.parametrize(("told", "id", "client_id"), NAMED_IDS.values(), ids=NAMED_IDS)
def test_ids_are_told_apart_by_their_names(
    told: dict[str, Any],
    id: int | None,
    client_id: int | None,
) -> None:
    """Beside an id of the gateway's own name, `id` is ours, as on json.php and xml.php."""
    event = read({**told, "status": "DELIVERED"}, HookKind.MESSAGE)
    assert isinstance(event, MessageEvent)
    assert (event.id, event.client_id) == (id, client_id)


PHONES: dict[str, tuple[Any, str | None]] = {
    "digits": ("380501234567", "380501234567"),
    "a number": (380501234567, "380501234567"),
    "a plus": ("+380501234567", "380501234567"),
    "a plus that a form made a space": (" 380501234567", "380501234567"),
    "as people write it": ("+38 (050) 123-45-67", "380501234567"),
    "a short number": ("10501", "10501"),
    "masked": ("38050*****67", None),
    "a name": ("anonymous", None),
    "too long": ("1" * 16, None),
    "nothing": (None, None),
    "true": (True, None),
    "digits beyond ASCII": ("٣٨٠٥٠١٢٣٤٥٦٧", None),
}


@pytest.mark.parametrize(("told", "phone"), PHONES.values(), ids=PHONES)
def test_phone_is_its_digits(told: Any, phone: str | None) -> None:
    """A number is read with and without a plus; what is none counts as not told."""
    assert read({"id": 1, "status": "BUSY", "phone": told}).phone == phone


SECONDS: dict[str, tuple[Any, int | None]] = {
    "a number": (123, 123),
    "digits": ("123", 123),
    "none": (0, 0),
    "part of one": (12.7, 12),
    "a week": (604_800, 604_800),
    "longer": (604_801, None),
    "below": (-1, None),
    "part of one below": (-1.5, None),
    "a clock": ("00:02:03", None),
    "empty": ("", None),
    "nothing": (None, None),
    "true": (True, None),
}


@pytest.mark.parametrize(("told", "seconds"), SECONDS.values(), ids=SECONDS)
def test_duration_is_in_whole_seconds(told: Any, seconds: int | None) -> None:
    """A duration from 0 seconds to a week is read; any other counts as not told."""
    event = read({"id": 1, "status": "ANSWERED", "duration": told})
    assert isinstance(event, VoiceEvent)
    assert event.seconds == seconds


DIGITS: dict[str, tuple[Any, str | None]] = {
    "a digit": ("7", "7"),
    "a number": (7, "7"),
    "zero": (0, "0"),
    "a whole number with a point": (7.0, "7"),
    "leading zeros": ("0071", "0071"),
    "star and hash": ("*12#", "*12#"),
    "empty": ("", None),
    "spaces": ("  ", None),
    "letters": ("abc", None),
    "no keys": (False, None),
    "waiting for a key": (True, None),
    "nothing": (None, None),
    "below": (-1, None),
    "a list": (["7"], None),
    "101 keys": ("1" * 101, None),
}


@pytest.mark.parametrize(("told", "digits"), DIGITS.values(), ids=DIGITS)
def test_keys_pressed_are_digits_star_and_hash(told: Any, digits: str | None) -> None:
    """Keys keep their leading zeros; none pressed is `None`."""
    event = read({"id": 1, "status": "ANSWERED", "dtmf": told})
    assert isinstance(event, VoiceEvent)
    assert event.digits == digits


EVENTS: dict[str, tuple[HookKind | None, dict[str, Any], type[HookEvent]]] = {
    "a call": (HookKind.VOICE, {"status": "BUSY"}, VoiceEvent),
    "a call in a message's word": (HookKind.VOICE, {"status": "DELIVERED"}, VoiceEvent),
    "a flash call": (HookKind.OTP, {"status": "ANSWERED", "duration": 3}, OtpEvent),
    "a message": (HookKind.MESSAGE, {"status": "DELIVERED"}, MessageEvent),
    "a message in a strange word": (HookKind.MESSAGE, {"status": "SEEN"}, MessageEvent),
    "a message with a duration": (
        HookKind.MESSAGE,
        {"status": "DELIVERED", "duration": 9},
        VoiceEvent,
    ),
    "a message with keys": (HookKind.MESSAGE, {"status": "DELIVERED", "dtmf": "1"}, VoiceEvent),
    "a message with no keys": (HookKind.MESSAGE, {"status": "READ", "dtmf": ""}, MessageEvent),
    "a message in a call's word": (HookKind.MESSAGE, {"status": "no_answer"}, VoiceEvent),
    "the account's call": (HookKind.ACCOUNT, {"status": "BUSY"}, VoiceEvent),
    "the account's message": (HookKind.ACCOUNT, {"status": "DELIVERED"}, MessageEvent),
    "the account's code": (HookKind.ACCOUNT, {"status": 3}, MessageEvent),
    "the account's strange word": (HookKind.ACCOUNT, {"status": "SEEN"}, VoiceEvent),
    "the account's duration": (HookKind.ACCOUNT, {"status": "READ", "duration": 0}, VoiceEvent),
    "a call without proof": (None, {"status": "BUSY"}, VoiceEvent),
    "a message without proof": (None, {"status": "EXPIRED"}, MessageEvent),
}


@pytest.mark.parametrize(("kind", "fields", "event"), EVENTS.values(), ids=EVENTS)
def test_kind_of_the_event_is_that_of_its_hook(
    kind: HookKind | None, fields: dict[str, Any], event: type[HookEvent]
) -> None:
    """A hook's kind decides; for the account's, and without proof, the fields and the word do."""
    assert type(read({"id": 1, **fields}, kind)) is event


def test_call_in_the_words_of_a_message_has_an_outcome() -> None:
    """A delivered voice SMS was a call that was answered."""
    event = read({"id": 1, "status": "DELIVERED", "duration": 9}, HookKind.MESSAGE)
    assert isinstance(event, VoiceEvent)
    assert event.outcome is CallOutcome.ANSWERED


def test_flash_call_tells_whether_it_reached() -> None:
    """An event of a flash call is a yes or a no."""
    event = read({"id": 1, "status": "NO ANSWER"}, HookKind.OTP)
    assert isinstance(event, OtpEvent)
    assert event.is_reached is False


@pytest.mark.parametrize("kind", HookKind)
def test_unknown_word_is_kept(kind: HookKind) -> None:
    """A word that nobody documented stands in `raw` as it came."""
    assert read({"id": 1, "status": " Gone_fishing "}, kind).raw == "Gone_fishing"


def test_status_may_be_called_state() -> None:
    """The status is found under its other name."""
    event = read({"id": 1, "state": "UNDELIVERABLE"}, HookKind.MESSAGE)
    assert isinstance(event, MessageEvent)
    assert event.state is State.UNDELIVERABLE


def test_status_may_be_a_code() -> None:
    """A number is understood as the status interfaces' code, and kept as its digits."""
    event = read({"id": 1, "status": 102}, HookKind.MESSAGE)
    assert isinstance(event, MessageEvent)
    assert (event.state, event.raw) == (State.DELIVERED, "102")


def test_word_can_be_stored_anywhere() -> None:
    """What no database and no terminal takes is out of the word, and the word is not long."""
    event = read({"id": 1, "status": "A\0B\ud800C\x1b[31m\n" + "D" * 200})
    assert event.raw.startswith("A�B�C�[31m D")
    assert len(event.raw) == 100


def test_fields_are_kept_as_they_came() -> None:
    """Fields that nobody documented are there for whoever knows them."""
    event = read({"id": "1", "status": "BUSY", "operator": {"name": "Kyivstar"}})
    assert event.fields == {"id": "1", "status": "BUSY", "operator": {"name": "Kyivstar"}}


@pytest.mark.parametrize(
    "glued", ["{}&id=1&status=BUSY", "{}?id=1&status=BUSY", "id=1&status=BUSY&{}"]
)
def test_token_is_no_field(glued: str) -> None:
    """The proof does not stand among the fields, where it might be logged or stored."""
    event = read(query=glued.format(query_of()), method="GET")
    assert event.fields == {"id": "1", "status": "BUSY"}


def test_event_prints_no_whole_number() -> None:
    """A repr masks the phone, wherever the gateway has put it, and long runs of keys."""
    told = {"id": 1, "phone": "380501234567", "dtmf": "4111111111111111"}
    shown = repr(read({**told, "status": "no way to +38 050 123 45 67"}))
    assert "1234567" not in shown.replace(" ", "")
    assert "4111111111111111" not in shown


UNREADABLE: dict[str, tuple[str, Any]] = {
    "nothing": ("", b""),
    "an empty object": ("", b"{}"),
    "an empty list": ("", b"[]"),
    "a list of two": ("", b"[" + DOCUMENTED + b"," + DOCUMENTED + b"]"),
    "a list of a list": ("", b"[[" + DOCUMENTED + b"]]"),
    "half an object": ("", DOCUMENTED[:-1]),
    "JSON and more": ("", DOCUMENTED + b"x"),
    "no status": ("", {"id": 1, "phone": "380501234567"}),
    "an empty status": ("", {"id": 1, "status": " "}),
    "a null status": ("", {"id": 1, "status": None}),
    "a true status": ("", {"id": 1, "status": True}),
    "a status in a list": ("", {"id": 1, "status": ["BUSY"]}),
    "a status in parts": ("", {"id": 1, "status": 1.5}),
    "a key twice": ("", b'{"id": 1, "status": "BUSY", "status": "ANSWERED"}'),
    "no number": ("", b'{"id": NaN, "status": "BUSY"}'),
    "an endless number": ("", b'{"id": -Infinity, "status": "BUSY"}'),
    "five thousand digits": ("", b'{"status": "BUSY", "id": ' + b"9" * 5000 + b"}"),
    "an exponent beyond all": ("", b'{"status": "BUSY", "id": 1e' + b"9" * 30 + b"}"),
    "deep lists": ("", b'{"status": "BUSY", "a": ' + b"[" * 100_000),
    "deep objects": ("", b'{"a":' * 100_000),
    "deep and closed": ("", b'{"status": "BUSY", "a": ' + b"[" * 9_000 + b"]" * 9_000 + b"}"),
    "UTF-16": ("", DOCUMENTED.decode().encode("utf-16")),
    "a form in another code": ("", "статус=так".encode("cp1251")),
    "thousands of fields": ("", b"&".join(b"a=1" for _ in range(5_000))),
    "XML": ("", b"<status id='1'>102</status>"),
    "a body without a status beside a query with one": ("id=1&status=BUSY", b"id=1"),
    "a query without a status": ("id=1", b""),
    "a token only": ("token=x", b""),
}


@pytest.mark.parametrize(("query", "body"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_event_is_unreadable(query: str, body: Any) -> None:
    """What does not say what happened is refused in one line."""
    with pytest.raises(HookUnreadable) as e:
        read(body, query=query)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("method", ["PUT", "HEAD", "", "\0"])
def test_other_method_is_unreadable(method: str) -> None:
    """An event comes by GET or POST."""
    with pytest.raises(HookUnreadable, match="GET or POST"):
        read(DOCUMENTED, method=method)


def test_json_that_is_none_is_not_read_as_a_form() -> None:
    """A body that says it is JSON is not searched for fields of a form."""
    with pytest.raises(HookUnreadable, match="JSON object"):
        read(AS_FORM, headers=JSON)


@pytest.mark.parametrize("kind", [HookKind.ACCOUNT, None])
def test_event_of_nothing_is_unreadable(kind: HookKind | None) -> None:
    """Without an id, a phone and a ref nobody can say what it is of."""
    with pytest.raises(HookUnreadable, match="nothing in the event says"):
        read({"status": "ANSWERED"}, kind)


def test_ref_is_enough_to_say_what_it_is_of() -> None:
    """An event of one call's hook needs no id."""
    assert read({"status": "ANSWERED"}).ref == REF


def test_refusal_quotes_nothing() -> None:
    """The one line of a refusal holds no value of the body."""
    with pytest.raises(HookUnreadable) as e:
        read({"id": 100500, "phone": "380501234567", "code": "0471"})
    assert not any(character.isdigit() for character in str(e.value))


@pytest.mark.parametrize("exponent", [19, 400, 999_999_999])
def test_enormous_numbers_are_not_written_out(exponent: int) -> None:
    """A number of a billion digits counts as not told, and takes no memory."""
    body = '{"id": 1E%d, "duration": 1E%d, "dtmf": 1E%d, "status": "BUSY"}'
    event = read((body % (exponent, exponent, exponent)).encode())
    assert isinstance(event, VoiceEvent)
    assert (event.id, event.seconds, event.digits) == (None, None, None)


names = st.sampled_from(
    ["id", "msg_id", "sms_id", "client_id", "phone", "status", "state", "duration", "dtmf", "x"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def outcome_of_reading(
    body: bytes, kind: HookKind, query: str | bytes = "", headers: Any = ()
) -> type[HookEvent] | None:
    try:
        return type(parse_event("POST", query, headers, body, proof=PROOFS[kind]))
    except HookUnreadable:
        return None


@given(fields=st.dictionaries(names, values), kind=st.sampled_from(HookKind))
def test_no_json_raises_anything_else(fields: dict[str, Any], kind: HookKind) -> None:
    """Whatever a JSON object holds, it is an event or unreadable."""
    event = outcome_of_reading(json.dumps(fields).encode(), kind)
    assert event in {VoiceEvent, OtpEvent, MessageEvent, None}


@given(
    body=st.binary(),
    query=st.binary() | st.text(),
    headers=st.lists(st.tuples(st.binary(), st.binary())),
    kind=st.sampled_from(HookKind),
)
def test_no_bytes_raise_anything_else(
    body: bytes, query: str | bytes, headers: Any, kind: HookKind
) -> None:
    """Whatever a request is made of, it is an event or unreadable."""
    event = outcome_of_reading(body, kind, query, headers)
    assert event in {VoiceEvent, OtpEvent, MessageEvent, None}
