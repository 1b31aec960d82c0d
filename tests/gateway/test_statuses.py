"""How the HTTP status of an answer is judged."""

from collections.abc import Callable
from functools import partial

import pytest

from alphasms_async import errors
from alphasms_async.errors import AlphaSMSError, GatewayError, UnexpectedAnswer
from alphasms_async.gateway import http_php, json_php, voice_php, xml_php
from alphasms_async.gateway.wire import Answer
from tests.gateway.answers import PHONE, answer

HTML = "<html><body>Not today</body></html>"
ACCEPTED: dict[str, object] = {"id": 100500, "price": "0.40"}


def judged(
    body: str | dict[str, object], status: int, headers: dict[str, str] | None = None
) -> AlphaSMSError:
    """Return what voice.php's answer is raised as."""
    with pytest.raises(AlphaSMSError) as caught:
        voice_php.read_call(answer(body, status, headers), PHONE)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 408, 413, 429, 499])
def test_a_documented_text_wins_below_500(status: int) -> None:
    """A refusal in the gateway's own shape is believed whatever status below 500 it has."""
    error = judged({"errors": ["Insufficient funds"]}, status)
    assert errors.InsufficientFunds is type(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_documented_text_is_not_believed_from_500_up(status: int) -> None:
    """A server that says it failed may have done the work: its refusal settles nothing."""
    error = judged({"errors": ["Insufficient funds"]}, status)
    assert isinstance(error, UnexpectedAnswer)
    assert status == error.status_code


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.RequestRejected),
        (401, errors.AuthenticationError),
        (402, errors.RequestRejected),
        (403, errors.AuthenticationError),
        (404, errors.RequestRejected),
        (405, errors.RequestRejected),
        (408, errors.UnexpectedAnswer),
        (410, errors.RequestRejected),
        (413, errors.FileTooBig),
        (415, errors.RequestRejected),
        (418, errors.RequestRejected),
        (429, errors.RateLimited),
        (451, errors.RequestRejected),
        (499, errors.RequestRejected),
        (500, errors.UnexpectedAnswer),
        (502, errors.UnexpectedAnswer),
        (503, errors.UnexpectedAnswer),
        (504, errors.UnexpectedAnswer),
        (301, errors.UnexpectedAnswer),
        (302, errors.UnexpectedAnswer),
        (303, errors.UnexpectedAnswer),
        (304, errors.UnexpectedAnswer),
        (307, errors.UnexpectedAnswer),
        (308, errors.UnexpectedAnswer),
        (103, errors.UnexpectedAnswer),
        (600, errors.UnexpectedAnswer),
        (200, errors.UnexpectedAnswer),
        (204, errors.UnexpectedAnswer),
    ],
)
@pytest.mark.parametrize("body", [HTML, "", "{}", "[]", "null", '"no"', '{"id": 100'])
def test_without_a_documented_text_the_status_decides(
    body: str, status: int, kind: type[AlphaSMSError]
) -> None:
    """A page of a proxy, an empty body and a cut one are judged by their status alone."""
    assert kind is type(judged(body, status))


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 410, 429, 499])
def test_a_plain_4xx_concerns_the_account(status: int) -> None:
    """A refusal by status alone would meet the next recipient too."""
    assert getattr(judged(HTML, status), "scope", None) == "account"


def test_a_plain_413_concerns_the_message() -> None:
    """A body too large for the proxy is the recording's fault."""
    assert getattr(judged(HTML, 413), "scope", None) == "message"


@pytest.mark.parametrize("status", [400, 403, 404, 408, 429, 500, 502, 504, 302, 307])
def test_an_id_with_another_status_than_2xx_settles_nothing(status: int) -> None:
    """A status that refuses and a body that accepts are unexpected, and the id is kept."""
    error = judged(ACCEPTED, status)
    assert isinstance(error, UnexpectedAnswer)
    assert error.id == 100500


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("told", [100500, "100500"])
def test_an_id_and_errors_together_settle_nothing(told: object, status: int) -> None:
    """An answer that accepts and refuses at once is unexpected, and its id is kept."""
    error = judged({"id": told, "errors": ["Banned"]}, status)
    assert isinstance(error, UnexpectedAnswer)
    assert error.id == 100500


def test_errors_beside_a_null_id_are_a_refusal() -> None:
    """PHP's null in the place of the id gives no id."""
    assert errors.AccountBanned is type(judged({"id": None, "errors": ["Banned"]}, 200))


@pytest.mark.parametrize("status", [401, 403, 404, 413, 429])
def test_a_plain_4xx_is_a_refusal_on_every_page(status: int) -> None:
    """The other pages judge a 4xx as voice.php does."""
    page = answer(HTML, status)
    for read in (
        lambda: http_php.read_balance(page),
        lambda: json_php.read_single(page),
        lambda: xml_php.read_statuses(page, [1]),
    ):
        with pytest.raises(GatewayError):
            read()


@pytest.mark.parametrize("status", [200, 302, 408, 500, 502])
def test_a_page_that_settles_nothing_is_unexpected_on_every_page(status: int) -> None:
    """The other pages call an HTML page unexpected, as voice.php does."""
    page = answer(HTML, status)
    for read in (
        lambda: http_php.read_balance(page),
        lambda: json_php.read_single(page),
        lambda: xml_php.read_statuses(page, [1]),
    ):
        with pytest.raises(UnexpectedAnswer):
            read()


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("errors:Banned", http_php.read_balance),
        ('{"success": false, "error": "Banned"}', json_php.read_single),
        ("<package><error>205</error></package>", partial(xml_php.read_statuses, ids=[1])),
    ],
)
def test_a_refusal_in_words_wins_below_500_on_every_page(
    body: str, read: Callable[[Answer], object]
) -> None:
    """The other pages believe their own words at status 403, and not at 500."""
    with pytest.raises(errors.AccountBanned):
        read(answer(body, 403))
    with pytest.raises(UnexpectedAnswer):
        read(answer(body, 500))
