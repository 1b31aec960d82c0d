"""`AlphaSMS`: the client, one short method per thing the gateway can do."""

from collections.abc import AsyncIterable, Iterable
from functools import partial
from types import TracebackType
from typing import Self

import httpx

from alphasms_async.dialing import Dialing
from alphasms_async.errors import ConfigurationError
from alphasms_async.exchange import Carry, Exchange
from alphasms_async.phone import DEFAULT_REGION
from alphasms_async.recording import Audio
from alphasms_async.services import (
    AccountService,
    OtpService,
    PipelineService,
    SmsService,
    StatusService,
    VoiceService,
    VoiceSmsService,
)
from alphasms_async.settings import Settings
from alphasms_async.timeouts import TimeoutTypes, check_timeout
from alphasms_async.transports import TransportName, transport_named

__all__ = ["AlphaSMS"]


class AlphaSMS:
    """The AlphaSMS gateway, awaitable on asyncio and trio.

    Use it as an async context manager, or call `aclose()`; one client serves any number of tasks.
    Making one does no I/O and needs no running event loop.

    Args:
        api_key: The key from the account's settings. `None`: `ALPHASMS_API_KEY`.
        base_url: Where the gateway is. `None`: `ALPHASMS_BASE_URL`, else `https://alphasms.ua`.
            `http://` only to loopback.
        transport: `"httpx"`: one connection for each request in flight, on asyncio and trio.
            `"aiohttp"`: the same for a third to two thirds of the CPU, on asyncio, with the extra
            `aiohttp`. Or any `httpx.AsyncBaseTransport`, closed with the client. `None`:
            `ALPHASMS_TRANSPORT`, else `"httpx"`.
        http_client: An `httpx.AsyncClient` that you own and close. Its authentication and its
            redirects are not used.
        proxy: The URL of a proxy, or an `httpx.Proxy`, for a transport that is made by its name.
        timeout: Seconds for each whole request, or an `httpx.Timeout` with a limit for each
            phase. `None`: connect 10 s, write 30 s plus the body at 64 KB a second, read 60 s,
            and in all their sum plus 10 s.
        max_retries: How often a request that is proven not to have left is repeated, and a
            failed read, 0 or more.
        default_region: The ISO 3166 code of the country whose national numbers are meant.

    Raises:
        ConfigurationError: Something is missing or cannot work, such as no API key. A request
            raises it when its transport cannot be used, being closed or of another event loop;
            nothing was sent.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        transport: TransportName | httpx.AsyncBaseTransport | None = None,
        http_client: httpx.AsyncClient | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
        timeout: TimeoutTypes = None,
        max_retries: int = 2,
        default_region: str = DEFAULT_REGION,
    ) -> None:
        settings = Settings.gather(
            api_key=api_key,
            base_url=base_url,
            max_retries=max_retries,
            default_region=default_region,
        )
        self._settings = settings
        self._exchange = exchange = _exchange(settings, transport, http_client, proxy, timeout)
        self.voice: VoiceService = VoiceService(settings, exchange)
        """Calls that play a recording or read a text aloud."""
        self.otp: OtpService = OtpService(settings, exchange)
        """Phone verification by an incoming call whose number ends in the code."""
        self.voice_sms: VoiceSmsService = VoiceSmsService(settings, exchange)
        """An SMS that calls and speaks."""
        self.sms: SmsService = SmsService(settings, exchange)
        """Plain SMS, one or many."""
        self.status: StatusService = StatusService(settings, exchange)
        """What became of calls and messages."""
        self.account: AccountService = AccountService(settings, exchange)
        """Balance, prices, number lookup."""
        self.pipeline: PipelineService = PipelineService(settings, exchange)
        """The gateway's own order of channels."""

    def __repr__(self) -> str:
        return f"AlphaSMS(base_url={self._settings.base_url!r})"

    @property
    def default_region(self) -> str:
        """The ISO 3166 code of the country whose national numbers are meant."""
        return self._settings.default_region

    async def __aenter__(self) -> Self:
        self._exchange.check_open("AlphaSMS")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the transport; a second time does nothing. Your `http_client` stays open."""
        await self._exchange.aclose()

    def dial(
        self,
        recipients: Iterable[str] | AsyncIterable[str],
        audio: Audio,
        *,
        concurrency: int = 32,
        per_second: float | None = None,
        hook: str | None = None,
        dtmf: bool = False,
        allow_repeats: bool = False,
    ) -> Dialing:
        """Call many phones and play one recording to each.

            async with alphasms.dial(numbers, "promo.wav", per_second=20) as results:
                async for result in results:
                    print(result.phone, result.outcome)
            print(results.summary)

        Each number rings once: nothing is repeated unless it is proven not to have left, and a
        number seen before in this run is a `duplicate`. One bad recipient is a result and touches
        no other; a refusal of the account or the recording stops the run, see `Summary.stopped`.
        Leaving the block early stops taking recipients and waits for what is in flight;
        cancelling does not wait. Either way `Summary.unread` keeps what was not handed over.

        Args:
            recipients: Phone numbers as people write them: any iterable or async iterable, an
                endless one too. No more of it is taken than can be dialled.
            audio: A WAV of at most 5 MB: a path, bytes, a binary file or a `Recording`.
            concurrency: How many calls are placed at once, 1 or more. A slow reader of the
                results slows the run down; nothing piles up.
            per_second: How many calls are begun a second at most, evenly spread. `None`: no limit.
            hook: The URL that gets each call's outcome. `None`: the account's own setting.
            dtmf: Whether to wait for a key press, which the hook then tells.
            allow_repeats: Whether a number may be dialled again in this run.

        Returns:
            An async context manager that gives the results as they come.

        Raises:
            InvalidRequest: `concurrency`, `per_second` or `hook` cannot be used. On entering the
                block also `InvalidRecording` and `ClientClosed`; nothing was sent.

        Source: voice.php [instruction, section 2], once for each recipient.
        """
        return Dialing(
            self._settings,
            self._exchange,
            recipients,
            audio,
            concurrency=concurrency,
            per_second=per_second,
            hook=hook,
            dtmf=dtmf,
            allow_repeats=allow_repeats,
        )


def _exchange(
    settings: Settings,
    transport: TransportName | httpx.AsyncBaseTransport | None,
    http_client: httpx.AsyncClient | None,
    proxy: str | httpx.URL | httpx.Proxy | None,
    timeout: TimeoutTypes,
) -> Exchange:
    """Set up the way out over the one of transport, client and proxy that is given."""
    given = [one for one in (transport, http_client, proxy) if one is not None]
    if len(given) > 1 and (http_client is not None or not isinstance(transport, str)):
        raise ConfigurationError(
            "give one of transport=, http_client= and proxy=, not several: "
            "a proxy goes with the name of a transport alone"
        )
    try:
        httpx.URL(settings.base_url)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"the base URL cannot be read: {error}") from None
    carry: Carry
    if http_client is not None:
        if not isinstance(http_client, httpx.AsyncClient):
            raise ConfigurationError("http_client is an httpx.AsyncClient")
        # Authentication and redirects of the client are switched off for our requests: the one
        # would add a secret we know nothing of, the other sends a body again.
        carry = partial(http_client.send, stream=True, auth=None, follow_redirects=False)
        close = None
    else:
        if transport is None or isinstance(transport, str):
            transport = _named(settings, transport, proxy)
        if not isinstance(transport, httpx.AsyncBaseTransport):
            kind = transport.__name__ if isinstance(transport, type) else type(transport).__name__
            raise ConfigurationError(
                f"transport is 'httpx', 'aiohttp' or an httpx.AsyncBaseTransport, not {kind}"
            )
        carry, close = transport.handle_async_request, transport.aclose
    return Exchange(
        carry,
        close,
        base_url=settings.base_url,
        max_retries=settings.max_retries,
        timeout=check_timeout(timeout),
    )


def _named(
    settings: Settings, name: str | None, proxy: str | httpx.URL | httpx.Proxy | None
) -> httpx.AsyncBaseTransport:
    if name is None and settings.transport is not None:
        return transport_named(settings.transport, proxy, given="ALPHASMS_TRANSPORT")
    return transport_named("httpx" if name is None else name, proxy)
