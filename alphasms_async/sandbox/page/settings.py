"""The account's settings as the page shows and changes them."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.metadata import version
from typing import Final, TypeAlias, cast

import httpx

from alphasms_async.sandbox.account import Account
from alphasms_async.sandbox.autopilot import Autopilot
from alphasms_async.sandbox.changes import About
from alphasms_async.sandbox.page.answers import Json, Problem, money
from alphasms_async.sandbox.page.fields import Fields
from alphasms_async.settings import is_loopback

_VERSION: Final = version("alphasms-async")
_AUTOPILOTS: Final = "mixed, off, answer 2s · press 7 · hangup 12s, busy 2s"
_TIMING: Final = "hang-up or key"
_URL: Final = re.compile(r"https?://[^\s/?#]\S*", re.ASCII | re.IGNORECASE)
_PORTS: Final = frozenset({None, *range(1, 65_536)})
_BEGINNING: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_MOST_OPERATORS: Final = 1000

_Reader: TypeAlias = Callable[[Account, Fields], object]
_ATTRIBUTES: Final = {"autopilot": "fates"}


def settings(account: Account) -> dict[str, Json]:
    """Return the account as the page shows it."""
    fates = account.fates
    return {
        "balance": money(account.ledger.balance),
        "currency": account.currency,
        "price": money(account.price),
        "api_key": account.api_key,
        "banned": account.banned,
        "api_disabled": account.api_disabled,
        "ip_denied": account.ip_denied,
        "unsupported_operators": sorted(account.unsupported_operators),
        "autopilot": str(fates) if isinstance(fates, Autopilot) else None,
        "hook": account.hook,
        "hook_timing": account.hook_timing,
        "attempts": len(account.hook_pauses) + 1,
        "chaos": chaos(account),
        "accepted": account.ledger.accepted,
        "version": _VERSION,
    }


def chaos(account: Account) -> Json:
    """Return what goes wrong by will, and how often."""
    return cast("Json", account.chaos.as_json())


def change_settings(account: Account, fields: Fields) -> None:
    """Change what `fields` name, all of it or, when something is not right, nothing.

    Raises:
        Problem: A value is not right.
    """
    changes = [(name, _READERS[name](account, fields)) for name in SETTINGS if name in fields]
    for name, value in changes:
        if name == "balance":
            account.ledger.balance = cast("Decimal", value)
        else:
            setattr(account, _ATTRIBUTES.get(name, name), value)
    account.changes.tell(About.SETTINGS)


def read_autopilot(fields: Fields, seed: int | None) -> Autopilot:
    """Return the autopilot that is asked for."""
    text = fields.text("autopilot", f"a text: {_AUTOPILOTS}")
    try:
        return Autopilot(text, seed=seed)
    except ValueError as error:
        raise Problem(400, str(error)) from None


def read_hook(account: Account, fields: Fields) -> str | None:
    """Return the hook that is asked for, None for none."""
    where = "" if account.allow_remote_hooks else " on this machine"
    like = f"a whole URL{where}, like http://127.0.0.1:8000/hooks, or null"
    hook = fields.optional_text("hook", like)
    if hook is None:
        return None
    host = _host(hook)
    # Refused now, and not when the call has ended.
    if host is None or not (account.allow_remote_hooks or is_loopback(host)):
        raise Problem(400, f"hook is {like}.")
    return hook


def _host(url: str) -> str | None:
    """Return where a URL leads, None for what is none, by what hooks are posted with."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return None
    return (parts.host or None) if _URL.fullmatch(url) and parts.port in _PORTS else None


def _operators(_: Account, fields: Fields) -> set[str]:
    like = 'a list of how phones begin, like ["38067"]'
    listed = fields.texts("unsupported_operators", like)
    if len(listed) > _MOST_OPERATORS or not all(_BEGINNING.fullmatch(one) for one in listed):
        raise Problem(400, f"unsupported_operators is {like}.")
    return set(listed)


def _timing(_: Account, fields: Fields) -> str:
    timing = fields.text("hook_timing", _TIMING)
    if timing not in {"hang-up", "key"}:
        raise Problem(400, f"hook_timing is {_TIMING}.")
    return timing


def _flag(name: str) -> _Reader:
    return lambda _, fields: fields.flag(name)


_READERS: Final[Mapping[str, _Reader]] = {
    "balance": lambda _, fields: fields.money("balance"),
    "banned": _flag("banned"),
    "api_disabled": _flag("api_disabled"),
    "ip_denied": _flag("ip_denied"),
    "unsupported_operators": _operators,
    "autopilot": lambda account, fields: read_autopilot(fields, account.seed),
    "hook_timing": _timing,
    "hook": read_hook,
}
SETTINGS: Final = tuple(_READERS)
"""The settings that the page may change."""
