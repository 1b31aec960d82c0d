"""What a verifier is set up with is checked when it is made."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from alphasms_async import AlphaSMS, ConfigurationError, InvalidRequest, StoreError
from alphasms_async.verification import (
    Limit,
    Limits,
    MemoryStore,
    PhoneVerifier,
    RedisStore,
    SqliteStore,
    VerificationStore,
    VoiceSms,
)
from alphasms_async.webhooks import HookKind, HookTokens
from tests.doubles import KEY
from tests.verification.stage import SECRET

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no time": ({"ttl": timedelta(0)}, "ttl is above 0"),
    "a week": ({"ttl": timedelta(days=7)}, "ttl is 0 or more and at most a day"),
    "seconds": ({"ttl": 300}, "ttl is a timedelta"),
    "no attempt": ({"attempts": 0}, "attempts is a whole number above 0"),
    "many attempts": ({"attempts": 11}, "attempts is at most 10"),
    "fewer resends than none": ({"most_resends": -1}, "most_resends is a whole number from 0 to"),
    "many resends": ({"most_resends": 21}, "most_resends is a whole number from 0 to 20, not 21"),
    "no wait": ({"fallback_after": timedelta(0)}, "fallback_after is above 0"),
    "the past": ({"resend_after": timedelta(-1)}, "resend_after is 0 or more"),
    "one fallback": ({"fallback": VoiceSms()}, "fallback is a list of channels"),
    "no fallback": ({"fallback": ["sms"]}, "fallback is a list of channels"),
    "plain hook": ({"hook_url": "http://app.example/hook"}, "https"),
    "no hook": ({"hook_url": "here"}, "URL"),
}


def made(
    secret: Any = SECRET, store: VerificationStore | None = None, **options: Any
) -> PhoneVerifier:
    """Make a verifier over a client without a network."""
    client = AlphaSMS(KEY, transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    return PhoneVerifier(client, store or MemoryStore(), secret, **options)


@pytest.mark.parametrize("case", BAD)
def test_option_out_of_its_range_is_told(case: str) -> None:
    """One line says which option it is, and what it may be."""
    options, said = BAD[case]
    with pytest.raises(InvalidRequest, match=said) as caught:
        made(**options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("secret", ["", "short", [], [SECRET, "short"]], ids=repr)
def test_secret_that_can_be_guessed_is_refused(secret: Any) -> None:
    """Without a good secret codes could be read out of the store, so there must be one."""
    with pytest.raises(ConfigurationError) as caught:
        made(secret)
    assert "short" not in str(caught.value).replace("too short", "")


def test_secrets_of_the_environment_are_those_of_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is given, those that sign hooks elsewhere serve here too, each of them."""
    monkeypatch.setenv(
        "ALPHASMS_WEBHOOK_SECRET", f"{SECRET.replace(' ', '-')}, another-one-of-those"
    )
    hook = HookTokens("another-one-of-those").url("https://app.example/", HookKind.ACCOUNT)
    assert made(None).tokens.prove(hook.partition("?")[2]).kind is HookKind.ACCOUNT


def test_verifier_is_made_without_a_loop() -> None:
    """Making one does no I/O, and needs nothing to run."""
    assert repr(made()).startswith("<alphasms_async.verification.verifier.PhoneVerifier object")


def test_store_that_cannot_be_used_is_told_on_entering(tmp_path: Path) -> None:
    """Whoever starts the program learns of it, and not the first of its visitors."""

    async def enter(store: VerificationStore) -> None:
        async with made(store=store):
            pass

    with pytest.raises(StoreError, match="No such file"):
        anyio.run(enter, SqliteStore(tmp_path / "nowhere" / "file"))
    with pytest.raises(ConfigurationError, match="asyncio only"):
        anyio.run(enter, RedisStore("redis://127.0.0.1"), backend="trio")


class Damaged(MemoryStore):
    """A store that opens, and then cannot be read."""

    is_closed = False

    async def next_due(self) -> float | None:
        """Find nothing that can be read."""
        raise StoreError("it is damaged")

    async def aclose(self) -> None:
        """Note that it was."""
        self.is_closed = True


def test_verifier_that_cannot_be_entered_closes_its_store() -> None:
    """What was opened to find out that a store is damaged does not stay open."""
    store = Damaged()

    async def enter() -> None:
        async with made(store=store):
            pass

    with pytest.raises(StoreError, match="damaged"):
        anyio.run(enter)
    assert store.is_closed


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "5"])
def test_count_of_a_limit_is_a_whole_number(count: Any) -> None:
    """A limit of none at all is no limit."""
    with pytest.raises(InvalidRequest, match="count of a limit"):
        Limit(count, 60)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), True, "60"])
def test_seconds_of_a_limit_are_above_0(seconds: Any) -> None:
    """A limit has an end, and a length."""
    with pytest.raises(InvalidRequest, match="seconds of a limit"):
        Limit(5, seconds)


@pytest.mark.parametrize("name", ["per_phone", "per_range", "overall"])
def test_limits_are_limits(name: str) -> None:
    """A pair of numbers is no limit, for nobody could tell which is which."""
    pair: Any = (5, 60)
    with pytest.raises(InvalidRequest, match=r"Limit\(count, seconds\)"):
        Limits(**{name: pair})
