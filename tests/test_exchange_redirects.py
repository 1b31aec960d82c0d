"""Redirects: the same request to another place of the same gateway, and nothing else."""

from collections.abc import Sequence

import httpx
import pytest

from alphasms_async import AlphaSMS, GatewayUnavailable, OutcomeUnknown, UnexpectedAnswer
from tests.doubles import KEY, PHONE, FakeGateway, accepted

pytestmark = pytest.mark.anyio

HOME = "https://alphasms.ua"


def pointing(targets: Sequence[str], status: int = 307) -> FakeGateway:
    """A gateway that points from target to target, then answers."""
    left = iter(targets)

    def answer(request: httpx.Request) -> httpx.Response:
        for target in left:
            return httpx.Response(status, headers={"location": target})
        return accepted(request)

    return FakeGateway(answer)


async def call(gateway: FakeGateway, base_url: str = HOME) -> int:
    async with AlphaSMS(KEY, base_url=base_url, transport=gateway) as api:
        return (await api.otp.call(PHONE)).id


@pytest.mark.parametrize("status", [307, 308])
async def test_same_request_goes_to_the_other_place(status: int) -> None:
    """A 307 and a 308 are followed with the same method, headers and body."""
    gateway = pointing([f"{HOME}/v2/otp.php?a=b#c"], status)
    await call(gateway)
    first, second = gateway.read
    assert second.url == f"{HOME}/v2/otp.php?a=b"
    assert (first.method, first.headers, first.content) == (
        second.method,
        second.headers,
        second.content,
    )


@pytest.mark.parametrize(
    ("base_url", "target", "arrives"),
    [
        (HOME, "/api/moved/otp.php", f"{HOME}/api/moved/otp.php"),
        (HOME, "otp/otp.php", f"{HOME}/api/otp/otp.php"),
        (HOME, "https://www.alphasms.ua/api/otp.php", "https://www.alphasms.ua/api/otp.php"),
        ("https://www.alphasms.ua", f"{HOME}/api/otp.php", f"{HOME}/api/otp.php"),
        (HOME, "https://ALPHASMS.ua:443/otp.php", f"{HOME}/otp.php"),
        (HOME, "//alphasms.ua/otp.php", f"{HOME}/otp.php"),
        ("http://127.0.0.1", "https://127.0.0.1/otp.php", "https://127.0.0.1/otp.php"),
        ("http://127.0.0.1:81", "http://127.0.0.1:81/otp.php", "http://127.0.0.1:81/otp.php"),
    ],
)
async def test_redirect_to_the_same_host_is_followed(
    base_url: str, target: str, arrives: str
) -> None:
    """The same host, with or without `www.`, by the port rules of its scheme, is followed."""
    gateway = pointing([target])
    await call(gateway, base_url)
    assert str(gateway.read[-1].url) == arrives


async def test_host_header_is_the_new_place() -> None:
    """The second request names the host that it is sent to."""
    gateway = pointing(["https://www.alphasms.ua/api/otp.php"])
    await call(gateway)
    assert [one.headers["host"] for one in gateway.read] == ["alphasms.ua", "www.alphasms.ua"]


@pytest.mark.parametrize(
    ("base_url", "target"),
    [
        (HOME, "https://evil.example/api/otp.php"),
        (HOME, "https://api.alphasms.ua/api/otp.php"),
        (HOME, "https://alphasms.ua.evil.example/"),
        (HOME, "//evil.example/api/otp.php"),
        (HOME, "http://alphasms.ua/api/otp.php"),
        (HOME, "http://alphasms.ua:443/api/otp.php"),
        (HOME, "https://alphasms.ua:8443/api/otp.php"),
        (HOME, "https://user:pass@alphasms.ua/api/otp.php"),
        (HOME, "https://user@alphasms.ua/api/otp.php"),
        (HOME, "ftp://alphasms.ua/api/otp.php"),
        (HOME, "javascript:alert(1)"),
        (HOME, "https://alphasms.ua:99999/"),
        (HOME, "https://[half"),
        (HOME, ""),
        # The place that has just been asked.
        (HOME, "#top"),
        (HOME, "/api/otp.php"),
        # What we sent would stand in a URL, and URLs end in logs.
        (HOME, f"/otp.php?key={KEY}"),
        (HOME, f"/otp.php?phone={PHONE}"),
        ("http://127.0.0.1:81", "http://www.127.0.0.1:81/otp.php"),
        ("http://127.0.0.1:81", "http://127.0.0.1:82/otp.php"),
        ("http://127.0.0.1:81", "https://127.0.0.1/otp.php"),
        ("http://127.0.0.1", "https://127.0.0.1:444/otp.php"),
        ("http://127.0.0.1", "http://localhost/otp.php"),
        ("https://127.0.0.1", "http://127.0.0.1/otp.php"),
    ],
)
async def test_redirect_elsewhere_is_unexpected(base_url: str, target: str) -> None:
    """Another host, another port, or a step down from https gets nothing: one delivery."""
    gateway = pointing([target])
    with pytest.raises(OutcomeUnknown):
        await call(gateway, base_url)
    assert gateway.rings == {PHONE: 1}


