"""The door for the gateway's events in an application, whose verifier takes them."""

from starlette.types import Receive, Scope, Send

from alphasms_async.verification.web.lifespan import receiver_of

__all__ = ["VerificationHooks", "verification_hooks"]


class VerificationHooks:
    """Hands requests to the application's `WebhookReceiver`, which is made when it starts.

    Mount it one step above its address: `app.mount("/hooks", verification_hooks)` serves
    `/hooks/alphasms`. A mount answers its own address with a redirect to the same with a slash,
    and nobody says that the gateway follows one.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it.

        Raises:
            ConfigurationError: The application was started without `verification_lifespan`.
        """
        await receiver_of(scope)(scope, receive, send)


verification_hooks: VerificationHooks = VerificationHooks()
"""The hook of every application that has `verification_lifespan`, as an ASGI app."""
