"""Multipart forms, read to their end and kept only as far as limits."""

from collections.abc import Mapping

import attrs
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

_MAX_FIELD_BYTES = 64 * 1024
_MAX_PARTS = 20


@attrs.frozen
class Upload:
    """A file of a form."""

    filename: str
    size: int
    """How many bytes came."""
    content: bytes = attrs.field(repr=False)
    """The bytes, none of them when there were more than the limit."""


@attrs.frozen
class Form:
    """A multipart form."""

    fields: Mapping[str, str] = attrs.field(repr=False)
    """The fields that came whole; of a repeated name the last."""
    files: Mapping[str, Upload]
    """The files that came whole, by field name."""
    is_whole: bool
    """Whether it was well formed to its closing boundary."""


async def read_form(request: Request, max_file_bytes: int) -> Form:
    """Return the multipart form in `request`; anything else is an empty form that is not whole.

    Args:
        request: The request, its body not read yet.
        max_file_bytes: Of a bigger file only the size is kept.
    """
    reading = _Reading(max_file_bytes)
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary") if kind == b"multipart/form-data" else None
    parser = reading.parser(boundary) if boundary else None
    async for chunk in request.stream():
        # After the first fault the rest is read and dropped, for the reason given in `bodies`.
        if parser and chunk:
            try:
                parser.write(chunk)
            except FormParserError:
                parser = None
                reading.is_whole = False
    return Form(reading.fields, reading.files, reading.is_whole)


@attrs.define
class _Part:
    disposition: bytes = b""
    name: str = ""
    filename: str | None = None
    content: bytearray = attrs.field(factory=bytearray)
    size: int = 0


class _Reading:
    """What the parser's callbacks have gathered so far."""

    def __init__(self, max_file_bytes: int) -> None:
        self.fields: dict[str, str] = {}
        self.files: dict[str, Upload] = {}
        self.is_whole = False
        self._max_file_bytes = max_file_bytes
        self._parts = 0
        self._part = _Part()
        self._header_name = bytearray()
        self._header_value = bytearray()

    def parser(self, boundary: bytes) -> MultipartParser | None:
        """Return a parser that reports here, None when no parser takes that boundary."""
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._add_header_name,
                    "on_header_value": self._add_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._add_content,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            return None

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise FormParserError("too many parts")
        self._part = _Part()

    def _add_header_name(self, chunk: bytes, start: int, end: int) -> None:
        self._header_name += chunk[start:end]

    def _add_header_value(self, chunk: bytes, start: int, end: int) -> None:
        self._header_value += chunk[start:end]

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._part.disposition = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _end_headers(self) -> None:
        kind, options = parse_options_header(self._part.disposition)
        if kind != b"form-data" or b"name" not in options:
            raise FormParserError("a part without a name")
        self._part.name = options[b"name"].decode(errors="replace")
        if b"filename" in options:
            self._part.filename = options[b"filename"].decode(errors="replace")

    def _add_content(self, chunk: bytes, start: int, end: int) -> None:
        part = self._part
        part.size += end - start
        if part.filename is None and part.size > _MAX_FIELD_BYTES:
            raise FormParserError("a field too long")
        if part.size <= self._max_file_bytes or part.filename is None:
            part.content += chunk[start:end]
        else:
            part.content.clear()

    def _end_part(self) -> None:
        part = self._part
        if part.filename is None:
            self.fields[part.name] = part.content.decode(errors="replace")
        else:
            self.files[part.name] = Upload(part.filename, part.size, bytes(part.content))

    def _end(self) -> None:
        self.is_whole = True
