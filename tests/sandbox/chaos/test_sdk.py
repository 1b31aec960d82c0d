"""What our own client makes of it: it never says more than it knows, and rings once at most."""

import pytest

from alphasms_async import AlphaSMS, OutcomeUnknown, RateLimited, UnexpectedAnswer, VoiceCall
from alphasms_async.sandbox import Sandbox
from tests.sandbox.receiver import SetClock
from tests.sounds import wav

pytestmark = pytest.mark.anyio

PHONE, OTHER = "380501234567", "380671112233"


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox whose clock stands still, for what is limited by the second."""
    return Sandbox(seed=1, clock=SetClock())


async def place(
    sandbox: Sandbox, rule: str, *, timeout: float | None = None
) -> VoiceCall | Exception:
    """Place a call over a connection that was good until then, and say how it ended."""
    with sandbox.serve() as url:
        async with AlphaSMS("sandbox-key", base_url=url, max_retries=2) as alphasms:
            await alphasms.voice.call(OTHER, wav())
            sandbox.chaos.on(rule)
            try:
                return await alphasms.voice.call(PHONE, wav(), timeout=timeout)
            except Exception as error:  # noqa: BLE001 - it is the answer asked for
                return error


@pytest.mark.parametrize(
    ("rule", "rings"),
    [
        ("charged_no_reply=100%", 1),
        ("half_answer=100%", 1),
        ("wrong_json=100%", 1),
        ("http_503=100%", 0),
        ("http_502=100%", 0),
        ("reset_before=100%", 0),
        ("reset_during=100%", 0),
        ("reset_after=100%", 0),
        ("hang=100%@10ms", 0),
    ],
)
async def test_outcome_is_unknown(sandbox: Sandbox, rule: str, rings: int) -> None:
    """It says that it does not know, and the phone rang once if at all."""
    outcome = await place(sandbox, rule)
    assert isinstance(outcome, OutcomeUnknown)
    assert isinstance(outcome, UnexpectedAnswer) == rule.startswith(("http", "half", "wrong"))
    assert rings == sandbox.rings(PHONE)


@pytest.mark.parametrize(
    ("rule", "most"), [("latency=100%@10min", 1), ("slow_drip=100%@60s", 1), ("hang=100%", 0)]
)
async def test_answer_that_comes_too_late_is_unknown(
    sandbox: Sandbox, rule: str, most: int
) -> None:
    """The deadline of the call ends it, also where each part of an answer comes in time."""
    outcome = await place(sandbox, rule, timeout=0.3)
    assert isinstance(outcome, OutcomeUnknown)
    assert sandbox.rings(PHONE) <= most


@pytest.mark.parametrize(
    "rule", ["latency=100%@1ms", "slow_drip=100%@1ms", "slow_read=100%@1MB/s", "rate_limit=@5/s"]
)
async def test_slow_answer_is_an_answer(sandbox: Sandbox, rule: str) -> None:
    """What only takes its time ends well."""
    outcome = await place(sandbox, rule)
    assert isinstance(outcome, VoiceCall)
    assert sandbox.rings(PHONE) == 1


async def test_too_many_are_told_so(sandbox: Sandbox) -> None:
    """A limit is an answer: nothing was accepted, and it says to go more slowly."""
    sandbox.chaos.on("rate_limit=@1/s")
    outcome = await place(sandbox, "rate_limit")
    assert isinstance(outcome, RateLimited)
    assert (sandbox.rings(PHONE), sandbox.rings(OTHER)) == (0, 1)


@pytest.mark.parametrize("seed", range(8))
async def test_no_odd_answer_is_taken_for_a_good_one(sandbox: Sandbox, seed: int) -> None:
    """Whichever of them it is."""
    sandbox.chaos.seed = seed
    assert isinstance(await place(sandbox, "wrong_json=100%"), UnexpectedAnswer)


async def test_nobody_is_rung_twice_however_much_goes_wrong(sandbox: Sandbox) -> None:
    """Sixty calls through everything at once: those answered rang once, the others at most."""
    phones = [f"38050{number:07}" for number in range(60)]
    sandbox.chaos.on("http_503=20%, http_502=10%, reset_before=10%, reset_during=10%")
    sandbox.chaos.on("reset_after=10%, half_answer=10%, wrong_json=10%, charged_no_reply=10%")
    answered = list[str]()
    with sandbox.serve() as url:
        async with AlphaSMS("sandbox-key", base_url=url, max_retries=2) as alphasms:
            for phone in phones:
                try:
                    await alphasms.voice.call(phone, wav())
                except OutcomeUnknown:
                    continue
                answered.append(phone)
    assert sandbox.rang_more_than_once() == []
    assert [sandbox.rings(phone) for phone in answered] == [1] * len(answered)
    assert 0 < len(answered) < len(sandbox.calls()) < len(phones)
