from typing import Any

import pytest

from alphasms_async.errors import ConfigurationError
from alphasms_async.settings import DEFAULT_BASE_URL, Settings, is_loopback

KEY = "5f3a-KEY-91cd"


def gather(environ: dict[str, str] | None = None, **given: Any) -> Settings:
    """Gather settings from these arguments and this environment alone."""
    arguments: dict[str, Any] = {"api_key": KEY, "environ": environ or {}, **given}
    return Settings.gather(**arguments)


def refusal(**given: Any) -> str:
    """Return the text of the refusal of these arguments."""
    with pytest.raises(ConfigurationError) as caught:
        gather(**given)
    text = str(caught.value)
    assert [text] == text.splitlines()
    assert KEY not in text
    return text


def test_the_defaults_are_the_designs() -> None:
    """With a key alone, the gateway's own address, two repeats and Ukraine are meant."""
    assert Settings(KEY, "https://alphasms.ua", 2, "UA") == gather()


def test_key_and_base_url_come_from_the_environment() -> None:
    """What is not given is taken from `ALPHASMS_*`."""
    environ = {"ALPHASMS_API_KEY": KEY, "ALPHASMS_BASE_URL": "http://127.0.0.1:8025"}
    settings = gather(environ, api_key=None)
    assert (settings.api_key, settings.base_url) == (KEY, "http://127.0.0.1:8025")


def test_arguments_win_over_the_environment() -> None:
    """What is given is taken, whatever the environment says."""
    environ = {"ALPHASMS_API_KEY": "other", "ALPHASMS_BASE_URL": "https://other.example"}
    settings = gather(environ, base_url="https://alphasms.net")
    assert (settings.api_key, settings.base_url) == (KEY, "https://alphasms.net")


def test_an_empty_variable_is_no_base_url() -> None:
    """A variable that is set to nothing leaves the default."""
    assert gather({"ALPHASMS_BASE_URL": ""}).base_url == DEFAULT_BASE_URL


def test_an_empty_argument_is_never_the_real_gateway() -> None:
    """An empty `base_url` is a mistake, and must not ring real phones in its place."""
    assert "the base URL is a whole URL" in refusal(base_url="")


def test_the_real_environment_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's own environment is the default."""
    monkeypatch.setenv("ALPHASMS_API_KEY", KEY)
    assert Settings.gather().api_key == KEY


def test_a_repr_shows_no_key() -> None:
    """The key stays out of the repr."""
    assert KEY not in repr(gather())


@pytest.mark.parametrize("key", [None, "", "   ", "\n", b"key", 7])
def test_without_a_key_there_is_no_client(key: Any) -> None:
    """A missing, blank or foreign key is told with both ways to give one."""
    assert refusal(api_key=key) == "no API key: pass api_key=… or set ALPHASMS_API_KEY"


def test_an_empty_key_is_not_looked_up() -> None:
    """A key that is given empty does not fall back to the environment's."""
    assert "no API key" in refusal(api_key="", environ={"ALPHASMS_API_KEY": "other"})


@pytest.mark.parametrize("key", [f" {KEY}\n", f"\t{KEY}", f"{KEY}\r\n"])
def test_spaces_around_a_key_are_copied_along_and_removed(key: str) -> None:
    """A key copied with its line end is the key."""
    assert gather(api_key=key).api_key == KEY


@pytest.mark.parametrize(
    "key", ["a b", "a\r\nb", "ключ", "a\x00b", "a\u200bb", "k" * 513, 'a"\r\n--x', "\ud800"]
)
def test_a_key_that_no_form_can_carry_is_refused_unseen(key: str) -> None:
    """A key with spaces, line ends or foreign letters is refused, and not shown."""
    told = refusal(api_key=key)
    assert told == "the API key has characters in it that no key has: copy it again"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://alphasms.ua", "https://alphasms.ua"),
        ("https://alphasms.ua/", "https://alphasms.ua"),
        ("https://alphasms.net:8443", "https://alphasms.net:8443"),
        ("https://gate.example/alpha/", "https://gate.example/alpha"),
        ("https://gate.example/a/b//", "https://gate.example/a/b"),
        ("HTTPS://Gate.Example", "https://Gate.Example"),
        ("https://xn--80ak6aa92e.com", "https://xn--80ak6aa92e.com"),
        ("https://gate.example?", "https://gate.example"),
        ("http://127.0.0.1:8025", "http://127.0.0.1:8025"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("http://localhost:8025/", "http://localhost:8025"),
        ("http://LOCALHOST", "http://LOCALHOST"),
        ("http://[::1]:8025", "http://[::1]:8025"),
    ],
)
def test_a_whole_url_is_kept_without_its_last_slash(url: str, kept: str) -> None:
    """Encrypted anywhere and plain to this machine, a URL is taken, with port and path."""
    assert kept == gather(base_url=url).base_url


