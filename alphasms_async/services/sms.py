"""Plain SMS, one or many in a request."""

from collections.abc import Container, Iterable

from attrs import frozen

from alphasms_async.checks import check_client_id
from alphasms_async.chunks import chunked
from alphasms_async.errors import (
    AlphaSMSError,
    GatewayError,
    InvalidRequest,
    NotSent,
    OutcomeUnknown,
    UnexpectedAnswer,
)
from alphasms_async.gateway import json_objects, json_php
from alphasms_async.gateway.wire import Answer
from alphasms_async.messages import Sms
from alphasms_async.models import Message
from alphasms_async.phone import mask_phone
from alphasms_async.services.service import Service
from alphasms_async.timeouts import TimeoutTypes, check_timeout

__all__ = ["SmsService"]

_MESSAGES_PER_REQUEST = 50

Outcome = Message | AlphaSMSError
_Outcomes = dict[int, Outcome]


class SmsService(Service):
    """`alphasms.sms`: text messages; with the sender `Voice` they are read aloud."""

    async def send(
        self,
        phone: str,
        text: str,
        *,
        sender: str,
        client_id: int | None = None,
        hook: str | None = None,
        lifetime: int | None = None,
        short_link: str | None = None,
        unsubscribe_link: str | None = None,
        timeout: TimeoutTypes = None,
    ) -> Message:
        """Send one SMS.

        It is sent once: the request is repeated only while it is proven not to have left.

        Args:
            phone: The recipient, as people write it.
            text: The text, not empty.
            sender: An alpha name registered for the account, 3 to 11 Latin letters and digits.
            client_id: Our id, 1 to 2**53 - 1, to ask `status.by_client_id` with. `None`: a new one.
            hook: The URL that gets the delivery status. `None`: the account's own setting.
            lifetime: How long the gateway tries, 3600 to 259200 seconds. `None`: 172800.
            short_link: The gateway's field of that name. `None`: not sent.
            unsubscribe_link: The gateway's field of that name. `None`: not sent.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Returns:
            The queued message; `id` is the gateway's, `client_id` ours.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was sent.
            InvalidText: The text is empty or cannot be sent; nothing was sent.
            InvalidRequest: The sender, hook, id or lifetime cannot be used; nothing was sent.
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It left and no readable answer came; its `client_id` can be asked for.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed; nothing was sent.

        Source: json.php, type `sms` [API pages].
        """
        digits, client_id = self._digits(phone), check_client_id(client_id)
        message = Sms(digits, text, sender, client_id, hook, lifetime, short_link, unsubscribe_link)
        content = json_objects.sms(message, client_id, digits)
        return await self._queue(content, what="SMS", phone=digits, timeout=timeout)

    async def send_many(
        self, messages: Iterable[Sms], *, timeout: TimeoutTypes = None
    ) -> list[Outcome]:
        """Send many SMS, 50 in a request, and return what became of each.

        Each is sent once: a request is repeated only while it is proven not to have left. Nothing
        is raised for one message or one request: its error stands in the list. When the gateway
        refuses the account, the requests after it are not sent and their messages are `NotSent`.
        Give each message a `client_id` of your own when the task may be cancelled: the list is
        lost then, the ids are not.

        Args:
            messages: What to send; an iterable, read whole before the first request.
            timeout: Seconds for each request, or an `httpx.Timeout`. `None`: the client's.

        Returns:
            For each message, in input order: the queued `Message`; or `InvalidRequest` (a bad
            phone, a client id that stands twice), `NotSent`, a `GatewayError`, or
            `OutcomeUnknown`, also where the answer says nothing of it.

        Raises:
            ClientClosed: The client was closed before the first request; nothing was sent.

        Source: json.php, type `sms` [API pages].
        """
        self._exchange.check_open("many SMS")
        timeout = check_timeout(timeout)
        outcomes: dict[int, Outcome] = {}
        ready: dict[int, _Ready] = {}
        for place, message in enumerate(messages):
            try:
                ready[_own_id(message, ready)] = _Ready(place, self._digits(message.phone), message)
            except InvalidRequest as error:
                outcomes[place] = error
        refused: GatewayError | None = None
        for chunk in chunked(tuple(ready.items()), _MESSAGES_PER_REQUEST):
            part = dict(chunk)
            if refused is None:
                results = await self._send_part(part, timeout)
            else:
                results = dict.fromkeys(part, _not_tried(refused))
            refused = refused or _account_refusal(results)
            outcomes.update((part[client_id].place, one) for client_id, one in results.items())
        return [outcomes[place] for place in sorted(outcomes)]

    async def _send_part(self, part: dict[int, "_Ready"], timeout: TimeoutTypes) -> _Outcomes:
        """Send one request's worth of messages, and return what became of each by its id."""
        objects = [
            json_objects.sms(one.message, client_id, one.phone) for client_id, one in part.items()
        ]
        request = json_php.ask(self._settings.api_key, objects, f"{len(part)} SMS")

        def read(answer: Answer) -> _Outcomes:
            results = json_php.read_results(answer, part)
            return {
                client_id: _outcome(answer, result, client_id, part[client_id].phone)
                for client_id, result in results.items()
            }

        try:
            return await self._exchange.send(request, read, timeout=timeout)
        except AlphaSMSError as error:
            return {client_id: _told_of(error, client_id, one) for client_id, one in part.items()}


@frozen(eq=False, repr=False)
class _Ready:
    """A message that passed its checks: its place in the list, and the digits to send it to."""

    place: int
    phone: str
    message: Sms


def _own_id(message: Sms, taken: Container[int]) -> int:
    client_id = check_client_id(message.client_id)
    if client_id in taken:
        raise InvalidRequest(f"client_id {client_id} stands twice in the list: use each once")
    return client_id


def _outcome(answer: Answer, result: json_php.Result, client_id: int, phone: str) -> Outcome:
    if isinstance(result, GatewayError):
        return result.about(f"SMS to {mask_phone(phone)}")
    if isinstance(result, AlphaSMSError):
        return result
    try:
        return json_php.read_message(answer, result, client_id, phone)
    except UnexpectedAnswer as error:
        return error


def _told_of(error: AlphaSMSError, client_id: int, one: _Ready) -> AlphaSMSError:
    """Tell the end of a whole request as the end of one of its messages."""
    if isinstance(error, GatewayError):
        return error.about(f"SMS to {mask_phone(one.phone)}")
    if isinstance(error, UnexpectedAnswer):
        return UnexpectedAnswer(str(error), status_code=error.status_code, client_id=client_id)
    if isinstance(error, OutcomeUnknown):
        return OutcomeUnknown(str(error), client_id=client_id)
    return error


def _account_refusal(results: _Outcomes) -> GatewayError | None:
    """Return the refusal that will meet every further request too, when there is one."""
    for one in results.values():
        if isinstance(one, GatewayError) and one.scope == "account":
            return one
    return None


def _not_tried(refused: GatewayError) -> Outcome:
    return NotSent(f"SMS: not sent, for the account was refused before: {refused}")
