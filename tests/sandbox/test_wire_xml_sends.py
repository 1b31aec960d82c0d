from decimal import Decimal

import httpx
import pytest

from alphasms_async.sandbox import Sandbox, State

from .wire import KEY, OTHER_PHONE, PHONE, ask_json

pytestmark = pytest.mark.anyio

PAGE = "/api/xml.php"
HELLO = f'<msg recipient="{PHONE}" sender="Shop" type="0" id="7">Готово &amp; чекає</msg>'


async def ask(client: httpx.AsyncClient, commands: str) -> str:
    """Return what is answered to a package of these commands, its own element taken off."""
    document = f'<?xml version="1.0" encoding="utf-8"?><package key="{KEY}">{commands}</package>'
    answer = await client.post(PAGE, content=document)
    assert answer.status_code == 200
    return answer.text.removeprefix("<package>").removesuffix("</package>")


async def send(client: httpx.AsyncClient, *messages: str) -> str:
    """Return the elements answered to these messages."""
    answer = await ask(client, f"<message>{''.join(messages)}</message>")
    return answer.removeprefix("<message>").removesuffix("</message>")


async def test_balance_keeps_its_digits(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The money left is told with all its digits, and its currency."""
    sandbox.balance = Decimal("164.719700000656")
    money = "<amount>164.719700000656</amount><currency>UAH</currency>"
    assert f"<balance>{money}</balance>" == await ask(client, "<balance/>")


async def test_message_is_received(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A message is answered by code 1, its ids and how many it is charged as, and is kept."""
    assert await send(client, HELLO) == '<msg id="7" sms_id="100500" sms_count="1">1</msg>'
    (message,) = sandbox.messages(to=PHONE)
    assert (message.sender, message.text, message.client_id) == ("Shop", "Готово & чекає", 7)


async def test_sender_voice_rings(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A message by the sender Voice is a call that reads its text out, here too."""
    await send(client, HELLO.replace("Shop", "Voice"))
    (call,) = sandbox.calls()
    assert (call.kind, call.text) == ("voice_sms", "Готово & чекає")


async def test_id_may_be_left_out_and_a_plus_be_written(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """Clients that name no id of their own, or write a plus before the phone, are understood."""
    sent = await send(client, f'<msg recipient="+{OTHER_PHONE}" sender="Shop">a</msg>')
    assert sent == '<msg sms_id="100500" sms_count="1">1</msg>'
    assert [message.client_id for message in sandbox.messages(to=OTHER_PHONE)] == [None]


async def test_what_else_a_message_says_is_kept(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """When to send it and until when can be read back, though nothing follows from them."""
    times = 'date_beg="2026-01-01T10:00:00" date_end="2026-01-02T10:00:00"'
    await send(client, HELLO.replace("<msg", f"<msg {times}"))
    (message,) = sandbox.messages()
    expected = {"date_beg": '"2026-01-01T10:00:00"', "date_end": '"2026-01-02T10:00:00"'}
    assert expected == message.extra


@pytest.mark.parametrize(
    ("written", "instead", "code"),
    [
        ('id="7"', 'id="seven"', 201),
        ("Shop", "ab", 202),
        (PHONE, "0501234567", 203),
        ("Готово &amp; чекає", " ", 204),
    ],
)
async def test_faulty_message_has_its_code(
    client: httpx.AsyncClient, sandbox: Sandbox, written: str, instead: str, code: int
) -> None:
    """A message with a fault is refused by the code documented for it, and costs nothing."""
    assert f'sms_id="0" sms_count="0">{code}</msg>' in await send(
        client, HELLO.replace(written, instead)
    )
    assert (sandbox.ledger.entries(), sandbox.balance) == ((), Decimal("250.00"))


async def test_id_is_taken_once_by_any_page(client: httpx.AsyncClient) -> None:
    """An id of the client's used before, here or in json.php, is a duplicate."""
    sms = {"type": "sms", "id": 8, "phone": int(PHONE), "sms_signature": "Shop"}
    await ask_json(client, {**sms, "sms_message": "a"})
    again = await send(client, HELLO, HELLO, HELLO.replace('id="7"', 'id="8"'))
    assert again == (
        '<msg id="7" sms_id="100501" sms_count="1">1</msg>'
        '<msg id="7" sms_id="0" sms_count="0">208</msg>'
        '<msg id="8" sms_id="0" sms_count="0">208</msg>'
    )


async def test_empty_purse_and_foreign_operator_have_their_codes(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    """What cannot be paid is 206, and whose operator is not supported 111."""
    sandbox.balance = Decimal(0)
    assert await send(client, HELLO) == '<msg id="7" sms_id="0" sms_count="0">206</msg>'
    sandbox.unsupported_operators.add("38050")
    assert await send(client, HELLO) == '<msg id="7" sms_id="0" sms_count="0">111</msg>'


async def test_one_package_may_send_and_ask(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The commands of one package are done and answered in their order."""
    answer = await ask(
        client, f'<message>{HELLO}</message><status><msg sms_id="100500"/></status><balance/>'
    )
    names = 'id="7" sms_id="100500" sms_count="1"'
    sent = f"<message><msg {names}>1</msg></message>"
    state = f"<status><msg {names}>{State.ACCEPTED.xml_code}</msg></status>"
    money = "<balance><amount>249.60</amount><currency>UAH</currency></balance>"
    assert sent + state + money == answer
    assert len(sandbox.messages()) == 1


async def test_text_of_countless_lines_is_read(client: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A text in as many pieces as it has signs is taken whole, and in good time."""
    text = "a\n" * 100_000
    sandbox.balance = Decimal(1_000_000)
    await send(client, f'<msg recipient="{PHONE}" sender="Shop">{text}</msg>')
    assert [message.text for message in sandbox.messages()] == [text]
