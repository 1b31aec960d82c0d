import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import ConfigurationError, HookNotProven, InvalidRequest
from alphasms_async.webhooks import HookKind, HookTokens, Proof
from tests.webhooks.hooks import BASE, NOW, REF, SECRET, SetClock, hook_tokens, query_of

OTHER = "another-secret-of-the-tests-77"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

kinds_with_refs = st.sampled_from([HookKind.VOICE, HookKind.OTP, HookKind.MESSAGE])
refs = st.text(alphabet=ALPHABET + ".:", min_size=1, max_size=100)
moments = st.integers(min_value=1, max_value=7_000 * 365 * 86_400).map(
    lambda seconds: NOW + timedelta(seconds=seconds)
)


def token_of(query: str) -> str:
    return query.removeprefix("token=")


BASES = {
    BASE: f"{BASE}?token=",
    "https://app.example": "https://app.example?token=",
    f"{BASE}?": f"{BASE}?token=",
    f"{BASE}?id=123456": f"{BASE}?id=123456&token=",
    f"{BASE}?id=123456&": f"{BASE}?id=123456&token=",
    "http://127.0.0.1:8000/hooks": "http://127.0.0.1:8000/hooks?token=",
    "http://[::1]:8000/hooks": "http://[::1]:8000/hooks?token=",
    "http://localhost/hooks": "http://localhost/hooks?token=",
}


@pytest.mark.parametrize(("base", "prefix"), BASES.items(), ids=BASES)
def test_hook_is_its_base_and_one_more_parameter(base: str, prefix: str) -> None:
    """What stands in the base stays as it is, its own query included."""
    hook = hook_tokens().url(base, HookKind.VOICE, REF)
    assert set(hook.removeprefix(prefix)) <= set(ALPHABET)
    assert hook.startswith(prefix)


def test_hook_is_short() -> None:
    """The token of a campaign's call is shorter than a line of text."""
    query = query_of(ref="c:1000000.3", expires=timedelta(days=7))
    assert len(query) < 60


@given(kind=kinds_with_refs, ref=refs, expires=st.none() | moments)
def test_what_a_hook_was_made_for_is_what_it_proves(
    kind: HookKind, ref: str, expires: datetime | None
) -> None:
    """Kind, ref and expiry come back as they were given."""
    assert Proof(kind, ref, expires) == hook_tokens().prove(query_of(kind, ref, expires))


def test_hook_of_the_account_has_no_ref() -> None:
    """The hook of the provider's panel proves that it is ours, and no more."""
    proof = hook_tokens().prove(query_of(HookKind.ACCOUNT, None))
    assert Proof(HookKind.ACCOUNT, None, None) == proof


def test_part_of_a_second_is_rounded_up() -> None:
    """A hook holds for as long as it was asked to, and less than a second longer."""
    proof = hook_tokens().prove(query_of(expires=timedelta(seconds=1.25)))
    assert proof.expires_at == NOW + timedelta(seconds=2)


def test_place_of_the_hook_is_not_signed() -> None:
    """Scheme, host, port and path are no part of the token: proxies rewrite them."""
    tokens = hook_tokens()
    places = ["https://app.example/hooks", "http://127.0.0.1:8000/inside/hooks"]
    made = {tokens.url(place, HookKind.VOICE, REF).partition("?")[2] for place in places}
    assert len(made) == 1


GLUED = {
    "alone": "{}",
    "with its question mark": "?{}",
    "behind the base's query": "id=123456&{}",
    "before fields": "{}&id=100500&status=ANSWERED",
    "before fields behind a second question mark": "{}?id=100500&status=ANSWERED",
    "between both": "a=1&{}?id=100500",
    "with empty fields": "&&{}&&",
    "with a parameter of a similar name": "my_token=1&{}&token_=2&tokens=3",
    "with rubbish around": "%zz=%&=&{}&\ud800=\x00",
}


@pytest.mark.parametrize("glued", GLUED.values(), ids=GLUED)
def test_token_is_found_wherever_it_stands(glued: str) -> None:
    """What the gateway glues on, with `&` or a second `?`, leaves the proof as it is."""
    assert hook_tokens().prove(glued.format(query_of())).ref == REF


def test_query_is_proven_as_bytes_too() -> None:
    """ASGI has the query string in bytes."""
    assert hook_tokens().prove(query_of().encode()).ref == REF


def test_token_with_escapes_is_the_same_token() -> None:
    """A proxy may encode what needs no encoding."""
    escaped = "".join(f"%{ord(character):02X}" for character in token_of(query_of()))
    assert hook_tokens().prove(f"t%6Fken={escaped}").ref == REF


def test_each_of_several_secrets_proves() -> None:
    """Hooks that the last secret signed hold while it is still in the list."""
    old = query_of(tokens=hook_tokens(OTHER))
    assert hook_tokens(SECRET, OTHER).prove(old).ref == REF


def test_first_of_several_secrets_signs() -> None:
    """What is made now holds when the old secret is gone."""
    new = query_of(tokens=hook_tokens(SECRET, OTHER))
    assert new == query_of(tokens=hook_tokens(SECRET))


