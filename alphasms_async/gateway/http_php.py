"""http.php: plain-text answers for one id, the balance and a price [API pages, HTTP API].

The page takes GET as well, with the key in the URL. It is asked by POST always.
"""

import re
from urllib.parse import urlencode

from alphasms_async.gateway.reading import judge_status, optional_whole, read_money, unexpected
from alphasms_async.gateway.refusals import refusal
from alphasms_async.gateway.states import state_of_http_code, state_of_word, utc
from alphasms_async.gateway.wire import Answer, Request
from alphasms_async.models import Balance, Price, Status
from alphasms_async.phone import mask_phone

__all__ = ["balance", "price", "read_balance", "read_price", "read_status", "receive"]

_FIELD = re.compile(
    r"(?:^|(?<=\s))(status|code|status_time|errors|balance|price|currency):(.*?)"
    r"(?=\s+(?:status|code|status_time|errors|balance|price|currency):|\Z)",
    re.DOTALL,
)
_FIRST_FIELD = re.compile(r"\w+:")
_LONGEST_ANSWER = 4096


def receive(api_key: str, message_id: int) -> Request:
    """Return the request for the status of one call or message, by the gateway's id."""
    return _ask(api_key, f"status of {message_id}", command="receive", id=str(message_id))


def balance(api_key: str) -> Request:
    """Return the request for the account's balance."""
    return _ask(api_key, "balance", command="balance")


def price(api_key: str, phone: str) -> Request:
    """Return the request for the price of a message to the phone."""
    return _ask(api_key, f"price for {mask_phone(phone)}", command="price", to=phone)


def read_status(answer: Answer, message_id: int) -> Status:
    """Return the status in `status:Delivered code:3 status_time:2024/10/12`.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer has neither a status nor a refusal.
    """
    fields = _fields(answer)
    word, code = fields.get("status", ""), optional_whole(fields.get("code"))
    if not word and code is None:
        raise unexpected(answer, "it has no status")
    return Status(
        id=message_id,
        state=state_of_word(word) if code is None else state_of_http_code(code),
        raw=word or str(code),
        at=utc(fields.get("status_time")),
    )


def read_balance(answer: Answer) -> Balance:
    """Return the balance in `balance:31.168300000000002`.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer has neither a balance nor a refusal.
    """
    fields = _fields(answer)
    amount = read_money(fields.get("balance"))
    if amount is None:
        raise unexpected(answer, "it has no balance")
    return Balance(amount=amount, currency=fields.get("currency") or None)


def read_price(answer: Answer) -> Price:
    """Return the price in `price:1.2 currency:UAH`.

    Raises:
        GatewayError: The gateway refused.
        UnexpectedAnswer: The answer has neither a price nor a refusal.
    """
    fields = _fields(answer)
    amount = read_money(fields.get("price"))
    if amount is None or amount < 0:
        raise unexpected(answer, "it has no price")
    return Price(amount=amount, currency=fields.get("currency") or None)


def _ask(api_key: str, asked: str, **fields: str) -> Request:
    body = urlencode({"version": "http", "key": api_key, **fields}).encode()
    return Request(
        page="/api/http.php",
        content_type="application/x-www-form-urlencoded",
        pieces=(body,),
        asked=asked,
        api_key=api_key,
        is_read=True,
    )


def _fields(answer: Answer) -> dict[str, str]:
    """Return the answer's fields, or raise what it stands for."""
    text = answer.body[:_LONGEST_ANSWER].decode("utf-8-sig", errors="replace").strip()
    # Else an error page that mentions a code somewhere would be read as a status.
    found = _FIELD.findall(text) if _FIRST_FIELD.match(text) else []
    fields = {name: value.strip() for name, value in found}
    if fields.get("errors") and answer.status < 500:
        raise refusal(answer, [fields["errors"]])
    judge_status(answer)
    return fields
