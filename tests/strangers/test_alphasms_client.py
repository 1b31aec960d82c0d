"""The package `alphasms-client` 0.1.3 of 2014, as it is installed, at home in the sandbox."""

from collections.abc import Generator
from importlib import import_module
from typing import Any

import httpx
import pytest

from alphasms_async.sandbox import Fate, Sandbox
from tests.sandbox.wire import KEY, PHONE, voice_form

# Not imported as others are: only the session that runs these tests installs it.
alphasms: Any = import_module("alphasms.client")


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a sandbox with the settings it has by default."""
    return Sandbox()


@pytest.fixture
def url(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """Serve the sandbox, and lead the client's one address there: it is not a setting of it."""
    post = alphasms.requests.post
    with sandbox.serve() as url:

        def post_here(address: str, **arguments: Any) -> Any:
            assert address == "http://alphasms.com.ua/api/xml.php"
            return post(f"{url}/api/xml.php", **arguments)

        monkeypatch.setattr(alphasms.requests, "post", post_here)
        yield url


@pytest.fixture
def client(url: str) -> Any:
    """Give the client, with the right key."""
    return alphasms.Client(api_key=KEY)


def test_status_of_a_voice_call(client: Any, sandbox: Sandbox, url: str) -> None:
    """The client follows a call by the gateway's id from its acceptance to its end."""
    call = httpx.post(f"{url}/api/voice.php", files=voice_form()).json()
    assert client.get_status(sms_id=call["id"]).status_string() == "accepted"
    sandbox.end_call(call["id"], Fate(talk_seconds=5))
    status = client.get_status(sms_id=call["id"])
    assert (status.status_string(), status.sms_count) == ("delivered", "1")
    assert status.date_completed


def test_balance(client: Any) -> None:
    """The client reads the money left."""
    assert client.check_balance() == 250.0


def test_message_is_sent_and_followed_by_the_clients_own_id(client: Any, sandbox: Sandbox) -> None:
    """A message the client sends is kept, charged, and found again by the id it was given."""
    sent = client.send_sms(PHONE, "Shop", "Замовлення готове", user_sms_id=7)
    assert (sent.user_sms_id, sent.sms_id, sent.sms_count) == ("7", "100500", "1")
    assert client.get_status(user_sms_id=7).status_string() == "accepted"
    assert [message.text for message in sandbox.messages(to=PHONE)] == ["Замовлення готове"]
    assert client.check_balance() == 249.6


def test_sender_voice_rings(client: Any, sandbox: Sandbox) -> None:
    """A message by the sender Voice, plus before its phone and all, is a call."""
    client.send_sms(f"+{PHONE}", "Voice", "Ваш код 4821")
    assert [call.text for call in sandbox.calls(to=PHONE)] == ["Ваш код 4821"]


def test_queue_sends_many_at_once(client: Any, sandbox: Sandbox) -> None:
    """What the client gathers is sent as one request, and each message has its answer."""
    queue = client.message_queue()
    with queue:
        for number in range(60):
            queue.add_message(f"3805012345{number}", "Shop", f"message {number}")
    assert [sent.error for sent in queue.sent_messages] == ["1"] * 60
    assert len(sandbox.messages()) == 60


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"api_key": "another"}, "202: Authorization error"),
        ({"api_disabled": True}, "209: Wrong API key or API disabled by user"),
        ({"ip_denied": True}, "210: Denied IP address"),
    ],
    ids=["wrong key", "API disabled", "IP denied"],
)
def test_refusals_are_the_clients_own_words(
    client: Any, sandbox: Sandbox, change: dict[str, Any], said: str
) -> None:
    """The client knows each refusal of a whole request by its code."""
    for name, value in change.items():
        setattr(sandbox, name, value)
    with pytest.raises(alphasms.AlphaSmsServerError) as error:
        client.check_balance()
    assert str(error.value) == said


def test_repeated_id_is_the_clients_duplicate(client: Any) -> None:
    """The client knows an id used before by its code."""
    client.send_sms(PHONE, "Shop", "a", user_sms_id=7)
    with pytest.raises(alphasms.AlphaSmsServerError, match="208: Duplicate id"):
        client.send_sms(PHONE, "Shop", "a", user_sms_id=7)