@pytest.mark.parametrize(
    "text", [f"{SECRET},{OTHER}", f" {SECRET}  {OTHER}\n", f"{SECRET}, {OTHER}"]
)
def test_secrets_come_from_the_environment(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ALPHASMS_WEBHOOK_SECRET` holds one or several, parted by commas or spaces."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", text)
    tokens = HookTokens(clock=SetClock())
    assert tokens.prove(query_of(tokens=hook_tokens(OTHER))).ref == REF
    assert query_of(tokens=tokens) == query_of(tokens=hook_tokens(SECRET))


def test_secret_in_the_environment_may_be_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that Python cannot read as text are a secret like any other."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", "\udcff" * 16)
    tokens = HookTokens(clock=SetClock())
    assert tokens.prove(query_of(tokens=tokens)).ref == REF


BAD_SECRETS: dict[str, Any] = {
    "none in the environment": None,
    "empty": "",
    "spaces": " " * 20,
    "short": "fifteen-letters",
    "short without its spaces": "   fifteen-letters   ",
    "no secrets": [],
    "one of them short": [SECRET, "short"],
    "bytes": SECRET.encode(),
    "one of them None": [SECRET, None],
    "a number": 1234567890123456,
}


@pytest.mark.parametrize("secret", BAD_SECRETS.values(), ids=BAD_SECRETS)
def test_bad_secret_is_refused_with_the_way_to_a_good_one(secret: Any) -> None:
    """Nobody can guess a good secret, and one line says how to make one."""
    with pytest.raises(ConfigurationError, match=r"secrets\.token_urlsafe\(32\)") as e:
        HookTokens(secret)
    assert "fifteen" not in str(e.value)
    assert SECRET not in str(e.value)


def test_tokens_print_no_secret() -> None:
    """A repr says how many secrets there are, and none of them."""
    assert repr(hook_tokens(SECRET, OTHER)) == "HookTokens(secrets=2)"


BAD_BASES: dict[str, Any] = {
    "http beyond this machine": "http://app.example/hooks",
    "http to a private host": "http://192.168.0.7/hooks",
    "a host that begins like loopback": "http://127.0.0.1.evil.example/hooks",
    "no scheme": "app.example/hooks",
    "no host": "https:///hooks",
    "another scheme": "ftp://app.example/hooks",
    "a token already": f"{BASE}?token=mine",
    "a token already, escaped": f"{BASE}?%74oken=mine",
    "a hook already": f"{BASE}?{query_of()}",
    "a fragment": f"{BASE}#part",
    "an empty fragment": f"{BASE}#",
    "a user": "https://user@app.example/hooks",
    "a user with a password": "https://user:pass@app.example/hooks",
    "a space": f"{BASE}/a b",
    "a line end": f"{BASE}\n",
    "letters beyond ASCII": "https://приклад.укр/hooks",
    "a port that is none": "https://app.example:99999/hooks",
    "a bracket open": "https://[::1/hooks",
    "too long": f"{BASE}/{'a' * 2048}",
    "too long with its token": f"{BASE}/{'a' * (2040 - len(BASE))}",
    "nothing": "",
    "None": None,
    "bytes": BASE.encode(),
    "a list": [BASE],
}


@pytest.mark.parametrize("base", BAD_BASES.values(), ids=BAD_BASES)
def test_bad_base_is_refused(base: Any) -> None:
    """A URL that no event could come to, or that would lay the token open, is no hook."""
    with pytest.raises(InvalidRequest, match="hook"):
        hook_tokens().url(base, HookKind.VOICE, REF)


BAD_REFS: dict[str, Any] = {
    "none": None,
    "empty": "",
    "a space": "a b",
    "a slash": "a/b",
    "a line end": "a\n",
    "letters beyond ASCII": "ї",
    "digits beyond ASCII": "٣",
    "101 characters": "a" * 101,
    "a number": 12,
    "bytes": b"a",
}


@pytest.mark.parametrize("ref", BAD_REFS.values(), ids=BAD_REFS)
def test_bad_ref_is_refused(ref: Any) -> None:
    """A ref is short and plain, and a hook of one call needs one."""
    with pytest.raises(InvalidRequest, match="a ref is 1 to 100"):
        hook_tokens().url(BASE, HookKind.OTP, ref)


def test_ref_for_the_account_is_refused() -> None:
    """The account's hook is not given out for anything of ours."""
    with pytest.raises(InvalidRequest, match="has no ref"):
        hook_tokens().url(BASE, HookKind.ACCOUNT, REF)


def test_kind_that_is_none_is_refused() -> None:
    """A kind is one of four, and not just a word."""
    word: Any = "voice"
    with pytest.raises(InvalidRequest, match="a HookKind, not str"):
        hook_tokens().url(BASE, word, REF)


BAD_EXPIRIES: dict[str, Any] = {
    "now": NOW,
    "over": NOW - timedelta(seconds=1),
    "no time": timedelta(0),
    "less than none": timedelta(seconds=-1),
    "without a zone": datetime(2030, 1, 1),  # noqa: DTZ001 - the mistake in question
    "beyond the calendar": timedelta.max,
    "beyond it once rounded up": datetime.max.replace(tzinfo=UTC),
    "beyond it in UTC": datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
    "a number": 3600,
}


@pytest.mark.parametrize("expires", BAD_EXPIRIES.values(), ids=BAD_EXPIRIES)
def test_bad_expiry_is_refused(expires: Any) -> None:
    """A hook that never holds is a mistake, not a hook."""
    with pytest.raises(InvalidRequest, match="expires is"):
        hook_tokens().url(BASE, HookKind.VOICE, REF, expires)


def test_hook_holds_until_it_expires() -> None:
    """In its last second a hook still proves."""
    query = query_of(expires=timedelta(hours=1))
    last = NOW + timedelta(hours=1) - timedelta(microseconds=1)
    assert hook_tokens(now=last).prove(query).ref == REF


def test_hook_holds_no_longer_than_that() -> None:
    """At the moment it expires a hook proves nothing."""
    query = query_of(expires=timedelta(hours=1))
    with pytest.raises(HookNotProven, match="expired"):
        hook_tokens(now=NOW + timedelta(hours=1)).prove(query)


def test_no_altered_token_is_proven() -> None:
    """Every change of one character of a token is noticed."""
    tokens, token = hook_tokens(), token_of(query_of(expires=timedelta(days=7)))
    altered = [
        token[:place] + other + token[place + 1 :]
        for place in range(len(token))
        for other in ALPHABET
        if other != token[place]
    ]
    assert not [one for one in altered if is_proven(tokens, f"token={one}")]


def is_proven(tokens: HookTokens, query: str | bytes) -> bool:
    try:
        tokens.prove(query)
    except HookNotProven:
        return False
    return True


@pytest.mark.parametrize("length", range(1, 60))
def test_no_part_of_a_token_is_proven(length: int) -> None:
    """A token that was cut off, at either end, is none."""
    token = token_of(query_of(expires=timedelta(days=7)))
    cut = [token[:-length], token[length:]]
    assert not [one for one in cut if is_proven(hook_tokens(), f"token={one}")]


def test_mac_of_another_purpose_is_no_proof() -> None:
    """What the same secret signs for something else cannot be passed off as a token."""
    signed = b"v" + bytes(5) + REF.encode()
    mac = hmac.digest(SECRET.encode(), signed, hashlib.sha256)[:16]
    token = base64.urlsafe_b64encode(signed + mac).rstrip(b"=").decode()
    assert not is_proven(hook_tokens(), f"token={token}")


def not_proven() -> dict[str, Any]:
    good = query_of()
    token = token_of(good)
    return {
        "nothing": "",
        "nothing in bytes": b"",
        "None": None,
        "a number": 7,
        "no token": "id=100500&status=ANSWERED",
        "a token in the value": f"a=token%3D{token}",
        "an empty token": "token=",
        "a token without its sign": "token",
        "two tokens": f"{good}&{good}",
        "a token behind a forged one": f"token=x?{good}",
        "a forged token behind a good one": f"{good}?token=x",
        "another secret's": query_of(tokens=hook_tokens(OTHER)),
        "another name": f"Token={token}",
        "padded": f"{good}=",
        "padded twice": f"{good}%3D%3D",
        "with a space": f"{good}+",
        "with a line end": f"{good}%0A",
        "with a NUL": f"{good}%00",
        "in the other alphabet": "token=" + token.replace("-", "+").replace("_", "/") + "/",
        "in capitals": f"token={token.upper()}",
        "written twice": f"{good}{token}",
        "escaped twice": "token=" + quote(quote("~" + token)),
        "very long": "token=" + "A" * 100_000,
        "bytes that are no text": b"token=\xff\xfe" + token.encode(),
        "a lone surrogate": f"token=\ud800{token}",
        "letters that look alike": "token=" + token.replace("A", "А") + "А",
    }


@pytest.mark.parametrize("query", not_proven().values(), ids=not_proven())
def test_forged_query_is_not_proven(query: Any) -> None:
    """What carries no token of ours, or carries two, is refused in words that quote nothing."""
    with pytest.raises(HookNotProven) as e:
        hook_tokens().prove(query)
    assert token_of(query_of()) not in str(e.value)


@given(query=st.text() | st.binary())
def test_no_query_at_all_raises_anything_else(query: str | bytes) -> None:
    """Whatever stands in a query, it is proven or it is not."""
    assert not is_proven(hook_tokens(), query)


@given(token=st.text(alphabet=ALPHABET, min_size=28, max_size=170))
def test_no_token_drawn_by_lot_is_proven(token: str) -> None:
    """Of the right letters and of any length, what nobody signed is not proven."""
    assert not is_proven(hook_tokens(), f"token={token}")


def test_expiry_is_told_in_utc() -> None:
    """A proof's expiry is aware."""
    expires = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
    assert hook_tokens().prove(query_of(expires=expires)).expires_at == expires
