"""The account: its balance, prices, and what the operators know of a number."""

from functools import partial

from alphasms_async.checks import mint_client_id
from alphasms_async.gateway import http_php, json_objects, json_php
from alphasms_async.models import Balance, Lookup, Price
from alphasms_async.phone import mask_phone
from alphasms_async.services.service import Service
from alphasms_async.timeouts import TimeoutTypes

__all__ = ["AccountService"]


class AccountService(Service):
    """`alphasms.account`: reads that change nothing, repeated when they fail."""

    async def balance(self, *, timeout: TimeoutTypes = None) -> Balance:
        """Return the money on the account.

        Args:
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Raises:
            GatewayUnavailable: No readable answer came, the repeats included.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed.

        Source: json.php, type `balance` [API pages]; http.php tells the sum without its currency.
        """
        request = json_php.ask(
            self._settings.api_key, [json_objects.balance()], "balance", is_read=True
        )
        return await self._exchange.ask(request, json_php.read_balance, timeout=timeout)

    async def price(self, phone: str, *, timeout: TimeoutTypes = None) -> Price:
        """Return what a message to the phone costs.

        Args:
            phone: The recipient, as people write it.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was asked.
            GatewayUnavailable: No readable answer came, the repeats included.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed.

        Source: http.php, command `price` [API pages].
        """
        request = http_php.price(self._settings.api_key, self._digits(phone))
        return await self._exchange.ask(request, http_php.read_price, timeout=timeout)

    async def lookup(self, phone: str, *, timeout: TimeoutTypes = None) -> Lookup:
        """Return what the operators' register (HLR) says of a number. The phone does not ring.

        Args:
            phone: The number, as people write it.
            timeout: Seconds for the whole request, or an `httpx.Timeout`. `None`: the client's.

        Raises:
            InvalidPhoneNumber: The phone cannot be dialled; nothing was asked.
            GatewayUnavailable: No readable answer came, the repeats included.
            GatewayError: The gateway refused; the class says why.
            ClientClosed: The client is closed.

        Source: json.php, type `hlr` [API pages].
        """
        digits, client_id = self._digits(phone), mint_client_id()
        request = json_php.ask(
            self._settings.api_key,
            [json_objects.hlr(client_id, digits)],
            f"lookup of {mask_phone(digits)}",
            client_id=client_id,
            is_read=True,
        )
        read = partial(json_php.read_lookup, phone=digits)
        return await self._exchange.ask(request, read, timeout=timeout)
