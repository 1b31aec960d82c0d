"""The client and the verifier of an application: made when it starts, closed when it stops."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

from attrs import frozen
from starlette.requests import HTTPConnection
from starlette.types import Scope

from alphasms_async.client import AlphaSMS
from alphasms_async.errors import ConfigurationError
from alphasms_async.verification.verifier import PhoneVerifier
from alphasms_async.webhooks.handlers import Handler
from alphasms_async.webhooks.receiver import WebhookReceiver

__all__ = ["Lifespan", "client_of", "receiver_of", "verification_lifespan", "verifier_of"]

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Mapping[str, Any]]]
"""What Starlette and FastAPI take as `lifespan`."""

_PLACE = "alphasms_verification"


@frozen
class _Running:
    """What an application has while it runs."""

    client: AlphaSMS
    verifier: PhoneVerifier
    receiver: WebhookReceiver


def verification_lifespan(
    make_verifier: Callable[[AlphaSMS], PhoneVerifier],
    *,
    make_client: Callable[[], AlphaSMS] = AlphaSMS,
    handlers: Sequence[Handler] = (),
) -> Lifespan:
    """Return a lifespan that owns a client and a verifier, and closes both.

    A lifespan of your own goes around it:

        verifying = verification_lifespan(make_verifier)

        @asynccontextmanager
        async def lifespan(app):
            async with open_database() as database, verifying(app) as state:
                yield {**state, "database": database}

    At the end no timer begins a send any more, and those in flight are waited for.

    Args:
        make_verifier: Makes the verifier over the client, when the application starts.
        make_client: Makes the client, likewise.
        handlers: Who takes the events of `verification_hooks` beside the verifier, such as what
            tells a campaign; the account has but one hook.
    """

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncGenerator[Mapping[str, Any]]:
        async with make_client() as client, make_verifier(client) as verifier:
            receiver = WebhookReceiver(verifier.tokens, verifier, *handlers)
            yield {_PLACE: _Running(client, verifier, receiver)}

    return lifespan


def client_of(connection: HTTPConnection) -> AlphaSMS:
    """Return the application's client; call it, or have FastAPI call it by `Depends`.

    Args:
        connection: The request, or a WebSocket.

    Raises:
        ConfigurationError: The application was started without `verification_lifespan`.
    """
    return _running(connection.scope).client


def verifier_of(connection: HTTPConnection) -> PhoneVerifier:
    """Return the application's verifier; call it, or have FastAPI call it by `Depends`.

    Args:
        connection: The request, or a WebSocket.

    Raises:
        ConfigurationError: The application was started without `verification_lifespan`.
    """
    return _running(connection.scope).verifier


def receiver_of(scope: Scope) -> WebhookReceiver:
    """Return what takes the application's events.

    Raises:
        ConfigurationError: The application was started without `verification_lifespan`.
    """
    return _running(scope).receiver


def _running(scope: Scope) -> _Running:
    running = scope.get("state", {}).get(_PLACE)
    if not isinstance(running, _Running):
        raise ConfigurationError(
            "this application has no verifier: start it with lifespan=verification_lifespan(…)"
        )
    return running
