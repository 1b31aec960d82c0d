"""What every namespace of the client holds: its settings, and the way out."""

from typing import Any

from attrs import frozen

from alphasms_async.bodies import Delivery
from alphasms_async.exchange import Exchange
from alphasms_async.gateway import json_php
from alphasms_async.gateway.wire import Answer
from alphasms_async.models import Message
from alphasms_async.phone import mask_phone, parse_phone
from alphasms_async.settings import Settings
from alphasms_async.timeouts import TimeoutTypes

__all__ = ["Service"]


@frozen(eq=False, repr=False)
class Service:
    """One namespace of the client."""

    _settings: Settings
    _exchange: Exchange

    def _digits(self, phone: str) -> str:
        return parse_phone(phone, region=self._settings.default_region)

    async def _queue(
        self,
        content: dict[str, Any],
        *,
        what: str,
        phone: str,
        timeout: TimeoutTypes,
        delivery: Delivery | None = None,
    ) -> Message:
        """Send one object of json.php that carries our id, and return the message it became."""
        client_id: int = content["id"]

        def read(answer: Answer) -> Message:
            return json_php.read_message(answer, json_php.read_single(answer), client_id, phone)

        request = json_php.ask(
            self._settings.api_key,
            [content],
            f"{what} to {mask_phone(phone)}",
            client_id=client_id,
        )
        return await self._exchange.send(request, read, timeout=timeout, delivery=delivery)