@pytest.mark.parametrize(
    "url",
    [
        "http://alphasms.ua",
        "http://alphasms.ua:443",
        "http://192.168.0.7",
        "http://0.0.0.0:8025",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://[::ffff:8.8.8.8]",
        "http://127.1",
        "http://2130706433",
    ],
)
def test_the_key_never_travels_in_the_clear(url: str) -> None:
    """A plain http URL to any host that is not surely this machine is refused."""
    assert "http:// would send the API key in the clear" in refusal(base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "alphasms.ua",
        "//alphasms.ua",
        "/api",
        "https://",
        "https:///api",
        "https:alphasms.ua",
        "ftp://alphasms.ua",
        "file:///etc/passwd",
        "https://alpha sms.ua",
        " https://alphasms.ua",
        "https://alphasms.ua\n",
        "https://alphasms.ua\x00",
        "https://приклад.укр",
        b"https://alphasms.ua",
        7,
        ["https://alphasms.ua"],
    ],
)
def test_what_is_no_whole_url_is_refused(url: Any) -> None:
    """A base URL without scheme or host, or with what no URL holds, says what would be right."""
    assert refusal(base_url=url) == "the base URL is a whole URL, like https://alphasms.ua"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://user:s3cr3t@alphasms.ua", "carries a user name or password"),
        ("https://user@alphasms.ua", "carries a user name or password"),
        ("https://:s3cr3t@alphasms.ua", "carries a user name or password"),
        ("https://@alphasms.ua", "carries a user name or password"),
        ("http://127.0.0.1@alphasms.ua", "carries a user name or password"),
        ("http://127.0.0.1\\@alphasms.ua", "carries a user name or password"),
        ("https://user:s3cr3t@ex\u2100mple.com", "is a whole URL"),
        ("https://alphasms.ua?key=s3cr3t", "has no query and no fragment"),
        ("https://alphasms.ua/#s3cr3t", "has no query and no fragment"),
        ("https://alphasms.ua:0", "port is 1 to 65535, not 0"),
        ("https://alphasms.ua:65536", "cannot be read: Port out of range"),
        ("https://alphasms.ua:http", "cannot be read: Port could not be cast"),
        ("https://[::1", "cannot be read: Invalid IPv6 URL"),
    ],
)
def test_a_url_with_more_or_less_than_an_address_is_refused(url: str, reason: str) -> None:
    """Passwords, queries and impossible ports are refused, and no secret is repeated."""
    told = refusal(base_url=url)
    assert reason in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize("count", [0, 1, 10])
def test_retries_are_a_whole_number_from_0(count: int) -> None:
    """Any number of repeats is taken, none too."""
    assert count == gather(max_retries=count).max_retries


@pytest.mark.parametrize("count", [-1, 2.5, 2.0, "3", None, True, float("inf")])
def test_other_retries_are_refused(count: Any) -> None:
    """What cannot count attempts is refused when the client is made, not when it sends."""
    assert f"max_retries is a whole number from 0 up, not {count!r}" == refusal(max_retries=count)


@pytest.mark.parametrize("region", ["UA", "PL", "US", "GB"])
def test_a_region_is_a_country_code(region: str) -> None:
    """ISO 3166 codes are taken."""
    assert region == gather(default_region=region).default_region


@pytest.mark.parametrize("region", ["ua", "UKR", "Ukraine", "", "380", "XX", None, 380])
def test_what_is_no_country_code_is_refused(region: Any) -> None:
    """Everything else is shown with an example of what would be right."""
    told = refusal(default_region=region)
    assert f"default_region is a country code, like 'UA', not {region!r}" == told


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("", False),
        ("0.0.0.0", False),  # noqa: S104 - a name to be judged, nothing binds to it
        ("::", False),
        ("localhost.", False),
        ("128.0.0.1", False),
        ("alphasms.ua", False),
    ],
)
def test_loopback_is_what_can_only_be_this_machine(host: str, *, answer: bool) -> None:
    """A host that may be anything else is not loopback."""
    assert answer is is_loopback(host)
