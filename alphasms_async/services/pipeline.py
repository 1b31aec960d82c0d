"""Pipelines: the gateway tries one channel after another until one reaches the person."""

from collections.abc import Iterable

from alphasms_async.checks import check_client_id, check_hook
from alphasms_async.gateway import json_objects
from alphasms_async.messages import Step
from alphasms_async.models import Message
from alphasms_async.services.service import Service
from alphasms_async.timeouts import TimeoutTypes

__all__ = ["PipelineService"]


class PipelineService(Service):
    """`alphasms.pipeline`: voice, Telegram, Viber, RCS and SMS in the order you choose."""

    async def send(
        self,
        phone: str,
        steps: Iterable[Step],
        *,
        client_id: int | None = None,
        hook: str | None = None,
        timeout: TimeoutTypes = None,
    ) -> Message:
        """Send one message through channels in order.

        The request is repeated only while it is proven not to have left.

        Args:
            phone: The recipient, as people write it.
            steps: The channels in the order of attempts, one of each kind at most.
            client_id: Our id, 1 to 2**53 - 1, to ask `status.by_client_id` with. `None`: a new one.
            hook: The URL that gets the outcome. `None`: the account's own setting.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Returns:
            The queued message; `id` is the gateway's, `client_id` ours.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was sent.
            InvalidRequest: There is no step, two are of one kind, or the hook or client id cannot
                be used; nothing was sent.
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It left and no readable answer came; its `client_id` can be asked for.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed; nothing was sent.

        Source: json.php, type `pipeline` [API pages].
        """
        digits, client_id = self._digits(phone), check_client_id(client_id)
        content = json_objects.pipeline(tuple(steps), client_id, digits, check_hook(hook))
        return await self._queue(content, what="pipeline", phone=digits, timeout=timeout)
