import encodings.aliases
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from xml.etree import ElementTree as ET

import pytest

from alphasms_async import errors
from alphasms_async.errors import AlphaSMSError, UnexpectedAnswer
from alphasms_async.gateway import xml_php
from alphasms_async.models import State, Status
from tests.gateway.answers import KEY, answer


def messages(inner: str, ids: tuple[int, ...] = (100500,)) -> list[Status]:
    """Return the statuses in a package with these messages."""
    return xml_php.read_statuses(answer(f"<package><status>{inner}</status></package>"), ids)


def refuse(body: str | bytes) -> None:
    """Hold that the body is no package."""
    with pytest.raises(UnexpectedAnswer, match="not the XML of a package"):
        xml_php.read_statuses(answer(body), [100500])


def test_the_request_asks_for_every_id() -> None:
    """The body is the package of the API pages, one `msg` for each id."""
    request = xml_php.status(KEY, [100500, 100501])
    assert (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<package key="{KEY}"><status><msg sms_id="100500"/><msg sms_id="100501"/></status>'
        "</package>"
    ).encode() == b"".join(request.pieces)
    assert (request.page, request.asked) == ("/api/xml.php", "status of 2 ids")


@pytest.mark.parametrize("key", ["a&b", 'a"b', "a'b", "<a>", "a\"b'c&amp;", "]]>"])
def test_a_key_with_xmls_own_characters_arrives_whole(key: str) -> None:
    """A key cannot break out of its attribute."""
    body = b"".join(xml_php.status(key, [1]).pieces)
    assert key == ET.fromstring(body).get("key")  # noqa: S314 - our own bytes


def test_the_documented_answer_is_read() -> None:
    """The example of the API pages gives both ids, the state and the time in UTC."""
    at = datetime(2024, 11, 11, 10, tzinfo=UTC)
    assert [Status(100500, State.DELIVERED, "102", at, 7)] == messages(
        '<msg id="7" sms_id="100500" sms_count="1" date_completed="2024-11-11T12:00:00">102</msg>'
    )


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("1", State.QUEUED),
        ("101", State.SENDING),
        ("102", State.DELIVERED),
        ("103", State.EXPIRED),
        ("105", State.UNDELIVERABLE),
        ("108", State.REJECTED),
        ("201", State.NOT_FOUND),
        ("208", State.UNKNOWN),
        ("999", State.UNKNOWN),
        (" \n102\t", State.DELIVERED),
        ("<!-- . -->1<!-- . -->02", State.DELIVERED),
        ("1&#48;2", State.DELIVERED),
        ("<![CDATA[102]]>", State.DELIVERED),
        ("", State.UNKNOWN),
        ("-102", State.UNKNOWN),
        ("10 2", State.UNKNOWN),
        ("DELIVERED", State.UNKNOWN),
        ("١٠٢", State.UNKNOWN),
    ],
)
def test_the_code_of_a_message_is_its_state(code: str, state: State) -> None:
    """A documented code is its state; anything else is unknown, and kept."""
    (status,) = messages(f'<msg sms_id="100500">{code}</msg>')
    assert state == status.state
    assert "<" in code or "&" in code or code.strip() == status.raw


def test_statuses_come_in_the_order_they_were_asked_for() -> None:
    """Each id has its own status, in the order asked, whatever the answer's order."""
    found = messages('<msg sms_id="2">103</msg><msg sms_id="1">102</msg>', (1, 2, 1))
    assert [(status.id, status.state) for status in found] == [
        (1, State.DELIVERED),
        (2, State.EXPIRED),
        (1, State.DELIVERED),
    ]


@pytest.mark.parametrize(
    "inner",
    [
        "",
        '<msg sms_id="100501">102</msg>',
        '<msg id="100500">102</msg>',
        '<msg sms_id="x">102</msg>',
        '<msg sms_id="-100500">102</msg>',
        "<msg>102</msg>",
        '<MSG sms_id="100500">102</MSG>',
        '<group><msg sms_id="100500">102</msg></group>',
    ],
)
def test_an_id_the_answer_says_nothing_of_is_unknown(inner: str) -> None:
    """An id that is missing, misspelt or elsewhere in the answer is `UNKNOWN`."""
    assert [Status(100500, State.UNKNOWN, "")] == messages(inner)


@pytest.mark.parametrize(
    ("told", "kind", "text"),
    [
        ("209", errors.ApiDisabled, "ERR_API_DISABLE"),
        (" 202 \n", errors.WrongApiKey, "ERR_AUTHORIZATION"),
        ("200", errors.UnknownGatewayError, "ERR_UNKNOWN"),
        ("777", errors.UnknownGatewayError, "error 777"),
        ("Banned", errors.AccountBanned, "Banned"),
        ("the bad &amp; the ugly", errors.UnknownGatewayError, "the bad & the ugly"),
        (f"key {KEY} is bad", errors.UnknownGatewayError, "key *** is bad"),
    ],
)
def test_an_error_is_a_refusal_of_the_request(
    told: str, kind: type[errors.GatewayError], text: str
) -> None:
    """An error of the package is raised, though one message's codes share its numbers."""
    with pytest.raises(errors.GatewayError) as caught:
        xml_php.read_statuses(answer(f"<package><error>{told}</error></package>"), [100500])
    assert (kind, (text,)) == (type(caught.value), caught.value.messages)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "windows-1251", "ascii"])
