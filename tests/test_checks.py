from collections.abc import Callable
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.checks import (
    check_client_id,
    check_count,
    check_hook,
    check_ids,
    check_lifetime,
    check_rate,
    check_sender,
    check_sum,
    check_text,
    is_key,
    is_number,
    is_whole,
    mint_client_id,
)
from alphasms_async.errors import InvalidRequest, InvalidText


def refusal(check: Callable[..., Any], *args: Any) -> str:
    """Return the text of a refusal, one line."""
    with pytest.raises(InvalidRequest) as caught:
        check(*args)
    assert [str(caught.value)] == str(caught.value).splitlines()
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["Вітаю!", "a", " a ", "line\nline\r\n\tline", "emoji 😀👨\u200d👩", "\u0301a", "\u202eabc"],
)
def test_a_text_that_can_be_sent_is_returned_as_it_is(text: str) -> None:
    """Letters of any language, emoji and line ends are text."""
    assert text == check_text(text)


@pytest.mark.parametrize("text", ["", " ", "\n\t\r\n", "\u00a0\u2003", "\u200b\ufeff"])
def test_a_blank_text_is_refused(text: str) -> None:
    """A text without a visible character is a mistake."""
    with pytest.raises(InvalidText, match="the text is empty"):
        check_text(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\x00", "U+0000"),
        ("a\x0c", "U+000C"),
        ("a\x1b[0m", "U+001B"),
        ("a\x7f", "U+007F"),
        ("a\x85", "U+0085"),
        ("a\ud83d", "U+D83D"),
    ],
)
def test_a_character_that_cannot_be_sent_is_named(text: str, named: str) -> None:
    """Control characters and halves of characters are named by their number, not shown."""
    with pytest.raises(InvalidText, match=named.replace("+", r"\+")):
        check_text(text)


@given(st.text())
def test_a_checked_text_can_be_encoded(text: str) -> None:
    """What passes can be written as UTF-8."""
    try:
        checked = check_text(text)
    except InvalidText:
        return
    assert text == checked.encode().decode()


@pytest.mark.parametrize("sender", ["Voice", "MyShop", "abc", "A1b2C3d4E5f", "123"])
def test_an_alpha_name_is_3_to_11_letters_and_digits(sender: str) -> None:
    """A name of the documented form is returned as it is."""
    assert sender == check_sender(sender)


@pytest.mark.parametrize(
    "sender", ["", "ab", "A1b2C3d4E5fG", "My Shop", "My-Shop", "Мійшоп", "Voice\n", "Voïce", "٣٣٣"]
)
def test_other_senders_are_refused(sender: str) -> None:
    """Other lengths and letters are refused with an example of what is right."""
    assert (
        refusal(check_sender, sender)
    ) == "an alpha name is 3 to 11 Latin letters and digits, like 'MyShop'"


@pytest.mark.parametrize(
    "hook",
    [
        None,
        "https://app.example/hook?id=123456",
        "http://app.example:8080/h",
        "HTTPS://APP.EXAMPLE",
        "https://app.example/h?a=1&b=%20#x",
        "https://[::1]:8443/h",
        "http://127.0.0.1/h",
        "https://user:pass@app.example/h",
        "https://app.example/" + "x" * 2028,
    ],
)
def test_a_whole_url_is_a_hook(hook: str | None) -> None:
    """An http or https URL with a host is returned as it is, and `None` too."""
    assert hook == check_hook(hook)


@pytest.mark.parametrize(
    "hook",
    [
        "",
        "app.example/hook",
        "//app.example/hook",
        "ftp://app.example/hook",
        "https://",
        "https:///hook",
        "https://:443/hook",
        "https://app.example:port/",
        "https://app.example:99999/",
        "https://[::1/hook",
        "https://app.example/a b",
        "https://app.example/\r\nContent-Disposition: form-data",
        "https://app.example/h\n",
        "https://приклад.укр/h",
        "https://app.example/\x00",
        "https://app.example/" + "x" * 2029,
    ],
)
def test_what_nothing_can_be_posted_to_is_no_hook(hook: str) -> None:
    """A hook that is no whole URL, or could break out of its field, is refused unseen."""
    told = refusal(check_hook, hook)
    assert told.startswith("the hook is ")
    assert "Content-Disposition" not in told


