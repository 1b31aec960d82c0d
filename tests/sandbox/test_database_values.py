"""What is kept comes back as it was, each field of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from alphasms_async.sandbox import Fate, Key, Line, Phase, SandboxCall, SandboxMessage, State
from alphasms_async.sandbox.database.standing import Stand
from alphasms_async.sandbox.database.values import as_json, from_json
from alphasms_async.sandbox.entries import SandboxEntry
from alphasms_async.sandbox.hooks.queue import HookDelivery, HookThread, Post
from alphasms_async.sandbox.plans import Plan
from alphasms_async.sandbox.states import Standing

from .receiver import HOOK
from .wire import PHONE, wav

NOW = datetime(2024, 7, 11, 9, 0, 1, 234567, tzinfo=UTC)
LATER = NOW + timedelta(seconds=0.3)

CALL = SandboxCall(
    kind="call/otp",
    phone=PHONE,
    price=Decimal("0.40"),
    id=100500,
    client_id=2**53,
    text="Ваш код \ud800 \0 \u2028",
    hook=HOOK,
    parts=2,
    steps=("voice", "sms"),
    extra={"short_link": "true"},
    at=NOW,
    chaos="charged_no_reply",
    audio=wav(),
    filename="Реклама.wav",
    dtmf=True,
    code="0471",
    voice={"gender": "female"},
)
MESSAGE = SandboxMessage(
    kind="pipeline",
    phone=PHONE,
    price=Decimal("1.20"),
    id=100500,
    client_id=1,
    text="Вітаємо",
    hook=HOOK,
    parts=3,
    steps=("sms",),
    extra={"unsubscribe_link": "1"},
    at=NOW,
    chaos="half_answer",
    sender="MyShop",
    lifetime_seconds=3600,
)
FATE = Fate("BUSY", after_seconds=2.5, talk_seconds=3, digits="7*#", state=State.READ)
LINE = Line(
    phase=Phase.TALKING,
    ringing_at=NOW,
    answered_at=NOW,
    ended_at=LATER,
    keys=(Key("7", NOW), Key("#", LATER)),
    fate=FATE,
)
DELIVERY = HookDelivery(
    entry_id=100500,
    url=HOOK,
    attempt=2,
    at=NOW,
    seconds=0.25,
    pause_seconds=5.0,
    status=500,
    error="ReadError",
    body='{"id": 100500}',
    is_resent=True,
)
POST = Post(CALL, FATE, HOOK, 2, 5.0, is_resent=True)
THREAD = HookThread((DELIVERY,), ((LATER, POST),), (POST,))
STAND = Stand(Standing(State.ROUTING, NOW), LINE, Plan(CALL, FATE, NOW, HOOK), THREAD)


@pytest.mark.parametrize("entry", [CALL, MESSAGE], ids=["call", "message"])
def test_entry_is_as_it_was_accepted(entry: SandboxEntry) -> None:
    """Recording and phone are put to it from elsewhere."""
    given = {"audio": wav(), "handset": None}
    assert from_json(type(entry), as_json(entry), **given) == entry


def test_stand_is_as_it_was() -> None:
    """The state, the line, the plan, and the hooks told, waiting and in flight."""
    # Taken apart, as plans and posts are equal to themselves alone.
    assert attrs.asdict(from_json(Stand, as_json(STAND), entry=CALL)) == attrs.asdict(STAND)


@pytest.mark.parametrize(
    "value",
    [CALL, MESSAGE, FATE, LINE, DELIVERY, POST, THREAD, STAND],
    ids=lambda value: type(value).__name__,
)
def test_example_leaves_no_field_as_it_is_by_itself(value: attrs.AttrsInstance) -> None:
    """A field that is new is to be thought of here, or nobody sees that it is lost."""
    usual = [
        field.name
        for field in attrs.fields(type(value))
        if field.init and getattr(value, field.name) == field.default
    ]
    # It is the phone that rings, which no file keeps.
    assert usual == (["handset"] if value is CALL else [])


def test_json_has_neither_the_recording_nor_the_whole_in_a_part() -> None:
    """They would stand there many times over."""
    assert {"audio", "handset", "entry"}.isdisjoint(as_json(CALL).split('"'))
    assert "entry" not in as_json(STAND).split('"')


@pytest.mark.parametrize("text", ["{", "[]", '{"phase":"dead"}', '{"keys":7}', '{"new":1}'])
def test_rubbish_is_refused(text: str) -> None:
    """Whatever it is, nothing is made of it."""
    with pytest.raises((ArithmeticError, AttributeError, LookupError, TypeError, ValueError)):
        from_json(Line, text)
