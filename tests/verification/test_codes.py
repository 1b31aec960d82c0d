"""Codes: minted evenly, typed in loosely, kept as keyed hashes."""

import hmac
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.verification.codes import Codes, mint_code, mint_id, typed

KEY = "a secret that nobody guesses"
OTHER = "the new secret of this year"

codes = st.from_regex(r"[0-9]{4}", fullmatch=True)


def test_minted_code_is_four_digits() -> None:
    """Zeros in front are kept, and no digit is rare in any place."""
    minted = [mint_code() for _ in range(4000)]
    assert {4} == {len(code) for code in minted}
    rarest = min(Counter(code[0] for code in minted).get(digit, 0) for digit in "0123456789")
    assert rarest > 250


def test_minted_id_is_long_enough_and_fits_a_hook() -> None:
    """128 bits or more, in letters that the ref of a hook may have."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{24}", mint_id())


@given(codes, st.lists(st.sampled_from([" ", "-", "\u2013", "\t", "."]), min_size=5, max_size=5))
def test_gaps_make_no_difference(code: str, gaps: list[str]) -> None:
    """Whatever stands between the digits, it is the same code."""
    written = "".join(f"{gap}{digit}" for gap, digit in zip(gaps, [*code, ""], strict=True))
    assert typed(written) == code


@given(st.text())
def test_anything_may_be_typed(text: str) -> None:
    """A text is four digits in the end, or no code."""
    code = typed(text)
    assert code is None or re.fullmatch("[0-9]{4}", code)


@given(st.lists(st.none() | codes, max_size=4), codes)
def test_code_is_one_of_those_that_were_sent(sent: list[str | None], code: str) -> None:
    """It matches when it was sent, by whichever send, and only then."""
    kept = Codes([KEY], 4)
    digests = [
        None if one is None else kept.digest("id", number, one)
        for number, one in enumerate(sent, start=1)
    ]
    assert kept.is_one_of(digests, "id", code) == (code in sent)


def test_code_of_a_send_beyond_the_most_is_known_too() -> None:
    """What was sent while more were allowed is as good as what is sent now."""
    kept = Codes([KEY], 1)
    digests = [kept.digest("id", number, f"{number:04}") for number in (1, 2, 3)]
    assert kept.is_one_of(digests, "id", "0003")


def test_code_of_another_send_or_verification_has_another_hash() -> None:
    """Entries do not show that two of them have one code."""
    kept = Codes([KEY], 4)
    assert len({kept.digest(id, number, "1234") for id in "ab" for number in (1, 2)}) == 4


def test_each_secret_checks() -> None:
    """Codes of an old secret are known as long as it is named."""
    old, rotated = Codes([KEY], 4), Codes([OTHER, KEY], 4)
    assert rotated.is_one_of([old.digest("id", 1, "1234")], "id", "1234")
    assert not old.is_one_of([rotated.digest("id", 1, "1234")], "id", "1234")


@pytest.mark.parametrize("code", ["1234", "9999", None])
@pytest.mark.parametrize("sent", [0, 1, 4])
def test_every_check_does_the_same_work(
    sent: int, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right code, a wrong one and none take as many hashes, however many were sent."""
    kept = Codes([KEY, OTHER], 4)
    digests = [kept.digest("id", number, "1234") for number in range(1, sent + 1)]
    hashed: list[bytes] = []
    digest = hmac.digest

    def counted(key: bytes, message: bytes, name: str) -> bytes:
        hashed.append(message)
        return digest(key, message, name)

    monkeypatch.setattr(hmac, "digest", counted)
    kept.is_one_of(digests, "id", code)
    assert len(hashed) == 8


def test_name_hides_what_it_stands_for() -> None:
    """The name of a limit tells no phone, and is another under another secret."""
    names = {Codes([key], 4).name(text) for key in (KEY, OTHER) for text in ("a", "b")}
    assert len(names) == 4
    assert Codes([KEY], 4).name("a") != "a"


def test_repr_shows_no_secret() -> None:
    """What a debugger shows is how many secrets there are."""
    assert repr(Codes([KEY, OTHER], 4)) == "Codes(keys=2)"