@given(st.text())
def test_a_checked_hook_is_one_line_of_ascii(hook: str) -> None:
    """What passes as a hook can stand in a form field as it is."""
    try:
        checked = check_hook(hook)
    except InvalidRequest:
        return
    assert checked is not None
    assert checked.isascii()
    assert checked.isprintable()


@pytest.mark.parametrize("client_id", [1, 7, 2**53 - 1])
def test_an_id_of_ours_fits_in_53_bits(client_id: int) -> None:
    """Ids that every JSON reader keeps exactly are returned as they are."""
    assert client_id == check_client_id(client_id)


@pytest.mark.parametrize("client_id", [0, -1, 2**53, 10**30])
def test_other_ids_of_ours_are_refused(client_id: int) -> None:
    """An id that a JSON reader may round is refused."""
    assert f"client_id is a number from 1 to 2**53 - 1, not {client_id}" == (
        refusal(check_client_id, client_id)
    )


def test_no_id_is_a_new_one() -> None:
    """`None` mints an id of its own each time."""
    assert len({check_client_id(None) for _ in range(1000)}) == 1000


def test_a_minted_id_is_in_range() -> None:
    """Every new id passes the check itself."""
    minted = [mint_client_id() for _ in range(1000)]
    assert minted == [check_client_id(one) for one in minted]


@pytest.mark.parametrize("drawn", [0, 2**53 - 2])
def test_the_ends_of_the_range_can_be_minted(monkeypatch: pytest.MonkeyPatch, drawn: int) -> None:
    """The smallest and the largest draw of 53 bits are ids as well."""

    def draw(limit: int) -> int:
        return range(limit)[drawn]

    monkeypatch.setattr("secrets.randbelow", draw)
    assert drawn + 1 == check_client_id(mint_client_id())


class Id(IntEnum):
    """Ids with names."""

    FIRST = 100500


@pytest.mark.parametrize(
    ("ids", "listed"),
    [
        ([], ()),
        ([100500, 7, 7], (100500, 7, 7)),
        ((2**63 - 1,), (2**63 - 1,)),
        (range(1, 4), (1, 2, 3)),
        (iter([5]), (5,)),
        ({7: "seven"}, (7,)),
        ([Id.FIRST], (100500,)),
    ],
)
def test_any_iterable_of_ids_is_listed(ids: Any, listed: tuple[int, ...]) -> None:
    """Lists, ranges, iterators and what else yields whole numbers are read once, in order."""
    assert listed == check_ids(ids)


@pytest.mark.parametrize("ids", [100500, None, 1.5, "100500", b"100500", object()])
def test_what_is_no_list_of_ids_is_refused(ids: Any) -> None:
    """One id where a list is meant, a text or nothing are refused with an example."""
    assert refusal(check_ids, ids) == "ids are whole numbers in a list, like [100500, 100501]"


@pytest.mark.parametrize("one", [0, -1, 2**63, "100500", 1.0, None, True, [1]])
def test_what_no_gateway_gave_is_no_id(one: Any) -> None:
    """An id is a positive whole number that 64 bits hold."""
    assert "an id is " in refusal(check_ids, [100500, one])


@pytest.mark.parametrize("seconds", [None, 3600, 172_800, 259_200])
def test_a_lifetime_is_an_hour_to_three_days(seconds: int | None) -> None:
    """The documented range is taken, and `None` for the gateway's default."""
    assert seconds == check_lifetime(seconds)


@pytest.mark.parametrize("seconds", [0, -3600, 3599, 259_201])
def test_other_lifetimes_are_refused(seconds: int) -> None:
    """What the gateway would not take is refused here."""
    told = refusal(check_lifetime, seconds)
    assert f"lifetime is 3600 to 259200 seconds, not {seconds}" == told


