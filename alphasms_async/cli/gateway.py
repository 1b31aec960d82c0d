"""The client of the commands, as the environment sets it up."""

import os

from alphasms_async import AlphaSMS, ConfigurationError
from alphasms_async.settings import DEFAULT_BASE_URL

__all__ = ["address_in_words", "gateway"]


def gateway(*, timeout: float | None = None, max_retries: int = 2) -> AlphaSMS:
    """Return a client to be entered; making it asks nobody.

    Args:
        timeout: Seconds for each whole request. `None`: as the client has it.
        max_retries: How often what never left is sent again, 0 or more.

    Raises:
        ConfigurationError: The environment has no key, or something that cannot work.
    """
    if not os.environ.get("ALPHASMS_API_KEY", "").strip():
        raise ConfigurationError("no API key: set ALPHASMS_API_KEY to the one of your account")
    return AlphaSMS(timeout=timeout, max_retries=max_retries)


def address_in_words() -> str:
    """Return where the gateway is asked, and what says so, for whom it does not answer."""
    chosen = os.environ.get("ALPHASMS_BASE_URL")
    if chosen:
        return f"The gateway is asked at {chosen}, from ALPHASMS_BASE_URL."
    return f"The gateway is asked at {DEFAULT_BASE_URL}; ALPHASMS_BASE_URL chooses another address."