def test_an_answer_is_read_in_the_encoding_it_declares(encoding: str) -> None:
    """The encodings XML is written in are all understood."""
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-le")}"?>\n'
    text += '<package><status><msg sms_id="100500">102</msg></status></package>'
    mark = "\ufeff" if encoding.endswith("-le") else ""
    (status,) = xml_php.read_statuses(answer((mark + text).encode(encoding)), [100500])
    assert status.state == State.DELIVERED


@pytest.mark.parametrize(
    "encoding", sorted({*encodings.aliases.aliases.values(), "no-such", "idna"})
)
def test_no_declared_encoding_breaks_the_reader(encoding: str) -> None:
    """Each codec Python knows, the ones that are no text too, is read or refused as XML."""
    body = f'<?xml version="1.0" encoding="{encoding}"?><package><status/></package>'
    try:
        found = xml_php.read_statuses(answer(body.encode()), [100500])
    except UnexpectedAnswer:
        found = []
    assert {State.UNKNOWN} >= {status.state for status in found}


LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE package [<!ENTITY a "102">]><package>&a;</package>',
        f'<!DOCTYPE package [<!ENTITY l0 "ha">{LAUGHS}]><package>&l9;</package>',
        '<!DOCTYPE package SYSTEM "file:///etc/passwd"><package/>',
        '<!DOCTYPE package PUBLIC "-//x//y" "http://127.0.0.1:9/x.dtd"><package/>',
        "<!DOCTYPE package><package/>",
        '<!DOCTYPE p [<!ATTLIST msg sms_id CDATA "1">]><package><status><msg/></status></package>',
        "<package>&a;</package>",
        "<package>&nbsp;</package>",
    ],
)
def test_document_types_and_entities_are_refused(body: str) -> None:
    """No document type is read, so no entity can grow, nor reach for a file or a host."""
    refuse(body)


def test_an_external_entity_reads_no_file(tmp_path: Path) -> None:
    """The content of a local file never comes into an answer or an error."""
    secret = tmp_path / "secret"
    secret.write_text("102 s3cr3t")
    body = (
        f'<!DOCTYPE package [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        '<package><status><msg sms_id="100500">&x;</msg></status></package>'
    )
    with pytest.raises(UnexpectedAnswer) as caught:
        xml_php.read_statuses(answer(body), [100500])
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "OK",
        "<html><body>Not today</body></html>",
        "<html/>",
        "<Package/>",
        '<package xmlns="urn:x"',
        "<package>",
        "<package><status>",
        '<package><status><msg sms_id="100500">102</msg></status>',
        '<package><status><msg sms_id="100500">102</msg></status></package><package/>',
        '<package><status><msg sms_id="100500">102</status></msg></package>',
        '<package><status><msg sms_id="1" sms_id="2">102</msg></status></package>',
        "<package>\x00</package>",
        "<package>\x1b</package>",
        b"<package>\xff\xfe</package>",
        b'<?xml version="1.0" encoding="utf-8"?><package>\xcf</package>',
        '{"package": {}}',
    ],
)
def test_what_is_no_package_is_unexpected(body: str | bytes) -> None:
    """Pages of a proxy, cut, crossed, doubled and broken XML are unexpected."""
    refuse(body)


def test_every_cut_of_an_answer_is_unexpected() -> None:
    """An answer that ends anywhere before its end is never taken for a whole one."""
    body = '<package><status><msg sms_id="100500">102</msg></status></package>'
    for length in range(len(body)):
        refuse(body[:length])


@pytest.mark.parametrize(
    "body",
    [
        b"<package>" + b"<a>" * 150_000 + b"</a>" * 150_000 + b"</package>",
        b"<package>" + b"<a>" * 300_000,
        b'<package><status><msg sms_id="1">' + b"a<b/>" * 800_000 + b"</msg></status></package>",
        b"<package><error>" + b"a<b/>" * 200_000 + b"</error></package>",
        b'<package><status><msg sms_id="1">' + b"&#48;" * 600_000 + b"</msg></status></package>",
        b"<package " + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"/>",
        b"<package>" + b"<!-- -->" * 400_000 + b"</package>",
    ],
    ids=["deep", "open", "pieces", "error", "references", "attributes", "comments"],
)
def test_a_few_megabytes_of_anything_take_a_moment(body: bytes) -> None:
    """Nothing in the 4 MB that are read at most takes time that grows with its square."""
    began = process_time()
    with suppress(AlphaSMSError):
        xml_php.read_statuses(answer(body), [1])
    assert process_time() - began < 5