async def test_redirect_without_a_target_is_unexpected() -> None:
    """A 307 that does not say where to go is one delivery."""
    gateway = FakeGateway(lambda _request: httpx.Response(307))
    with pytest.raises(UnexpectedAnswer):
        await call(gateway)
    assert gateway.rings == {PHONE: 1}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 306])
async def test_other_redirects_are_unexpected(status: int) -> None:
    """A 301, 302 or 303 may mean "done, look here": it is not followed, and its target named."""
    gateway = pointing([f"{HOME}/done?phone={PHONE}&key={KEY}"], status)
    with pytest.raises(UnexpectedAnswer, match=r"points to https://alphasms\.ua/done\. ") as caught:
        await call(gateway)
    assert (caught.value.status_code, gateway.asked) == (status, 1)


async def test_another_query_at_the_same_page_is_no_other_place() -> None:
    """A page that points to itself with ever new queries gets the request once."""
    gateway = pointing([f"/api/otp.php?try={hop}" for hop in range(3)])
    with pytest.raises(UnexpectedAnswer):
        await call(gateway)
    assert gateway.asked == 1


@pytest.mark.parametrize(("hops", "asked"), [(3, 4), (4, 4), (9, 4)])
async def test_at_most_three_redirects_are_followed(hops: int, asked: int) -> None:
    """Three are followed; the fourth is an answer nobody can use."""
    gateway = pointing([f"/api/{hop}/otp.php" for hop in range(hops)])
    if hops == 3:
        await call(gateway)
    else:
        with pytest.raises(UnexpectedAnswer):
            await call(gateway)
    assert gateway.asked == asked


async def test_read_follows_the_same_rules() -> None:
    """A read is followed to the same host; elsewhere it is unavailable, and its key stays here."""
    gateway = pointing(["/api/moved/http.php"])
    async with AlphaSMS(KEY, transport=gateway) as api:
        await api.status.get(1)
    assert [one.url.path for one in gateway.read] == ["/api/http.php", "/api/moved/http.php"]

    gateway = pointing(["https://evil.example/"] * 9)
    async with AlphaSMS(KEY, transport=gateway) as api:
        with pytest.raises(GatewayUnavailable):
            await api.status.get(1)
    assert {one.url.host for one in gateway.read} == {"alphasms.ua"}


async def test_client_of_the_callers_follows_nothing() -> None:
    """An `http_client` that follows redirects does not follow ours."""
    gateway = pointing([f"{HOME}/done"], 302)
    client = httpx.AsyncClient(transport=gateway, follow_redirects=True)
    async with client, AlphaSMS(KEY, http_client=client) as api:
        with pytest.raises(UnexpectedAnswer):
            await api.otp.call(PHONE)
    assert gateway.asked == 1


async def test_second_place_that_cannot_be_reached_is_unknown() -> None:
    """The first place had the whole request, so a second that is down is no proof of anything."""
    gateway = pointing(["/moved"])

    class Half(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/moved":
                raise httpx.ConnectError("told")
            return await gateway.handle_async_request(request)

    async with AlphaSMS(KEY, transport=Half()) as api:
        with pytest.raises(OutcomeUnknown, match="ConnectError"):
            await api.otp.call(PHONE)
    assert gateway.rings == {PHONE: 1}
