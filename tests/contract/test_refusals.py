"""What is refused: the right error, from every page, and nobody rings or pays."""

from decimal import Decimal

import pytest

from alphasms_async import (
    AccessDenied,
    AccountBanned,
    ApiDisabled,
    DuplicateId,
    FileTooBig,
    GatewayError,
    InsufficientFunds,
    IpDenied,
    Message,
    OperatorNotSupported,
    Sms,
    UnsupportedAudioFormat,
    WrongApiKey,
)
from tests.contract.conftest import Target
from tests.methods import LISTS, METHODS, READS, SENDS
from tests.sounds import wav

pytestmark = pytest.mark.anyio

PHONE = "380501234567"
AUDIO = wav(seconds=0.1)

SWITCHES: dict[str, type[GatewayError]] = {
    "wrong key": WrongApiKey,
    "banned": AccountBanned,
    "api_disabled": ApiDisabled,
    "ip_denied": IpDenied,
}
JSON = frozenset(
    {
        *("voice.say", "otp.call_tracked", "voice_sms.send", "sms.send", "pipeline.send"),
        *("status.by_client_id", "account.balance", "account.lookup"),
    }
)
"""The methods that json.php answers, which has one text for all of these."""


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("name", SENDS | READS)
async def test_account_that_may_not_send(target: Target, name: str, switch: str) -> None:
    """Each method raises the error of its page, whose scope is the account; nobody rings."""
    key = None
    if switch == "wrong key":
        key = "another-key"
    else:
        setattr(target.gateway, switch, True)
    async with target.client(key) as api:
        with pytest.raises(GatewayError) as caught:
            await METHODS[name](api)
    assert type(caught.value) is (AccessDenied if name in JSON else SWITCHES[switch])
    assert (caught.value.scope, target.gateway.calls()) == ("account", [])


@pytest.mark.parametrize("name", LISTS)
async def test_refused_account_stands_in_the_list(target: Target, name: str) -> None:
    """A method that gives a list tells of the refusal there."""
    target.gateway.banned = True
    async with target.client() as api:
        (told,) = await LISTS[name](api)
    error = told if isinstance(told, GatewayError) else told.error
    assert (error.scope, target.gateway.calls()) == ("account", [])


@pytest.mark.parametrize("name", SENDS)
async def test_account_without_money(target: Target, name: str) -> None:
    """A balance below the price refuses each send; nobody rings, nothing is charged."""
    target.gateway.balance = Decimal("0.39")
    async with target.client() as api:
        with pytest.raises(InsufficientFunds):
            await SENDS[name](api)
    assert (target.gateway.calls(), target.gateway.balance) == ([], Decimal("0.39"))


async def test_money_that_runs_out_stops_the_dial(target: Target) -> None:
    """The run ends when the money does: as many ring as were paid for."""
    target.gateway.balance = Decimal("2.10")
    numbers = [f"38050{number:07}" for number in range(1_000_000, 1_000_050)]
    async with target.client() as api, api.dial(numbers, AUDIO, concurrency=4) as run:
        async for _ in run:
            pass
    assert (len(target.gateway.calls()), run.summary.price) == (5, Decimal("2.00"))
    assert type(run.summary.stopped) is InsufficientFunds
    assert run.summary.total < 50


async def test_recording_the_gateway_finds_too_big(target: Target) -> None:
    """A recording over the gateway's limit is `FileTooBig`, and concerns every recipient."""
    target.gateway.max_bytes = 1000
    async with target.client() as api:
        with pytest.raises(FileTooBig) as caught:
            await api.voice.call(PHONE, AUDIO)
    assert (caught.value.scope, target.gateway.calls()) == ("message", [])


async def test_codec_the_gateway_does_not_play(target: Target) -> None:
    """A WAV with a codec of its own is `UnsupportedAudioFormat`."""
    async with target.client() as api:
        with pytest.raises(UnsupportedAudioFormat):
            await api.voice.call(PHONE, wav(seconds=0.1, codec=0x1234))
    assert target.gateway.calls() == []


@pytest.mark.parametrize("name", sorted(JSON & SENDS.keys()))
async def test_operator_that_is_not_supported(target: Target, name: str) -> None:
    """json.php may refuse an operator, which concerns this one recipient."""
    target.gateway.unsupported_operators = {"38050"}
    async with target.client() as api:
        with pytest.raises(OperatorNotSupported) as caught:
            await SENDS[name](api)
    assert (caught.value.scope, target.gateway.calls()) == ("recipient", [])


async def test_id_of_ours_that_was_used_before(target: Target) -> None:
    """A client id rings once: a second message with it is refused, and is no proof of a "no"."""
    async with target.client() as api:
        await api.voice_sms.send(PHONE, "Раз", client_id=7)
        with pytest.raises(DuplicateId):
            await api.voice_sms.send(PHONE, "Два", client_id=7)
    assert target.gateway.rings(PHONE) == 1


async def test_one_refused_of_many_touches_no_other(target: Target) -> None:
    """Of many SMS, one for an unsupported operator is its own error alone."""
    target.gateway.unsupported_operators = {"38067"}
    phones = [PHONE, "380671112233", "380931112233"]
    async with target.client() as api:
        outcomes = await api.sms.send_many([Sms(phone, "Привіт", "Voice") for phone in phones])
    assert [type(one) for one in outcomes] == [Message, OperatorNotSupported, Message]
    assert [target.gateway.rings(phone) for phone in phones] == [1, 0, 1]
