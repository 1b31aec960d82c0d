import pytest

from alphasms_async.errors import UnexpectedAnswer
from alphasms_async.gateway import voice_php
from tests.gateway.answers import KEY, PHONE, answer


def told(status: int, headers: dict[str, str] | None = None, body: str = "<html>") -> str:
    """Return the text of the error that voice.php's unreadable answer is raised as."""
    with pytest.raises(UnexpectedAnswer) as caught:
        voice_php.read_call(answer(body, status, headers), PHONE)
    return str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://other.example/new", "https://other.example/new"),
        (f"https://other.example/new?key={KEY}&phone={PHONE}", "https://other.example/new"),
        (f"https://{KEY}:pass@other.example/x", "https://other.example/x"),
        ("/login#fragment", "/login"),
        (f"/done/{PHONE}", "/done/380*****4567"),
        (f"/done/{KEY}/x", "/done/***/x"),
        ("//other.example/x", "//other.example/x"),
        ("http://[broken", "an unreadable address"),
        ("", "nowhere"),
    ],
)
def test_a_redirect_names_its_target_without_what_is_secret(
    location: str, named: str, status: int
) -> None:
    """A redirect that was not followed is unexpected and says where it points, without a query."""
    text = told(status, {"location": location})
    assert f"it points to {named}. It is not repeated." in text
    assert not any(secret in text for secret in (KEY, PHONE, "pass", "fragment"))


def test_a_redirect_without_a_location_points_nowhere() -> None:
    """A redirect with no target says so."""
    assert "it points to nowhere. It is not repeated." in told(302)


@pytest.mark.parametrize("name", ["location", "content-type"])
def test_a_hostile_header_stays_one_line(name: str) -> None:
    """Headers that stand in an error cannot break its line nor speak to a terminal."""
    text = told(302, {name: "a\x1b[31m/b\x85c\u2028d\x0be" * 40})
    assert [text] == text.splitlines()
    assert "\x1b" not in text


def test_an_unexpected_answer_tells_of_the_body_not_its_text() -> None:
    """What an unreadable body says stays out of the error; its size and type stand there."""
    text = told(200, {"content-type": "text/html"}, f"<p>{KEY} {PHONE}</p>")
    assert "(HTTP 200, 33 bytes, text/html)" in text
    assert not any(secret in text for secret in (KEY, PHONE, "<p>"))


def test_a_content_type_shows_neither_key_nor_phone() -> None:
    """What a server echoes in the type of its answer is masked too."""
    text = told(200, {"content-type": f"text/html; {PHONE} {KEY}"})
    assert not any(secret in text for secret in (KEY, PHONE))