@pytest.mark.parametrize(("rate", "checked"), [(None, None), (1, 1.0), (0.01, 0.01), (1e6, 1e6)])
def test_a_rate_is_a_number_above_0(rate: float | None, checked: float | None) -> None:
    """Whole and broken rates are floats, and `None` is no limit."""
    assert checked == check_rate("per_second", rate)


@pytest.mark.parametrize("rate", [0, 0.0, -1, 10**400, float("nan"), float("inf"), float("-inf")])
def test_a_rate_that_nothing_can_keep_is_refused(rate: float) -> None:
    """No rate, a negative one and what is no number are refused by name and value."""
    assert f"per_second is a number above 0, not {rate}" == (
        refusal(check_rate, "per_second", rate)
    )


@pytest.mark.parametrize("rate", [1e-320, 5e-324, 0.0000099])
def test_a_rate_that_nobody_lives_to_see_is_refused(rate: float) -> None:
    """Less than about a start a day is refused, for a run's length could not be told."""
    assert f"per_second is 0.00001 or more, not {rate}" == refusal(check_rate, "per_second", rate)


@pytest.mark.parametrize("text", ["0", "-1", "lots", "nan", "inf", "1e99", "1e-99", "1" * 99, ""])
def test_a_sum_has_the_digits_of_a_sum(text: str) -> None:
    """What is none, or has more digits than any has, is refused in a line of ordinary length."""
    told = refusal(check_sum, "--budget", text)
    assert f"--budget is a sum above 0, such as 500.00, not {text[:40]!r}" == told


@pytest.mark.parametrize("count", [1, 32, 10_000])
def test_a_count_is_1_or_more(count: int) -> None:
    """Any whole number above 0 counts."""
    assert count == check_count("concurrency", count)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_1_is_refused(count: int) -> None:
    """Nothing can be dialled with no slots."""
    assert f"concurrency is a whole number above 0, not {count}" == (
        refusal(check_count, "concurrency", count)
    )


@pytest.mark.parametrize(
    ("check", "value", "told"),
    [
        (check_text, 4821, "the text is str, not int"),
        (check_text, None, "the text is str, not NoneType"),
        (check_sender, b"Voice", "the sender is str, not bytes"),
        (check_hook, 7, "the hook is str, not int"),
        (check_client_id, "7", "client_id is int, not str"),
        (check_client_id, 7.0, "client_id is int, not float"),
        (check_client_id, True, "client_id is int, not bool"),
        (check_lifetime, 3600.0, "lifetime is int, not float"),
        (check_lifetime, "3600", "lifetime is int, not str"),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_type(
    check: Callable[..., Any], value: Any, told: str
) -> None:
    """Types are checked at run time, for not every caller runs a type checker."""
    assert told == refusal(check, value)


@pytest.mark.parametrize("value", ["5", True, None, 1.5, [5]])
def test_a_count_of_another_type_is_refused(value: Any) -> None:
    """A count is a whole number, and a truth is none."""
    assert "concurrency is int, not " in refusal(check_count, "concurrency", value)


@pytest.mark.parametrize("value", ["5", True, [5], 1j])
def test_a_rate_of_another_type_is_refused(value: Any) -> None:
    """A rate is a number, and a truth is none."""
    assert "per_second is float, not " in refusal(check_rate, "per_second", value)


@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        *((one, (True, True)) for one in (0, -1, 10**300)),
        *((one, (False, True)) for one in (0.0, -1.5, 1e308)),
        # A whole number that no float can hold is one still.
        (10**400, (True, False)),
        *((one, (False, False)) for one in (True, None, "1", float("nan"), float("inf"), 1j)),
    ],
)
def test_numbers_are_known(value: object, is_right: tuple[bool, bool]) -> None:
    """Whole ones, and those that can be reckoned with; a truth is neither."""
    assert (is_whole(value), is_number(value)) == is_right


@pytest.mark.parametrize(
    ("key", "is_right"),
    [*((one, True) for one in "0123456789*#"), *((one, False) for one in ("", "10", "A", "٣", 1))],
)
def test_keys_are_known(key: object, is_right: bool) -> None:  # noqa: FBT001 - a case of the table
    """One of the twelve of a phone, and nothing else."""
    assert is_key(key) is is_right
