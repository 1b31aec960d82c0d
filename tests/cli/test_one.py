"""Commands about one phone, the account, or a file."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from alphasms_async import UnexpectedAnswer
from alphasms_async.cli.terminal import money
from alphasms_async.sandbox import Sandbox, State
from tests.cli.conftest import Alphasms
from tests.sounds import wav

PHONE = "380501234567"


def test_call_rings_the_phone_once(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`alphasms call` has one phone rung, and says so without showing the number whole."""
    ran = alphasms("call", "0501234567", "promo.wav", "--dtmf")
    assert ran.code == 0
    assert sandbox.rings(PHONE) == 1
    assert "380*****4567" in ran.out
    assert PHONE not in ran.out


def test_otp_prints_the_code(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`alphasms otp --json` gives the code that the gateway's ledger has, as text."""
    ran = alphasms("otp", "0501234567", "--json")
    (call,) = sandbox.calls()
    assert call.code == json.loads(ran.out)["code"]


@pytest.mark.parametrize(
    ("arguments", "kind"), [((), "voice_sms"), (("--voice",), "say"), (("--dtmf",), "say")]
)
def test_say_chooses_the_way(
    sandbox: Sandbox, alphasms: Alphasms, arguments: tuple[str, ...], kind: str
) -> None:
    """`alphasms say` sends a voice SMS, and a JSON voice when a voice or a key is asked for."""
    ran = alphasms("say", "0501234567", "Вітаємо", *arguments)
    assert ran.code == 0, ran.err
    assert [kind] == [call.kind for call in sandbox.calls()]


def test_sms_is_sent(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`alphasms sms` sends one SMS, and prints the gateway's id and ours."""
    ran = alphasms("sms", "0501234567", "Дякуємо", "--sender", "MyShop", "--json")
    (message,) = sandbox.messages()
    told = json.loads(ran.out)
    assert (message.id, message.client_id) == (told["id"], told["client_id"])


@pytest.mark.parametrize("many", [False, True])
def test_status_tells_the_state(sandbox: Sandbox, alphasms: Alphasms, *, many: bool) -> None:
    """`alphasms status` tells the state of one id, and of many."""
    alphasms("call", "0501234567", "promo.wav")
    alphasms("call", "0671234567", "promo.wav")
    ids = [str(call.id) for call in sandbox.calls()]
    ran = alphasms("status", *(ids if many else ids[:1]), "--json")
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert ["queued"] * (2 if many else 1) == [one["state"] for one in told]


def test_status_tells_the_time_of_one_id_too(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Of one id the time is told to the second, as of many, and a code has its name beside it."""
    alphasms("call", "0501234567", "promo.wav")
    (call,) = sandbox.calls()
    since = datetime(2026, 3, 1, 12, 34, 56, tzinfo=ZoneInfo("Europe/Kyiv"))
    sandbox.set_status(call.id, State.DELIVERED, since=since)
    line = alphasms("status", str(call.id)).out.splitlines()[3]
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    assert cells == [str(call.id), "delivered", "102 DELIVERED", "2026-03-01 12:34:56"]


def test_status_table_shows_the_id(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Without --json the state stands in a table beside its id."""
    alphasms("call", "0501234567", "promo.wav")
    (call,) = sandbox.calls()
    line = next(
        line for line in alphasms("status", str(call.id)).out.splitlines() if str(call.id) in line
    )
    assert "queued" in line


def test_balance_is_exact(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`alphasms balance` prints every digit of the sum."""
    sandbox.balance = Decimal("31.168300000000002")
    assert alphasms("balance").out == "31.168300000000002 UAH\n"


@pytest.mark.parametrize(
    ("amount", "shown"), [("0", "0.00"), ("0.4", "0.40"), ("1E+2", "100.00"), ("-1.555", "-1.555")]
)
def test_money_has_two_decimals_or_more(amount: str, shown: str) -> None:
    """Sums have two decimals, and as many more as they really have."""
    assert shown == money(Decimal(amount))


def test_audio_check_names_what_is_wrong(alphasms: Alphasms, tmp_path: Path) -> None:
    """`alphasms audio check` describes a good file, names what another is, and exits with 2."""
    good, bad = tmp_path / "good.wav", tmp_path / "bad.wav"
    good.write_bytes(wav(seconds=2))
    bad.write_bytes(b"ID3\x03rest of an MP3")
    ran = alphasms("audio", "check", good, bad)
    assert ran.code == 2
    assert "PCM 16-bit, 8000 Hz, mono, 2.0 s, 32044 bytes: ready for the line" in ran.out
    assert "this is MP3, not a WAV" in ran.err


def test_audio_check_is_one_json_object_a_file(alphasms: Alphasms, tmp_path: Path) -> None:
    """`--json` gives one object for each file, with the warnings."""
    stereo = tmp_path / "stereo.wav"
    stereo.write_bytes(wav(rate=44100, channels=2))
    told = json.loads(alphasms("audio", "check", stereo, "--json").out)
    assert told["ok"] is True
    assert len(told["warnings"]) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("call", "112", "promo.wav"), "too short"),
        (("call", "0501234567", "missing.wav"), "No such file"),
        (("say", "0501234567", "  "), "the text is empty"),
        (("sms", "0501234567", "hi", "--sender", "x"), "alpha name"),
        (("call", "0501234567", "promo.wav", "--hook", "nonsense"), "the hook"),
        (("call", "0501234567"), "AUDIO"),
        (("nonsense",), "nonsense"),
    ],
)
def test_bad_input_exits_with_2(
    sandbox: Sandbox, alphasms: Alphasms, arguments: tuple[str, ...], says: str
) -> None:
    """Bad input exits with 2, says what is wrong, and nothing is sent."""
    ran = alphasms(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert not sandbox.calls()


def test_no_key_is_bad_input(alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an API key the command says how to give one, and exits with 2."""
    monkeypatch.delenv("ALPHASMS_API_KEY", raising=False)
    ran = alphasms("balance")
    assert ran.code == 2
    assert "set ALPHASMS_API_KEY" in ran.err


def test_refusal_exits_with_3(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A refusal of the gateway exits with 3, in one line with what to do."""
    sandbox.banned = True
    ran = alphasms("call", "0501234567", "promo.wav")
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert '"Banned"' in ran.err


def test_unreachable_gateway_is_a_fault(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that cannot be reached is a fault, exit 1, and the line tells where it is asked."""

    def at_once(*_: object) -> float:
        return 0.0

    monkeypatch.setattr("alphasms_async.exchange._pause", at_once)
    monkeypatch.setenv("ALPHASMS_BASE_URL", "http://127.0.0.1:1")
    for words in (("call", "0501234567", "promo.wav"), ("balance",), ("status", "1")):
        ran = alphasms(*words)
        assert ran.code == 1
        assert ran.err.endswith(
            ". The gateway is asked at http://127.0.0.1:1, from ALPHASMS_BASE_URL.\n"
        )


def test_unknown_outcome_says_how_to_ask(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nobody knows what became of a message, our id is printed with the command to ask."""

    def unreadable(*_: object, **__: object) -> None:
        raise UnexpectedAnswer("unreadable", client_id=7)

    monkeypatch.setattr("alphasms_async.gateway.json_php.read_message", unreadable)
    ran = alphasms("say", "0501234567", "Вітаємо")
    assert ran.code == 3
    assert "alphasms status --by-client-id 7" in ran.err


def test_help_teaches(alphasms: Alphasms) -> None:
    """`alphasms --help` names every command, the environment and the exit codes."""
    said = alphasms("--help").out
    for word in ("demo", "dial", "audio", "ALPHASMS_API_KEY", "Exit codes"):
        assert word in said
