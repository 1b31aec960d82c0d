import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

import alphasms_async.sandbox as package
from alphasms_async.sandbox import Autopilot, Happening, Sandbox, SandboxCall, SandboxMessage

from .receiver import accept_call
from .wire import KEY, OTHER_PHONE, PHONE, ask_json, voice_form

anyio = pytest.mark.anyio


@anyio
async def test_rings_are_counted_by_phone(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """How often a phone rang, and which ones rang too often, can be asked of the ledger."""
    for phone in (PHONE, OTHER_PHONE, PHONE):
        await client.post("/api/voice.php", files=voice_form(phone=phone))
    assert tuple(sandbox.rings(to) for to in (PHONE, OTHER_PHONE, "380000000000")) == (2, 1, 0)
    assert (sandbox.rang_more_than_once(), len(sandbox.calls(to=OTHER_PHONE))) == ([PHONE], 1)


@anyio
async def test_key_may_be_changed_while_it_serves(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """A new key is the only right one from then on."""
    sandbox.api_key = "new-key"
    answers = [
        await client.post("/api/voice.php", files=voice_form(key=key)) for key in (KEY, "new-key")
    ]
    assert [next(iter(answer.json())) for answer in answers] == ["errors", "id"]


@anyio
async def test_reset_begins_anew(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """After a reset there are no calls, the old balance, open switches and the first id again."""
    await client.post("/api/voice.php", files=voice_form())
    sandbox.banned = sandbox.api_disabled = sandbox.ip_denied = True
    sandbox.unsupported_operators.add("380")
    sandbox.reset()
    assert ([], Decimal("250.00"), set()) == (
        sandbox.calls(),
        sandbox.balance,
        sandbox.unsupported_operators,
    )
    assert (await client.post("/api/voice.php", files=voice_form())).json()["id"] == 100500


def test_reset_lets_settings_be_as_they_were_made() -> None:
    """All of them, whoever changed them since; not who watches, nor what was never chosen."""
    seen = list[Happening]()
    hook = "http://127.0.0.1:9/hook"
    sandbox = Sandbox(fates="busy 2s", hook=hook, hook_timing="key", price=Decimal(1), seed=3)
    sandbox.watcher = seen.append
    sandbox.fates = sandbox.hook = None
    sandbox.hook_timing, sandbox.price, sandbox.queue_seconds = "hang-up", Decimal(2), 5
    sandbox.api_key, sandbox.hook_pauses, sandbox.posts_hooks = "other", (), False
    sandbox.reset()
    found: tuple[object, ...] = (sandbox.fates, sandbox.hook)
    assert found == (Autopilot("busy 2s", seed=3), hook)
    assert (sandbox.hook_timing, sandbox.price, sandbox.queue_seconds) == ("key", Decimal(1), 0)
    assert (sandbox.api_key, len(sandbox.hook_pauses), sandbox.posts_hooks) == (KEY, 4, True)
    accept_call(sandbox)
    assert isinstance(seen[0], SandboxCall)


def test_ids_may_go_on_after_a_reset() -> None:
    """A client that remembers ids of before is given no other call's."""
    sandbox = Sandbox(first_id=7)
    accept_call(sandbox)
    sandbox.reset(ids_go_on=True)
    assert accept_call(sandbox) == 8
    sandbox.reset()
    assert accept_call(sandbox) == 7


@anyio
async def test_seed_makes_codes_repeatable() -> None:
    """Two sandboxes with one seed call from the same numbers, one with another seed does not."""
    codes: list[list[str | None]] = []
    for seed in (5, 5, 6):
        sandbox = Sandbox(seed=seed)
        transport = httpx.ASGITransport(sandbox.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            for _ in range(5):
                form = {"key": (None, KEY), "phone": (None, PHONE)}
                await client.post("/api/otp.php", files=form)
        codes.append([call.code for call in sandbox.calls()])
    assert codes[0] == codes[1] != codes[2]


@anyio
async def test_reprs_hide_what_is_secret(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """No repr shows a key, a code, a text, a hook, a recording or a whole phone."""
    secret = "s3cret-in-text-and-hook"
    await client.post("/api/voice.php", files=voice_form(hook=secret, unknown=secret))
    await client.post("/api/otp.php", files={"key": (None, KEY), "phone": (None, PHONE)})
    sms = {"type": "sms", "phone": int(PHONE), "sms_message": secret, "unknown": secret}
    await ask_json(
        client,
        {**sms, "id": 987654321, "sms_signature": "Voice"},
        {**sms, "id": 987654322, "sms_signature": "Shop"},
    )
    shown = repr((sandbox, sandbox.calls(), sandbox.messages()))
    code = sandbox.calls()[1].code
    assert code is not None
    hidden = [KEY, PHONE, secret, f"'{code}'", "RIFF"]
    assert [word for word in hidden if word in shown] == []
    assert "380*****4567" in shown


def test_short_phones_show_even_less() -> None:
    """Of a number too short to hide its middle only the end is shown."""
    call = SandboxCall(kind="voice", phone="29012345", price=Decimal(1))
    assert "phone=*****45," in repr(call)


def test_entries_are_values() -> None:
    """Two entries with the same content are equal and may stand in a set."""
    message = SandboxMessage(kind="sms", phone=PHONE, price=Decimal(1), extra={"a": "b"})
    again = SandboxMessage(
        kind="sms", phone=PHONE, price=Decimal(1), extra={"a": "b"}, at=message.at
    )
    assert {message} == {again}


def test_money_must_be_decimal() -> None:
    """A price or a balance that is a float is refused where it is given."""
    with pytest.raises(TypeError, match="Decimal"):
        Sandbox(price=0.4)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] the point
    with pytest.raises(TypeError, match="Decimal"):
        Sandbox(balance=250.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] the point


def test_ledger_keeps_its_books_under_threads(sandbox: Sandbox) -> None:
    """Many threads at once get ids without gaps, and the money is right to the kopiyka."""
    sandbox.balance = Decimal("150.00")

    def accept(number: int) -> int:
        phone = f"38050{number:07}"
        call = SandboxCall(kind="voice", phone=phone, price=Decimal("0.40"), client_id=number)
        return sandbox.ledger.accept(call).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(accept, range(1, 301)))
    assert list(range(100500, 100800)) == sorted(ids) == [call.id for call in sandbox.calls()]
    assert Decimal("30.00") == sandbox.balance


def test_public_names_are_there() -> None:
    """Every name the package promises exists and has a docstring."""
    assert all(getattr(package, name).__doc__ for name in package.__all__)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "python_multipart"])
def test_missing_extra_is_named(missing: str) -> None:
    """Without a library of the extra, importing the sandbox says what to install."""
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "try: import alphasms_async.sandbox\n"
        "except ImportError as error: print(error)"
    )
    ran = subprocess.run(  # noqa: S603 the program is the one above
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert 'pip install "alphasms-async[sandbox]"' in ran.stdout
