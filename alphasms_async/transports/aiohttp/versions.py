"""The versions of aiohttp that the transport knows."""

import re

import aiohttp
from aiohttp.client_proto import ResponseHandler

__all__ = ["check_aiohttp", "check_names"]

_NAMES = (
    *("connection_lost", "eof_received", "read", "set_exception", "set_response_params"),
    *("should_close", "start_timeout", "writing_paused"),
)


def check_aiohttp() -> None:
    """Look, before anything is sent, whether this aiohttp has what the transport is made of.

    Raises:
        ImportError: It has not.
    """
    if not (3, 12, 14) <= _version() < (4,):
        raise ImportError(_refusal(f"not {aiohttp.__version__}"), name="aiohttp")
    check_names(ResponseHandler, *_NAMES)


def check_names(thing: object, *names: str) -> None:
    """Look whether a thing of aiohttp's has these names.

    Raises:
        ImportError: It lacks one of them.
    """
    for name in names:
        if not hasattr(thing, name):
            lack = f"{aiohttp.__version__} lacks {name}"
            raise ImportError(_refusal(lack), name="aiohttp")


def _version() -> tuple[int, ...]:
    # A preview counts as the version it comes before.
    return tuple(map(int, re.findall(r"\d+", aiohttp.__version__)[:3]))


def _refusal(why: str) -> str:
    return (
        f"the aiohttp transport needs aiohttp from 3.12.14 to below 4, {why}:"
        ' pip install --upgrade "alphasms-async[aiohttp]", or use the default transport'
    )
