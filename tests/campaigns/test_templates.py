"""A text with blanks: what it asks of a list, and what it becomes for one recipient."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import InvalidRequest, InvalidText
from alphasms_async.campaigns.templates import Template


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Добрий день", ()),
        ("Вітаємо, {name}!", ("name",)),
        ("{a} {b} {a}", ("a", "b")),
        ("{ім'я} — {дата візиту}", ("ім'я", "дата візиту")),
        ("{  name }", ("name",)),
        ("{{name}}", ()),
        ("{{{name}}}", ("name",)),
    ],
)
def test_the_columns_of_a_text(text: str, columns: tuple[str, ...]) -> None:
    """Each once, in the order of the text; doubled braces are no blank."""
    assert Template(text).columns == columns


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Вітаємо, {name}!", "Вітаємо, Олена!"),
        ("{name}{name}", "ОленаОлена"),
        ("{ name }", "Олена"),
        ("{{name}}", "{name}"),
        ("{{{name}}}", "{Олена}"),
        ("100 % {{ok}}", "100 % {ok}"),
        ("нічого", "нічого"),
    ],
)
def test_the_blanks_are_filled(text: str, filled: str) -> None:
    """And doubled braces are plain ones then."""
    assert Template(text).fill({"name": "Олена", "unused": "x"}) == filled


@pytest.mark.parametrize("text", ["{", "}", "a { b", "a } b", "{a", "a}", "{}", "{ }", "{a}}"])
def test_a_brace_alone_is_refused(text: str) -> None:
    """The line says how to write a blank, and how a plain brace."""
    with pytest.raises(InvalidRequest, match=r"is no blank: write \{column\}, or \{\{ for a plain"):
        Template(text)


@pytest.mark.parametrize("text", ["", "  ", "\n", "bell\x07", "\ud800"])
def test_a_text_that_cannot_be_sent_is_refused(text: str) -> None:
    """Before anybody is called."""
    with pytest.raises(InvalidText):
        Template(text)


@pytest.mark.parametrize("values", [{}, {"name": ""}, {"name": "  "}, {"Name": "Олена"}])
def test_a_missing_value_is_refused(values: dict[str, str]) -> None:
    """Nobody hears a text with a hole in it."""
    with pytest.raises(InvalidText, match="the column 'name' is empty"):
        Template("Вітаємо, {name}!").fill(values)


def test_a_value_that_cannot_be_sent_is_refused() -> None:
    """As if it had stood in the text."""
    with pytest.raises(InvalidText, match=r"U\+0007"):
        Template("{name}").fill({"name": "a\x07b"})


def test_values_are_put_in_as_they_are() -> None:
    """A brace in one is no blank, and no backslash is anything else than that."""
    values = {"a": "{b}", "b": r"\1 \g<0> {{"}
    assert Template("{a}-{b}").fill(values) == "{b}-" + r"\1 \g<0> {{"


def test_spaces_around_a_value_are_left_out() -> None:
    """Lists have them, and a voice would pause for them."""
    assert Template("<{name}>").fill({"name": "  Олена \t"}) == "<Олена>"


def test_a_long_column_is_not_shown_whole() -> None:
    """A line stays a line."""
    with pytest.raises(InvalidText) as caught:
        Template(f"{{{'a' * 500}}}").fill({})
    assert len(str(caught.value)) < 80


def test_the_text_is_not_in_the_repr() -> None:
    """It may hold a code."""
    assert "4826" not in repr(Template("Код 4826"))


PLAIN = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=20)
NAMES = st.from_regex(r"[A-Za-zА-Яа-я_][\w ]{0,8}[a-z]", fullmatch=True)


@given(st.lists(st.tuples(PLAIN, NAMES, PLAIN.filter(str.strip)), min_size=1, max_size=5))
def test_a_text_is_put_together_from_its_pieces(pieces: list[tuple[str, str, str]]) -> None:
    """Whatever stands between the blanks stands there still."""
    values = {name.strip(): value for _, name, value in pieces}
    text = "".join(
        plain.replace("{", "{{").replace("}", "}}") + "{" + name + "}" for plain, name, _ in pieces
    )
    filled = "".join(plain + values[name.strip()].strip() for plain, name, _ in pieces)
    assert Template(text).fill(values) == filled
