"""The rim: every request ends here as answered, `NotSent` or `OutcomeUnknown`.

What decides is whether anybody began to read the request's body, not which exception came back.
The body carries the key and the phone, so a request whose body nobody touched cannot have rung
anyone; once it was touched, no exception of any HTTP library says how much of it arrived.
"""

import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import httpx

from alphasms_async.bodies import Delivery, OneShotBody, read_body
from alphasms_async.errors import (
    AlphaSMSError,
    ClientClosed,
    ConfigurationError,
    GatewayError,
    GatewayUnavailable,
    NotSent,
    OutcomeUnknown,
)
from alphasms_async.failures import reason_of, tellable
from alphasms_async.gateway.wire import Answer, Request
from alphasms_async.redirects import followed
from alphasms_async.timeouts import Timeouts, TimeoutTypes, check_timeout
from alphasms_async.transports import REPEATABLE, Misused

__all__ = ["Carry", "Exchange"]

T = TypeVar("T")
Read = Callable[[Answer], T]
Carry = Callable[[httpx.Request], Awaitable[httpx.Response]]
"""Sends one httpx request and returns the response's head, its body still unread."""

_log = logging.getLogger("alphasms_async")

_MAX_REDIRECTS = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0


class Exchange:
    """Sends requests through a transport and says what became of each."""

    def __init__(
        self,
        carry: Carry,
        close: Callable[[], Awaitable[None]] | None,
        *,
        base_url: str,
        max_retries: int,
        timeout: TimeoutTypes,
    ) -> None:
        self._carry = carry
        self._close = close
        self._base_url = base_url
        self._max_retries = max_retries
        self._timeout = timeout
        self._urls: dict[str, httpx.URL] = {}
        self._closed = False

    @property
    def base_url(self) -> str:
        """Where it sends to."""
        return self._base_url

    async def send(
        self,
        request: Request,
        read: Read[T],
        *,
        timeout: TimeoutTypes = None,
        delivery: Delivery | None = None,
    ) -> T:
        """Send a request that rings or writes; only what is proven not to have left is repeated.

        Args:
            request: What to send.
            read: Turns the answer into what is returned, or raises what it stands for.
            timeout: The limits, in place of the client's own. `None` keeps those.
            delivery: Told when the request begins to leave, for a caller that must know it even
                when it is cancelled.

        Raises:
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It began to leave, and no answer came that can be read.
            GatewayError: The gateway refused.
            ClientClosed: The client was closed before.
        """
        delivery = delivery or Delivery()
        try:
            return await self._until_answered(request, read, timeout, AlphaSMSError, delivery)
        except _Unanswered as end:
            raise _not_answered(request, delivery, end.failure) from tellable(end.failure, request)
        except AlphaSMSError:
            raise
        except BaseException:
            # Cancelled from outside. That must go on as it is, so the log is the only place left.
            if delivery.began:
                _log.warning(
                    "%s: cancelled after it began to leave, outcome unknown", request.asked
                )
            raise

    async def ask(self, request: Request, read: Read[T], *, timeout: TimeoutTypes = None) -> T:
        """Send a request that changes nothing at the gateway; any failure is repeated.

        Args:
            request: What to ask.
            read: Turns the answer into what is returned, or raises what it stands for.
            timeout: The limits, in place of the client's own. `None` keeps those.

        Raises:
            GatewayUnavailable: No readable answer came, the repeats included.
            GatewayError: The gateway refused.
            ClientClosed: The client was closed before.
        """
        try:
            return await self._until_answered(request, read, timeout, GatewayError, None)
        except _Unanswered as end:
            reason = reason_of(end.failure, request)
            raise GatewayUnavailable(f"{request.asked}: no answer: {reason}") from tellable(
                end.failure, request
            )

    async def aclose(self) -> None:
        """Close what this client opened; a second time does nothing."""
        if not self._closed:
            self._closed = True
            if self._close is not None:
                await self._close()

    def check_open(self, asked: str) -> None:
        """Raise `ClientClosed` when nothing can be sent any more."""
        if self._closed:
            raise ClientClosed(f"{asked}: this client is closed: make a new one")

    async def _until_answered(
        self,
        request: Request,
        read: Read[T],
        timeout: TimeoutTypes,
        answers: type[AlphaSMSError],
        delivery: Delivery | None,
    ) -> T:
        """Make attempts until one is answered, none is left, or the total deadline passes.

        Args:
            request: What to send.
            read: Turns the answer into what is returned, or raises what it stands for.
            timeout: The limits, in place of the client's own. `None` keeps those.
            answers: The errors that are an answer themselves, and end it.
            delivery: Notes when a send begins to leave, which ends it too; `None` for a read.

        Raises:
            _Unanswered: No attempt was answered.
            ConfigurationError: The transport cannot be used like this; nothing was sent.
        """
        self.check_open(request.asked)
        timeout = self._timeout if timeout is None else check_timeout(timeout)
        limits = Timeouts.of(timeout, request.size)
        failure: Exception | None = None
        try:
            with anyio.move_on_after(limits.total):
                for attempt in range(self._max_retries + 1):
                    if attempt:
                        await anyio.sleep(_pause(attempt - 1))
                    try:
                        return read(await self._deliver(request, limits, delivery))
                    except answers:
                        raise
                    except ConfigurationError:
                        if failure is None:
                            raise
                        # The client was closed meanwhile; what broke before is the reason.
                        break
                    except Exception as error:  # noqa: BLE001 - any class, see the module
                        failure = error
                    if delivery is not None and delivery.began:
                        break
        except (answers, ConfigurationError):
            raise
        except Exception as error:  # noqa: BLE001 - a group, when it broke as the deadline came
            failure = error
        raise _Unanswered(failure)

    async def _deliver(
        self, request: Request, limits: Timeouts, delivery: Delivery | None
    ) -> Answer:
        """Make one attempt. A redirect that says "the same request, other place" is part of it."""
        url = self._url(request.page)
        asked: list[httpx.URL] = []
        for _ in range(_MAX_REDIRECTS):
            answer = await self._post(request, url, limits, delivery)
            target = followed(answer, url)
            if target is None:
                return answer
            asked.append(_place(url))
            if _place(target) in asked:
                return answer
            url = target
        return await self._post(request, url, limits, delivery)

    async def _post(
        self, request: Request, url: httpx.URL, limits: Timeouts, delivery: Delivery | None
    ) -> Answer:
        body = OneShotBody(request.pieces, delivery or Delivery())
        extensions = {"timeout": limits.as_extension(), REPEATABLE: delivery is None}
        headers = [
            (b"Host", url.netloc),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),
            (b"User-Agent", b"alphasms-async"),
            (b"Content-Type", request.content_type.encode()),
            (b"Content-Length", str(request.size).encode()),
        ]
        try:
            response = await self._carry(
                httpx.Request("POST", url, headers=headers, stream=body, extensions=extensions)
            )
            content = await read_body(response)
        except Misused as error:
            raise ConfigurationError(f"{request.asked}: {error}") from None
        except AlphaSMSError as error:
            # Of a hook of the caller's own client, perhaps: no verdict on this request.
            raise RuntimeError(str(error)) from error
        finally:
            await body.aclose()
        return Answer(
            request=request,
            status=response.status_code,
            headers=response.headers,
            body=content,
        )

    def _url(self, page: str) -> httpx.URL:
        if page not in self._urls:
            self._urls[page] = httpx.URL(self._base_url + page)
        return self._urls[page]


class _Unanswered(Exception):
    """No attempt was answered; `failure` is why the last one was not, `None` for the deadline."""

    def __init__(self, failure: Exception | None) -> None:
        super().__init__()
        self.failure = failure


def _place(url: httpx.URL) -> httpx.URL:
    """Return where a URL leads: another query at the same page is no other place to try."""
    return url.copy_with(query=None)


def _not_answered(
    request: Request, delivery: Delivery, failure: Exception | None
) -> NotSent | OutcomeUnknown:
    """Return the one of the three answers that no answer of the gateway's stands for."""
    reason = reason_of(failure, request)
    if delivery.began:
        return OutcomeUnknown(request.unknown(reason), client_id=request.client_id)
    return NotSent(f"{request.asked}: not sent: {reason}. Sending it again is safe.")


def _pause(repeats: int) -> float:
    """Return the seconds to wait after so many repeats: full jitter under a rising ceiling."""
    ceiling = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**repeats)
    return random.uniform(0, ceiling)  # noqa: S311 - spreads load, guards no secret
