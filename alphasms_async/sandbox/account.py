"""The account the pages answer for: its key, its prices, and whether it may send."""

from decimal import Decimal

import attrs

from alphasms_async.sandbox.ledger import Ledger
from alphasms_async.sandbox.refusals import Refusal, RefusedError

MEBIBYTE = 1024 * 1024


@attrs.define(kw_only=True, eq=False)
class Account:
    """An account of the gateway. Everything here may be changed at any time, while it serves."""

    api_key: str = attrs.field(default="sandbox-key", repr=False)
    """The one key that is right."""
    price: Decimal = attrs.field(
        default=Decimal("0.40"), validator=attrs.validators.instance_of(Decimal)
    )
    """What a call, or one part of a message, costs, in `currency`."""
    _opening_balance: Decimal = attrs.field(
        default=Decimal("250.00"), alias="balance", validator=attrs.validators.instance_of(Decimal)
    )
    currency: str = "UAH"
    """The currency of every price, three letters."""
    max_bytes: int = 5 * MEBIBYTE
    """The biggest recording taken."""
    seed: int | None = attrs.field(default=None, repr=False)
    """Makes the codes of flash calls repeatable; None leaves them to chance."""
    banned: bool = attrs.field(default=False, init=False)
    """Whether the account answers `Banned`."""
    api_disabled: bool = attrs.field(default=False, init=False)
    """Whether the account answers `API disabled`."""
    ip_denied: bool = attrs.field(default=False, init=False)
    """Whether the account answers `IP denied`."""
    unsupported_operators: set[str] = attrs.field(factory=set[str], init=False)
    """Beginnings of phones json.php answers `Operator not supported` for; voice.php and otp.php
    document no such answer and take them."""
    ledger: Ledger = attrs.field(init=False, repr=False)
    """Everything accepted, and the money."""

    def __attrs_post_init__(self) -> None:
        self.ledger = Ledger(self._opening_balance, self.seed)

    def admit(self, key: str | None) -> None:
        """Let a request with `key` in.

        Raises:
            RefusedError: The key is missing or wrong, or a switch keeps everybody out.
        """
        reasons = (
            (not key, Refusal.KEY_MISSING),
            (key != self.api_key, Refusal.WRONG_KEY),
            (self.banned, Refusal.BANNED),
            (self.api_disabled, Refusal.API_DISABLED),
            (self.ip_denied, Refusal.IP_DENIED),
        )
        for applies, refusal in reasons:
            if applies:
                raise RefusedError(refusal)

    def supports(self, phone: str) -> bool:
        """Say whether `phone`'s operator is one the gateway works with."""
        return not phone.startswith(tuple(self.unsupported_operators))
