"""xml.php: the status of many ids in one request [API pages, XML API].

The answer is untrusted input. It is read by expat with document types refused, and without a
document type there are no entities, neither nested ones nor ones that reach for a file.
"""

from collections.abc import Sequence
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import quoteattr

from attrs import define, field

from alphasms_async.gateway.reading import judge_status, optional_whole, read_id, unexpected
from alphasms_async.gateway.refusals import refusal
from alphasms_async.gateway.states import state_of_xml_code, utc
from alphasms_async.gateway.wire import Answer, Request
from alphasms_async.models import State, Status

__all__ = ["read_statuses", "status"]

# The request's own errors share numbers with those of one message, and mean other things.
_REQUEST_ERRORS = {
    200: "ERR_UNKNOWN",
    201: "ERR_FORMAT",
    202: "ERR_AUTHORIZATION",
    205: "ERR_USER_DISABLE",
    209: "ERR_API_DISABLE",
    210: "ERR_IP_DENIED",
    212: "ERR_THROTTLE",
}


def status(api_key: str, ids: Sequence[int]) -> Request:
    """Return the request for the status of each of the gateway's ids."""
    messages = "".join(f'<msg sms_id="{one}"/>' for one in ids)
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<package key={quoteattr(api_key)}><status>{messages}</status></package>"
    )
    return Request(
        page="/api/xml.php",
        content_type="text/xml; charset=utf-8",
        pieces=(body.encode(),),
        asked=f"status of {len(ids)} ids",
        api_key=api_key,
        is_read=True,
    )


def read_statuses(answer: Answer, ids: Sequence[int]) -> list[Status]:
    """Return a status for each id asked for, in that order; one left out is `UNKNOWN`.

    Raises:
        GatewayError: The whole request was refused.
        UnexpectedAnswer: The answer is no such XML.
    """
    package = _read(answer.body)
    if package is not None and package.error is not None and answer.status < 500:
        raise refusal(answer, [_error_text("".join(package.error))])
    judge_status(answer)
    if package is None:
        raise unexpected(answer, "it is not the XML of a package")
    found = {one.id: one for one in map(_status, package.messages)}
    return [found.get(one) or Status(id=one, state=State.UNKNOWN, raw="") for one in ids]


@define
class _Package:
    """What a parse has gathered so far."""

    path: list[str] = field(factory=list)
    messages: list[tuple[dict[str, str], list[str]]] = field(factory=list)
    error: list[str] | None = None

    def open(self, name: str, attributes: dict[str, str]) -> None:
        if not self.path and name != "package":
            raise _NotAPackage
        self.path.append(name)
        if self.path == ["package", "status", "msg"]:
            self.messages.append((attributes, []))
        elif self.path == ["package", "error"]:
            self.error = []

    def close(self, _name: str) -> None:
        self.path.pop()

    def text(self, text: str) -> None:
        # Gathered in lists, for joining a million pieces one by one would take minutes.
        if self.path == ["package", "status", "msg"]:
            self.messages[-1][1].append(text)
        elif self.path == ["package", "error"] and self.error is not None:
            self.error.append(text)


class _NotAPackage(Exception):
    pass


def _refuse_doctype(*_declaration: object) -> None:
    raise _NotAPackage


def _read(body: bytes) -> _Package | None:
    package = _Package()
    parser = ParserCreate()
    parser.buffer_text = True  # else a text of many lines comes in as many pieces
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = package.open
    parser.EndElementHandler = package.close
    parser.CharacterDataHandler = package.text
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat takes its arguments by position
    except (ExpatError, _NotAPackage, ValueError, LookupError):
        return None
    return package


def _error_text(told: str) -> str:
    code = optional_whole(told.strip())
    return told.strip() if code is None else _REQUEST_ERRORS.get(code, f"error {code}")


def _status(message: tuple[dict[str, str], list[str]]) -> Status:
    attributes, text = message[0], "".join(message[1]).strip()
    code = optional_whole(text)
    return Status(
        id=read_id(attributes.get("sms_id")),
        state=state_of_xml_code(code),
        raw=text,
        at=utc(attributes.get("date_completed")),
        client_id=read_id(attributes.get("id")),
    )
