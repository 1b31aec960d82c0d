from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from alphasms_async.sandbox import Fate, Sandbox, SandboxCall, State, mixed

from .receiver import SetClock, accept_call, accept_message
from .wire import KEY, OTHER_PHONE, PHONE, ask_json, voice_form

in_both_worlds = pytest.mark.anyio


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ANSWERED", State.DELIVERED),
        ("NO ANSWER", State.EXPIRED),
        ("BUSY", State.UNDELIVERABLE),
        ("FAILED", State.UNDELIVERABLE),
        ("CANCEL", State.DELETED),
        ("DELIVERED", State.DELIVERED),
        ("READ", State.READ),
        ("EXPIRED", State.EXPIRED),
    ],
)
def test_end_sets_the_state_its_word_means(sandbox: Sandbox, word: str, state: State) -> None:
    """A call that ended is in the state that its word stands for."""
    entry_id = accept_call(sandbox)
    sandbox.end_call(entry_id, Fate(word))
    assert state == sandbox.state_of(entry_id)


def test_unheard_word_brings_its_state(sandbox: Sandbox) -> None:
    """A word nobody documents may be tried, with the state it is to leave."""
    entry_id = accept_call(sandbox)
    sandbox.end_call(entry_id, Fate("CONGESTION", state=State.NO_ROUTE))
    assert sandbox.state_of(entry_id) == State.NO_ROUTE


def test_unheard_word_without_a_state_is_refused() -> None:
    """A slip of the pen is no fate, and the words there are are named."""
    with pytest.raises(ValueError, match=r"'answered' is no word .* ANSWERED, NO ANSWER"):
        Fate("answered")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (
            {"after_seconds": -1},
            "after_seconds is seconds from 0 up to ten years, like 2.5, not -1",
        ),
        ({"after_seconds": float("nan")}, "after_seconds is seconds from 0 up"),
        (
            {"talk_seconds": -1},
            "talk_seconds is a whole number of seconds from 0 up to ten years, not -1",
        ),
        ({"digits": ""}, "0 to 9, \\* and #"),
        ({"digits": "7a"}, "0 to 9, \\* and #"),
    ],
)
def test_impossible_fate_is_refused(wrong: dict[str, float], right: str) -> None:
    """A fate that no call can have is refused in one line that says what would be right."""
    with pytest.raises(ValueError, match=right):
        Fate("ANSWERED", **wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] the point


def test_nothing_happens_by_itself(sandbox: Sandbox) -> None:
    """A call and a message that nobody gave a fate stay accepted, and nobody is told."""
    sandbox.hook = "http://127.0.0.1:9/hook"
    states = [sandbox.state_of(accept(sandbox)) for accept in (accept_call, accept_message)]
    sandbox.wait_for_hooks(timeout=0)
    assert states == [State.ACCEPTED, State.ACCEPTED]


def test_fates_decide_by_the_call(sandbox: Sandbox) -> None:
    """The function sees the accepted call with its id; None leaves the call as it is."""
    seen: list[SandboxCall] = []

    def fates(call: SandboxCall) -> Fate | None:
        seen.append(call)
        return Fate("BUSY") if call.phone == PHONE else None

    sandbox.fates = fates
    ids = [accept_call(sandbox, phone) for phone in (PHONE, OTHER_PHONE)]
    states = [sandbox.state_of(entry_id) for entry_id in ids]
    assert ([State.UNDELIVERABLE, State.ACCEPTED], sandbox.calls()) == (states, seen)


def test_script_is_taken_in_turn(sandbox: Sandbox) -> None:
    """The calls to a scripted phone take its fates in turn, then those of everybody."""
    sandbox.fates = lambda _: Fate("CANCEL")
    sandbox.script(PHONE, Fate("NO ANSWER"), None)
    sandbox.script(PHONE, Fate("BUSY"))
    ids = [accept_call(sandbox) for _ in range(4)]
    states = [State.EXPIRED, State.ACCEPTED, State.UNDELIVERABLE, State.DELETED]
    assert states == [sandbox.state_of(entry_id) for entry_id in ids]


def test_script_is_one_phones(sandbox: Sandbox) -> None:
    """Neither another phone's call nor a message takes a fate of the script."""
    sandbox.script(PHONE, Fate("BUSY"))
    others = [accept_call(sandbox, OTHER_PHONE), accept_message(sandbox), accept_call(sandbox)]
    states = [sandbox.state_of(entry_id) for entry_id in others]
    assert states == [State.ACCEPTED, State.ACCEPTED, State.UNDELIVERABLE]


def test_script_for_no_phone_is_refused(sandbox: Sandbox) -> None:
    """A phone as people write it would never be called, so it is refused, and not shown."""
    with pytest.raises(ValueError, match="380501234567") as caught:
        sandbox.script("+380 67 765 43 21", Fate())
    assert "765" not in str(caught.value)


