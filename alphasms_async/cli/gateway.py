"""The client of the commands, as the environment sets it up."""

import os

from alphasms_async import AlphaSMS, ConfigurationError

__all__ = ["gateway"]


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
