import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.redirects import followed
from tests.gateway.answers import answer

PAGE = "https://alphasms.ua/api/voice.php"


def target(location: str | None, url: str = PAGE, status: int = 307) -> str | None:
    """Return where a redirect to `location` leads, as text; `None` when nowhere."""
    headers = {} if location is None else {"location": location}
    found = followed(answer(status=status, headers=headers), httpx.URL(url))
    return None if found is None else str(found)


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("https://www.alphasms.ua/api/voice.php", "https://www.alphasms.ua/api/voice.php"),
        ("https://alphasms.ua/v2/voice.php", "https://alphasms.ua/v2/voice.php"),
        ("https://ALPHASMS.UA/x", "https://alphasms.ua/x"),
        ("https://alphasms.ua:443/x", "https://alphasms.ua/x"),
        ("//www.alphasms.ua/x", "https://www.alphasms.ua/x"),
        ("/v2/voice.php", "https://alphasms.ua/v2/voice.php"),
        ("voice.php/", "https://alphasms.ua/api/voice.php/"),
        ("../v2/", "https://alphasms.ua/v2/"),
        ("?moved=1", "https://alphasms.ua/api/voice.php?moved=1"),
        ("/x#part", "https://alphasms.ua/x"),
        ("https:///x", "https://alphasms.ua/x"),
    ],
)
def test_the_same_request_goes_to_another_place_of_the_same_host(
    location: str, place: str, status: int
) -> None:
    """307 and 308 are followed to the same host, with or without `www.`."""
    assert place == target(location, status=status)


@pytest.mark.parametrize("status", [200, 201, 300, 301, 302, 303, 304, 305, 306, 309, 400, 500])
def test_other_statuses_lead_nowhere(status: int) -> None:
    """A 301, 302 or 303 may mean "done, look here": it is never followed."""
    assert target("https://alphasms.ua/v2/voice.php", status=status) is None


@pytest.mark.parametrize(
    "location",
    [
        None,
        "",
        "https://alphasms.net/api/voice.php",
        "https://api.alphasms.ua/api/voice.php",
        "https://alphasms.ua.example.com/",
        "https://example.com/alphasms.ua",
        "https://www2.alphasms.ua/",
        "https://alphasms.ua./",
        "//example.com/x",
        "http://alphasms.ua/api/voice.php",
        "http://www.alphasms.ua/api/voice.php",
        "http://alphasms.ua:443/api/voice.php",
        "https://alphasms.ua:8443/api/voice.php",
        "https://alphasms.ua:80/",
        "https://user@alphasms.ua/",
        "https://user:pass@alphasms.ua/",
        "https://alphasms.ua@example.com/",
        "https://alphasms.ua\\@example.com/",
        "ftp://alphasms.ua/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "mailto:info@alphasms.ua",
        "http://[::gateway",
        "https://alphasms.ua:99999999/",
        "https://alphasms.ua:port/",
        "/x\x00y",
        "/" + "x" * 70_000,
    ],
)
def test_the_body_leaves_for_no_other_host_port_or_scheme(location: str | None) -> None:
    """What is not surely the gateway, safely reached, gets neither key nor phone."""
    assert target(location) is None


@pytest.mark.parametrize(
    ("url", "location", "place"),
    [
        ("http://127.0.0.1/a", "https://127.0.0.1/b", "https://127.0.0.1/b"),
        ("http://127.0.0.1:80/a", "https://127.0.0.1:443/b", "https://127.0.0.1/b"),
        ("http://127.0.0.1:8025/a", "http://127.0.0.1:8025/b", "http://127.0.0.1:8025/b"),
        ("http://127.0.0.1:8025/a", "https://127.0.0.1:8025/b", None),
        ("http://127.0.0.1:8025/a", "https://127.0.0.1/b", None),
        ("http://127.0.0.1/a", "https://127.0.0.1:8443/b", None),
        ("http://127.0.0.1:8025/a", "http://127.0.0.1/b", None),
        ("http://127.0.0.1:8025/a", "http://localhost:8025/b", None),
        ("https://alphasms.ua:8443/a", "https://www.alphasms.ua:8443/b", "same"),
        ("https://www.alphasms.ua/a", "https://alphasms.ua/b", "same"),
    ],
)
def test_a_port_stays_and_http_may_become_https(url: str, location: str, place: str | None) -> None:
    """Another port may be another program; only the usual ports change with their scheme."""
    assert (location if place == "same" else place) == target(location, url)


@given(st.text() | st.text(st.sampled_from("https:/@.?#[]%\\ \t\nalphasmsuw0é\ud800")))
def test_any_location_leads_home_or_nowhere(location: str) -> None:
    """Whatever a server names, the next place is https on the gateway's own host, or none."""
    found = followed(answer(status=307, headers={"location": location}), httpx.URL(PAGE))
    assert found is None or (
        found.scheme,
        found.host.removeprefix("www."),
        found.port,
        found.userinfo,
        found.fragment,
    ) == ("https", "alphasms.ua", None, b"", "")
