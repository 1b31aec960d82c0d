"""Flash calls: the phone rings from a number whose last four digits are the code."""

from functools import partial

from alphasms_async.checks import check_client_id, check_hook
from alphasms_async.gateway import json_objects, json_php, otp_php
from alphasms_async.models import OtpCall, TrackedOtpCall
from alphasms_async.phone import mask_phone
from alphasms_async.services.service import Service
from alphasms_async.timeouts import TimeoutTypes

__all__ = ["OtpService"]


class OtpService(Service):
    """`alphasms.otp`: phone verification by an incoming call."""

    async def call(
        self, phone: str, *, hook: str | None = None, timeout: TimeoutTypes = None
    ) -> OtpCall:
        """Have the gateway call a phone from a number that ends in a code.

        The phone rings once: the request is repeated only while it is proven not to have left.

        Args:
            phone: The recipient, as people write it.
            hook: The URL that gets the outcome; undocumented for this page, so the hook of the
                account's settings is the sure way. `None`: that one.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Returns:
            The queued call; `code` is what the person must type in, always 4 digits.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was sent.
            InvalidRequest: The hook is not a URL; nothing was sent.
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It left and no readable answer came: the phone may ring with a code
                nobody knows.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed; nothing was sent.

        Source: otp.php [instruction, section 4].
        """
        digits = self._digits(phone)
        request = otp_php.call(self._settings.api_key, digits, hook=check_hook(hook))
        read = partial(otp_php.read_call, phone=digits)
        return await self._exchange.send(request, read, timeout=timeout)

    async def call_tracked(
        self,
        phone: str,
        *,
        client_id: int | None = None,
        hook: str | None = None,
        timeout: TimeoutTypes = None,
    ) -> TrackedOtpCall:
        """Place a flash call that carries an id of ours, and learn its price.

        The phone rings once: the request is repeated only while it is proven not to have left.

        Args:
            phone: The recipient, as people write it.
            client_id: Our id, 1 to 2**53 - 1, to ask `status.by_client_id` with, also when the
                answer was lost. `None`: a new one.
            hook: The URL that gets the outcome. `None`: the account's own setting.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Returns:
            The queued call; `code` is what the person must type in, always 4 digits.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was sent.
            InvalidRequest: The hook or the client id cannot be used; nothing was sent.
            NotSent: It is proven not to have left, the repeats included.
            OutcomeUnknown: It left and no readable answer came; its `client_id` can be asked for.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed; nothing was sent.

        Source: json.php, type `call/otp` [API pages].
        """
        digits, client_id = self._digits(phone), check_client_id(client_id)
        request = json_php.ask(
            self._settings.api_key,
            [json_objects.otp_call(client_id, digits, check_hook(hook))],
            f"OTP call to {mask_phone(digits)}",
            client_id=client_id,
        )
        read = partial(json_php.read_otp_call, client_id=client_id, phone=digits)
        return await self._exchange.send(request, read, timeout=timeout)
