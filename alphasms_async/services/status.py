"""What became of calls and messages, over the gateway's three status interfaces."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from alphasms_async.checks import check_ids
from alphasms_async.chunks import chunked
from alphasms_async.gateway import http_php, json_objects, json_php
from alphasms_async.gateway.wire import Answer
from alphasms_async.models import Status
from alphasms_async.services.service import Service
from alphasms_async.timeouts import TimeoutTypes

__all__ = ["StatusService"]

_IDS_PER_REQUEST = 100
_CLIENT_IDS_PER_REQUEST = 50


class StatusService(Service):
    """`alphasms.status`: reads that change nothing, repeated when they fail."""

    async def get(self, id: int, *, timeout: TimeoutTypes = None) -> Status:
        """Return the status of one call or message by the gateway's id.

        Of when it came about the gateway tells the day alone here: `at` is the beginning of that
        day in Kyiv. `get_many` is told the time as well.

        Args:
            id: The `id` of a `VoiceCall`, `OtpCall` or `Message`.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Raises:
            InvalidRequest: The id is not a positive whole number; nothing was asked.
            GatewayUnavailable: No readable answer came, the repeats included.
            GatewayError: The gateway refused, which includes an id it does not know.
            ClientClosed: The client is closed.

        Source: http.php, command `receive` [API pages].
        """
        (checked,) = check_ids([id])
        request = http_php.receive(self._settings.api_key, checked)
        read = partial(http_php.read_status, message_id=checked)
        return await self._exchange.ask(request, read, timeout=timeout)

    async def get_many(self, ids: Iterable[int], *, timeout: TimeoutTypes = None) -> list[Status]:
        """Return the status of many calls or messages by the gateway's ids, in that order.

        An id the gateway does not know has the state `NOT_FOUND`, one it says nothing of `UNKNOWN`.

        Args:
            ids: The gateway's ids; they are asked for 100 at a time.
            timeout: Seconds for each request, or an `httpx.Timeout`. `None`: the client's.

        Raises:
            InvalidRequest: An id is not a positive whole number; nothing was asked.
            GatewayUnavailable: No readable answer came, the repeats included.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed.

        Source: xml.php, `status` [API pages].
        """
        # Late, for it brings a parser of XML, and few ask this interface.
        from alphasms_async.gateway import xml_php

        self._exchange.check_open("status of many ids")
        found: list[Status] = []
        for chunk in chunked(check_ids(ids), _IDS_PER_REQUEST):
            request = xml_php.status(self._settings.api_key, chunk)
            read = partial(xml_php.read_statuses, ids=chunk)
            found += await self._exchange.ask(request, read, timeout=timeout)
        return found

    async def by_client_id(
        self, ids: Iterable[int], *, timeout: TimeoutTypes = None
    ) -> list[Status]:
        """Return the status of many messages by our own ids, in that order.

        This is how to learn what became of a message whose send ended in `OutcomeUnknown`. An id
        the gateway does not know has the state `NOT_FOUND`.

        Args:
            ids: The `client_id` of each message; they are asked for 50 at a time.
            timeout: Seconds for each request, or an `httpx.Timeout`. `None`: the client's.

        Raises:
            InvalidRequest: An id is not a positive whole number; nothing was asked.
            GatewayUnavailable: No readable answer came, the repeats included.
            GatewayError: The gateway refused the whole request; the class says why.
            ClientClosed: The client is closed.

        Source: json.php, type `status` [API pages].
        """
        self._exchange.check_open("status of many ids")
        found: list[Status] = []
        for chunk in chunked(check_ids(ids), _CLIENT_IDS_PER_REQUEST):
            objects: list[Mapping[str, Any]] = [json_objects.status(one) for one in chunk]
            request = json_php.ask(
                self._settings.api_key, objects, f"status of {len(chunk)} ids", is_read=True
            )

            def read(answer: Answer, asked: tuple[int, ...] = chunk) -> list[Status]:
                return json_php.read_statuses(answer, asked)

            found += await self._exchange.ask(request, read, timeout=timeout)
        return found