def test_messages_have_a_fate_of_their_own(sandbox: Sandbox) -> None:
    """Messages end as `message_fate` says; no function for calls is asked about them."""
    sandbox.message_fate = Fate("DELIVERED")
    sandbox.fates = lambda _: Fate("BUSY")
    assert sandbox.state_of(accept_message(sandbox)) == State.DELIVERED


def test_message_may_be_ended_by_hand(sandbox: Sandbox) -> None:
    """A message can be delivered, then read."""
    entry_id = accept_message(sandbox)
    sandbox.end_call(entry_id, Fate("DELIVERED"))
    sandbox.end_call(entry_id, Fate("READ"))
    assert sandbox.state_of(entry_id) == State.READ


def test_what_was_never_accepted_cannot_end(sandbox: Sandbox) -> None:
    """An id that the sandbox did not give is refused."""
    with pytest.raises(LookupError, match="the id 5"):
        sandbox.end_call(5, Fate())


@in_both_worlds
@pytest.mark.parametrize("page", ["voice.php", "otp.php"])
async def test_calls_of_the_form_pages_end(
    client: httpx.AsyncClient, sandbox: Sandbox, page: str
) -> None:
    """Recordings and flash calls accepted over the wire meet their fate."""
    sandbox.fates = lambda _: Fate("NO ANSWER")
    await client.post(f"/api/{page}", files=voice_form())
    assert sandbox.state_of(100500) == State.EXPIRED


