"""Each call's own hook, and what an event that comes there means for a campaign."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.events import CallEvent, Ref
from alphasms_async.campaigns.hooks import CallHooks, call_event_of
from alphasms_async.campaigns.kinds import Kind, PlayRecording, SpeakSms, SpeakText
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.templates import Template
from alphasms_async.models import CallOutcome, State
from alphasms_async.webhooks.events import (
    HookEvent,
    HookKind,
    MessageEvent,
    OtpEvent,
    Proof,
    VoiceEvent,
)
from alphasms_async.webhooks.tokens import HookTokens
from tests.campaigns.dialers import RECORDING
from tests.campaigns.hooks import SECRET, URL, account, called, hooks, proof
from tests.campaigns.journals import NOON
from tests.doubles import PHONE

REF = Ref(12, 3)
CLAIMED = Claimed(REF, 1, PHONE, {}, None)
TEMPLATE = Template("Вітаємо!")
RECORDED = PlayRecording(RECORDING)
STRANGERS = ["v:12.3", "12.3", "c:12", "c:12.3.4", "c:12.3 ", "C:12.3", "c:-1.3", "c:١.1", "c:.1"]

MEANINGS = {
    State.DELIVERED: CallOutcome.ANSWERED,
    State.PARTIALLY_DELIVERED: CallOutcome.ANSWERED,
    State.READ: CallOutcome.ANSWERED,
    State.UNDELIVERABLE: CallOutcome.NO_ANSWER,
    State.EXPIRED: CallOutcome.NO_ANSWER,
    State.REJECTED: CallOutcome.FAILED,
    State.DELETED: CallOutcome.FAILED,
}


def proven(hook: str) -> Proof:
    return HookTokens(SECRET).prove(urlsplit(hook).query)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (RECORDED, HookKind.VOICE),
        (SpeakText(TEMPLATE), HookKind.VOICE),
        (SpeakSms(TEMPLATE), HookKind.MESSAGE),
    ],
)
def test_a_hook_proves_whose_call_it_is(kind: Kind, expected: HookKind) -> None:
    """It names recipient and attempt, and what is told of them: a call or a message."""
    told = proven(hooks().of(CLAIMED, kind))
    assert (told.kind, told.ref) == (expected, "c:12.3")


def test_a_hook_keeps_the_url_it_stands_on() -> None:
    """Its path and its query are as they were; the token comes behind them."""
    assert hooks().of(CLAIMED, RECORDED).startswith(f"{URL}&token=")


@pytest.mark.parametrize(
    ("facts", "lifetime"),
    [({}, timedelta(days=7)), ({"lifetime": timedelta(hours=1)}, timedelta(hours=1))],
)
def test_a_hook_holds_for_a_week(facts: dict[str, Any], lifetime: timedelta) -> None:
    """From when the call was begun; another time may be given."""
    tokens = HookTokens(SECRET, clock=lambda: NOON)
    hook = CallHooks(tokens, URL, **facts).of(CLAIMED, RECORDED)
    assert tokens.prove(urlsplit(hook).query).expires_at == NOON + lifetime


def test_two_attempts_have_two_hooks() -> None:
    """What is told of the first says nothing of the second."""
    again = Claimed(Ref(12, 4), 1, PHONE, {}, None)
    assert hooks().of(CLAIMED, RECORDED) != hooks().of(again, RECORDED)


@pytest.mark.parametrize(
    "url",
    [
        "app.example/hooks",
        "http://app.example/hooks",
        "https://app.example/hooks#top",
        "https://app.example/hooks?token=x",
        "https://user:password@app.example/hooks",
        f"https://app.example/{'x' * 1950}",
        "",
    ],
)
def test_a_url_that_cannot_be_a_hook_is_refused_at_once(url: str) -> None:
    """Before anybody is dialled, one included that is too long with its longest token alone."""
    with pytest.raises(InvalidRequest):
        hooks(url)


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(seconds=-1), 60, None])
def test_a_hook_that_never_holds_is_refused(lifetime: Any) -> None:
    """In one line that says what would be right."""
    with pytest.raises(InvalidRequest, match="a timedelta above 0"):
        hooks(lifetime=lifetime)


def test_hooks_show_neither_url_nor_secret() -> None:
    """The query of a URL may be a secret too."""
    shown = repr(hooks())
    assert SECRET not in shown
    assert "shop" not in shown


def test_an_event_of_a_call_tells_all_it_knows() -> None:
    """Whose it is comes from the proof, all else from the body."""
    told = call_event_of(
        called(REF, id=100500, phone=PHONE, seconds=21, digits="12#", raw="ANSWERED")
    )
    assert told == CallEvent(
        outcome=CallOutcome.ANSWERED,
        ref=REF,
        id=100500,
        phone=PHONE,
        seconds=21,
        digits="12#",
        raw="ANSWERED",
    )


@pytest.mark.parametrize("state", State)
def test_the_state_of_a_message_is_an_outcome(state: State) -> None:
    """One that is not final proves that there is a call, and no more."""
    told = call_event_of(MessageEvent(state=state, proof=proof(REF, HookKind.MESSAGE)))
    expected = MEANINGS.get(state, CallOutcome.UNKNOWN)
    assert told == CallEvent(outcome=expected, ref=REF)
    assert state.is_final == (expected is not CallOutcome.UNKNOWN)


@pytest.mark.parametrize("ref", STRANGERS)
def test_an_event_of_somebody_elses_hook_is_no_campaigns(ref: str) -> None:
    """A verification's, an application's own, or anything like ours that is not."""
    assert call_event_of(called(ref, id=100500)) is None


@pytest.mark.parametrize(
    "event",
    [
        OtpEvent(is_reached=True, id=100500, proof=account()),
        OtpEvent(is_reached=True, id=100500, proof=proof(REF, HookKind.OTP)),
        VoiceEvent(outcome=CallOutcome.ANSWERED, id=100500),
        VoiceEvent(outcome=CallOutcome.ANSWERED, phone=PHONE, proof=account()),
        HookEvent(id=100500, proof=account()),
    ],
    ids=["flash call", "flash call with a ref", "not proven", "no id", "of no kind"],
)
def test_an_event_that_tells_of_no_call_is_no_campaigns(event: HookEvent) -> None:
    """A flash call's, one without proof, one of nobody knows which call."""
    assert call_event_of(event) is None


def test_an_event_of_the_accounts_hook_is_found_by_its_id() -> None:
    """The hook names nobody, so the gateway's id must."""
    event = VoiceEvent(outcome=CallOutcome.BUSY, id=100500, phone=PHONE, proof=account())
    assert call_event_of(event) == CallEvent(outcome=CallOutcome.BUSY, id=100500, phone=PHONE)


def test_a_word_without_end_is_cut() -> None:
    """What is kept of an event is no longer than a word."""
    told = call_event_of(called(REF, raw="A" * 60_000))
    assert told is not None
    assert len(told.raw) == 100


def test_an_event_for_a_hook_of_ours_goes_all_the_way_round() -> None:
    """The ref of a hook that was given out is the attempt that its event is about."""
    told = proven(hooks().of(CLAIMED, RECORDED))
    event = VoiceEvent(outcome=CallOutcome.BUSY, proof=told)
    assert call_event_of(event) == CallEvent(outcome=CallOutcome.BUSY, ref=REF)
    assert told.expires_at is not None
    assert told.expires_at > datetime.now(UTC)
