"""The bulk dialer: every recipient taken ends in one result, and no result touches another."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from alphasms_async import (
    AlphaSMS,
    DialOutcome,
    DialResult,
    GatewayError,
    InsufficientFunds,
    InvalidPhoneNumber,
    NotSent,
    OutcomeUnknown,
    PhoneMissing,
    Recording,
    Summary,
)
from tests.doubles import KEY, Carrying, FakeGateway, accepted, phone_of, phones, refused, saying
from tests.sounds import wav

pytestmark = pytest.mark.anyio

AUDIO = Recording.from_bytes(wav(seconds=0.05))
A, B, C, D = phones(4)


async def dialled(
    gateway: httpx.AsyncBaseTransport, recipients: Any, **options: Any
) -> tuple[list[DialResult], Summary]:
    """Dial all recipients, read all results, and return them with the summary."""
    async with (
        AlphaSMS(KEY, transport=gateway) as api,
        api.dial(recipients, AUDIO, **options) as run,
    ):
        results = [result async for result in run]
    return results, run.summary


def by_phone(answers: dict[str, Callable[[httpx.Request], httpx.Response]]) -> FakeGateway:
    """A gateway that answers some phones in their own way, and accepts the others."""
    return FakeGateway(lambda request: answers.get(phone_of(request.content), accepted)(request))


def breaking(*_: object) -> httpx.Response:
    raise httpx.ReadError("told")


async def test_each_number_rings_once() -> None:
    """A list is dialled whole, each number once, with the recording byte for byte."""
    gateway = FakeGateway()
    numbers = phones(100)
    results, _ = await dialled(gateway, numbers)
    assert sorted(result.phone or "" for result in results) == numbers
    assert gateway.rings == dict.fromkeys(numbers, 1)
    assert all(AUDIO.data in one.content for one in gateway.read)


async def test_summary_counts_and_adds_up() -> None:
    """The summary counts each outcome and adds the prices of the accepted."""
    gateway = by_phone({B: refused('Param "phone" is missing'), C: breaking})
    _, summary = await dialled(gateway, [A, B, C, D, A, "nobody"])
    expected = {"accepted": 2, "refused": 1, "uncertain": 1, "duplicate": 1, "invalid": 1}
    assert expected == summary.counts
    assert (summary.total, summary.price) == (6, Decimal("0.8"))
    assert (summary.stopped, summary.unread) == (None, [])


async def test_accepted_result_has_its_call() -> None:
    """An accepted result carries the recipient as given, the digits, and the call."""
    ((result,), _) = await dialled(FakeGateway(), ["+38 (050) 100-00-00"])
    assert (result.recipient, result.phone) == ("+38 (050) 100-00-00", A)
    assert result.call is not None
    assert (result.outcome, result.call.id, result.error) == ("accepted", 100500, None)


@pytest.mark.parametrize(
    ("answer", "outcome", "error"),
    [
        (refused('Param "phone" is missing'), "refused", PhoneMissing),
        (refused("Nobody documented this"), "refused", GatewayError),
        (breaking, "uncertain", OutcomeUnknown),
        (saying(502), "uncertain", OutcomeUnknown),
        (saying(200, '{"id": 1'), "uncertain", OutcomeUnknown),
        (saying(200, '{"id": 1}'), "uncertain", OutcomeUnknown),
        (refused("ERR_DUPLICATE"), "uncertain", GatewayError),
    ],
)
async def test_one_bad_recipient_touches_no_other(
    answer: Any, outcome: str, error: type[Exception]
) -> None:
    """One refused or unknown call is a result; everybody else is called."""
    numbers = phones(20)
    results, summary = await dialled(by_phone({numbers[7]: answer}), numbers, concurrency=3)
    (bad,) = (result for result in results if result.phone == numbers[7])
    assert (bad.outcome, type(bad.error) is error or isinstance(bad.error, error)) == (
        outcome,
        True,
    )
    assert (summary.counts[DialOutcome.ACCEPTED], summary.stopped) == (19, None)


async def test_call_that_did_not_leave_is_a_result() -> None:
    """A call that is not sent after its repeats is a result, and the run goes on."""
    gateway = FakeGateway()
    refuse = iter(range(3))

    async def carry(request: httpx.Request) -> httpx.Response:
        for _ in refuse:
            raise httpx.ConnectError("told")
        return await gateway.handle_async_request(request)

    results, summary = await dialled(Carrying(carry), [A, B, C], concurrency=1)
    assert [result.outcome for result in results] == ["not_sent", "accepted", "accepted"]
    assert (isinstance(results[0].error, NotSent), summary.stopped) == (True, None)


@pytest.mark.parametrize("again", [A, f"+{A}", "80501000000", "050 100-00-00"])
async def test_number_seen_before_is_a_duplicate(again: str) -> None:
    """A number rings once in a run, in whatever form it comes again."""
    gateway = FakeGateway()
    results, _ = await dialled(gateway, [A, again], concurrency=1)
    assert [result.outcome for result in results] == ["accepted", "duplicate"]
    assert gateway.rings == {A: 1}


async def test_duplicate_of_a_call_in_flight_is_seen() -> None:
    """A number is a duplicate from the moment it is taken, not from its answer on."""
    gateway = FakeGateway()
    _, summary = await dialled(gateway, [A] * 50, concurrency=50)
    assert (gateway.rings, summary.counts[DialOutcome.DUPLICATE]) == ({A: 1}, 49)


async def test_repeats_are_dialled_when_allowed() -> None:
    """`allow_repeats` calls a number as often as it stands in the list."""
    gateway = FakeGateway()
    _, summary = await dialled(gateway, [A, A, A], allow_repeats=True)
    assert (gateway.rings, summary.counts[DialOutcome.ACCEPTED]) == ({A: 3}, 3)


@pytest.mark.parametrize("recipient", ["", "nobody", "101", "+380 50 12", None, 380501234567, b"1"])
async def test_bad_recipient_is_a_result(recipient: Any) -> None:
    """What is no phone number is an `invalid` result with the reason, and nothing is sent."""
    gateway = FakeGateway()
    ((result,), _) = await dialled(gateway, [recipient])
    assert (result.recipient, result.phone, result.outcome) == (recipient, None, "invalid")
    assert (type(result.error), gateway.asked) == (InvalidPhoneNumber, 0)


@pytest.mark.parametrize(
    "text",
    [
        "Wrong API key",
        "Banned",
        "API disabled",
        "IP denied",
        "Insufficient funds",
        "No sound file",
        "Invalid file format",
        "File is too big",
        "Invalid audio duration",
    ],
)
async def test_refusal_of_account_or_recording_stops_the_run(text: str) -> None:
    """What would meet every other recipient too ends the run, and the summary says why."""
    gateway = FakeGateway(refused(text))
    results, summary = await dialled(gateway, phones(50), concurrency=1)
    assert gateway.asked < 3
    assert results[0].outcome == "refused"
    assert summary.stopped is results[0].error


async def test_calls_in_flight_end_when_the_run_stops() -> None:
    """A stop takes no more recipients; the calls on their way end as they end."""
    numbers = phones(100)
    gateway = by_phone({numbers[4]: refused("Insufficient funds")})
    results, summary = await dialled(gateway, numbers, concurrency=4)
    assert type(summary.stopped) is InsufficientFunds
    assert len(results) == summary.total < 15
    assert summary.counts[DialOutcome.REFUSED] == 1


async def test_first_reason_to_stop_is_kept() -> None:
    """Of several refusals in flight, the first to come is the reason."""
    gateway = FakeGateway(refused("Banned"))
    results, summary = await dialled(gateway, phones(8), concurrency=8)
    assert summary.stopped is results[0].error
    assert summary.counts == {DialOutcome.REFUSED: len(results)}


async def test_options_reach_every_call() -> None:
    """The hook and the wish for a key press go with each call."""
    gateway = FakeGateway()
    await dialled(gateway, [A, B], hook="https://app.example/hook?id=1", dtmf=True)
    parts = (
        b'name="hook"\r\n\r\nhttps://app.example/hook?id=1\r\n',
        b'name="dtmf"\r\n\r\ntrue\r\n',
    )
    assert all(part in one.content for one in gateway.read for part in parts)
