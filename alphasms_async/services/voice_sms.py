"""Voice SMS: a text the gateway reads aloud in the language it is written in."""

from alphasms_async.bodies import Delivery
from alphasms_async.checks import VOICE_SENDER, check_client_id
from alphasms_async.gateway import json_objects
from alphasms_async.messages import Sms
from alphasms_async.models import Message
from alphasms_async.services.service import Service
from alphasms_async.timeouts import TimeoutTypes

__all__ = ["VoiceSmsService"]


class VoiceSmsService(Service):
    """`alphasms.voice_sms`: an SMS with the sender `Voice`, which calls and speaks."""

    async def send(
        self,
        phone: str,
        text: str,
        *,
        client_id: int | None = None,
        hook: str | None = None,
        lifetime: int | None = None,
        timeout: TimeoutTypes = None,
        delivery: Delivery | None = None,
    ) -> Message:
        """Call a phone and read a text aloud in Ukrainian, Russian or English.

        The gateway detects the language, minds punctuation and pauses in codes. The phone rings
        once: the request is repeated only while it is proven not to have left.

        Args:
            phone: The recipient, as people write it.
            text: What is read aloud, not empty.
            client_id: Our id, 1 to 2**53 - 1, to ask `status.by_client_id` with. `None`: a new one.
            hook: The URL that gets the outcome. `None`: the account's own setting.
            lifetime: How long the gateway tries, 3600 to 259200 seconds. `None`: 172800.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.
            delivery: Told when the request begins to leave, for a caller that must know it even
                when it is cancelled. `None`: nobody needs to know.

        Returns:
            The queued message; `id` is the gateway's, `client_id` ours.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was sent.
            InvalidText: The text is empty or cannot be sent; nothing was sent.
            InvalidRequest: The hook, id or lifetime cannot be used; nothing was sent.
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It left and no readable answer came; its `client_id` can be asked for.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed; nothing was sent.

        Source: json.php, type `sms` with the sender `Voice` [instruction, section 3].
        """
        digits, client_id = self._digits(phone), check_client_id(client_id)
        message = Sms(digits, text, VOICE_SENDER, client_id, hook, lifetime)
        content = json_objects.sms(message, client_id, digits)
        return await self._queue(
            content, what="voice SMS", phone=digits, timeout=timeout, delivery=delivery
        )