@in_both_worlds
async def test_objects_of_json_php_end(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """So do the calls and messages of every sending type of json.php."""
    sandbox.fates, sandbox.message_fate = lambda _: Fate("BUSY"), Fate("DELIVERED")
    sms = {"type": "sms", "phone": int(PHONE), "sms_message": "a"}
    voice, written = {"message": "a"}, {"message": "a", "signature": "Shop"}
    pipeline = {"type": "pipeline", "phone": int(PHONE), "voice": voice, "sms": written}
    await ask_json(
        client,
        {**sms, "id": 1, "sms_signature": "Voice"},
        {**sms, "id": 2, "sms_signature": "Shop"},
        {"type": "voice", "id": 3, "phone": int(PHONE), "message": "a"},
        {"type": "call/otp", "id": 4, "phone": int(PHONE)},
        {**pipeline, "id": 5, "pipeline": ["voice", "sms"]},
        {**pipeline, "id": 6, "pipeline": ["sms", "voice"]},
    )
    busy, delivered = State.UNDELIVERABLE, State.DELIVERED
    states = [sandbox.state_of(100500 + number) for number in range(6)]
    assert [busy, delivered, busy, busy, busy, delivered] == states


@in_both_worlds
async def test_end_to_come_is_told_by_nobody_before_its_time() -> None:
    """The status interfaces say sending until the moment of the end, and then that moment."""
    clock = SetClock()
    sandbox = Sandbox(clock=clock, fates=lambda _: Fate("ANSWERED", after_seconds=60))
    sms = {"type": "sms", "id": 7, "phone": int(PHONE), "sms_signature": "Voice"}
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        await ask_json(client, {**sms, "sms_message": "a"})
        clock.advance(59)
        before = await story(client)
        clock.advance(30)
        after = await story(client)
    assert before == ("status:Sending code:1", "110", "ROUTING", None)
    assert after == ("status:Delivered code:3", "102", "DELIVERED", "2024-07-11T12:01:00")


async def story(client: httpx.AsyncClient) -> tuple[str, str, str, str | None]:
    """Return what the three interfaces say of the first call: HTTP, XML, JSON and its moment."""
    asked = {"version": "http", "key": KEY, "command": "receive", "id": "100500"}
    http = (await client.post("/api/http.php", data=asked)).text
    package = f'<package key="{KEY}"><status><msg sms_id="100500"/></status></package>'
    xml = (await client.post("/api/xml.php", content=package)).text
    request = {"auth": KEY, "data": [{"type": "status", "id": 7}]}
    json = (await client.post("/api/json.php", json=request)).json()["data"][0]["data"]
    code = xml.partition("</msg>")[0].rpartition(">")[2]
    return http.partition(" status_time")[0], code, json["status"], json.get("updated")


def test_end_by_hand_replaces_the_planned_one() -> None:
    """A call that was ended by hand does not end again when its fate's time comes."""
    clock = SetClock()
    sandbox = Sandbox(clock=clock, fates=lambda _: Fate("ANSWERED", after_seconds=60))
    entry_id = accept_call(sandbox)
    sandbox.end_call(entry_id, Fate("BUSY"))
    clock.advance(60)
    assert sandbox.state_of(entry_id) == State.UNDELIVERABLE


def test_end_is_told_at_its_time_though_looked_at_late() -> None:
    """Ends in their order of time, each since its own moment, whenever somebody asks."""
    clock = SetClock()
    sandbox = Sandbox(clock=clock)
    for seconds in (20, 10):
        sandbox.script(PHONE, Fate("BUSY", after_seconds=seconds))
        accept_call(sandbox)
    clock.advance(3600)
    moments = [sandbox.standing(call).since for call in sandbox.calls()]
    assert [datetime(2024, 7, 11, 9, 0, at, tzinfo=UTC) for at in (20, 10)] == moments


def test_reset_forgets_scripts_and_ends_to_come() -> None:
    """After a reset no script waits and nothing ends that was accepted before; fates stay."""
    clock = SetClock()
    sandbox = Sandbox(clock=clock, fates=lambda _: Fate("CANCEL"))
    sandbox.script(PHONE, Fate("BUSY", after_seconds=9), Fate("BUSY"))
    accept_call(sandbox)
    sandbox.reset()
    clock.advance(9)
    sandbox.wait_for_hooks(timeout=0)
    assert sandbox.state_of(accept_call(sandbox)) == State.DELETED


def test_call_that_was_forgotten_does_not_end(sandbox: Sandbox) -> None:
    """A reset between a call's acceptance and its fate leaves nothing to end, or to tell of."""

    def forgetting(_: SandboxCall) -> Fate:
        sandbox.reset()
        return Fate("BUSY")

    sandbox.fates = forgetting
    accept_call(sandbox, hook="http://127.0.0.1:9/hook")
    sandbox.wait_for_hooks(timeout=0)
    assert sandbox.calls() == []


def test_mixed_fates_are_spread_as_weighed(sandbox: Sandbox) -> None:
    """Of many calls the given shares are answered, and of their keys the given shares pressed."""
    fates = mixed(7)
    calls = [called(number, dtmf=True) for number in range(4000)]
    found = [fates(call) for call in calls]
    words = Counter(fate.word for fate in found if fate)
    keys = Counter(fate.digits for fate in found if fate and fate.word == "ANSWERED")
    shares = {"ANSWERED": 0.60, "NO ANSWER": 0.25, "BUSY": 0.10, "FAILED": 0.05}
    key_shares = {"1": 0.48, "2": 0.24, "9": 0.08, None: 0.20}
    assert shares == {word: pytest.approx(words[word] / 4000, abs=0.03) for word in words}
    assert key_shares == {
        key: pytest.approx(keys[key] / words["ANSWERED"], abs=0.03) for key in keys
    }


def called(number: int, *, dtmf: bool = False, code: str | None = None) -> SandboxCall:
    """Return a call to the `number`-th phone."""
    return SandboxCall(
        kind="voice" if code is None else "otp",
        phone=f"38050{number:07}",
        price=Decimal("0.40"),
        dtmf=dtmf,
        code=code,
    )


def test_mixed_fates_repeat_whatever_the_order() -> None:
    """With one seed each phone's first call has one fate; another seed gives others."""
    calls = [called(number, dtmf=True) for number in range(200)]
    forth, back, other = mixed(1), mixed(1), mixed(2)
    one_way = [forth(call) for call in calls]
    other_way = [back(call) for call in reversed(calls)]
    assert one_way == other_way[::-1]
    assert one_way != [other(call) for call in calls]


def test_mixed_fates_change_when_a_phone_rings_again() -> None:
    """Who did not answer may do so the next time."""
    fates = mixed(1)
    calls = [called(number) for number in range(50)]
    assert [fates(call) for call in calls] != [fates(call) for call in calls]


def test_keys_are_pressed_where_they_are_waited_for() -> None:
    """A call that waits for no key gets none, and only an answered call is talked on."""
    fates = [mixed(1)(called(number)) for number in range(200)]
    assert {None} == {fate.digits for fate in fates if fate}
    talks = {(fate.word == "ANSWERED", fate.talk_seconds > 0) for fate in fates if fate}
    assert {(True, True), (False, False)} == talks


def test_flash_calls_are_seen_and_not_talked_on() -> None:
    """A flash call is answered for no seconds at all."""
    fates = [mixed(1)(called(number, code="0471")) for number in range(200)]
    assert {0} == {fate.talk_seconds for fate in fates if fate}


def test_mixed_takes_weights_of_ones_own() -> None:
    """Words, keys, how many press, how long they talk and when they end may be chosen."""
    fates = mixed(
        words={"ANSWERED": 1},
        keys={"5": 1},
        pressing=1,
        talk_seconds=(9, 9),
        after_seconds=(2.5, 2.5),
    )
    fate = Fate("ANSWERED", after_seconds=2.5, talk_seconds=9, digits="5")
    assert fate == fates(called(1, dtmf=True))
