"""A request to xml.php, read from its document: commands, and what each is about."""

from typing import Final, NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

import attrs

from alphasms_async.sandbox.refusals import Refusal, RefusedError

_COMMANDS: Final = frozenset({"status", "message", "balance"})


@attrs.define
class Msg:
    """One `msg` element: a message to send, or one that is asked about."""

    attributes: dict[str, str] = attrs.field(repr=False)
    text: str = attrs.field(default="", repr=False)


@attrs.define
class Command:
    """One element inside the package."""

    name: str
    """`status`, `message` or `balance`."""
    messages: list[Msg] = attrs.field(factory=list[Msg])


@attrs.define
class Package:
    """A request, filled as the parser meets its elements."""

    key: str | None = attrs.field(default=None, repr=False)
    commands: list[Command] = attrs.field(factory=list[Command])
    """In their order; one package may send messages and ask for states too."""
    path: list[str] = attrs.field(factory=list[str])
    """The elements that are open."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning in."""
        self.path.append(name)
        match self.path:
            case ["package"]:
                self.key = attributes.get("key")
            case ["package", command] if command in _COMMANDS:
                self.commands.append(Command(command))
            case ["package", "status" | "message", "msg"]:
                self.commands[-1].messages.append(Msg(attributes))
            case _:
                raise RefusedError(Refusal.BAD_FORM)

    def add_text(self, text: str) -> None:
        """Take text in; only a `msg` has any that counts."""
        if self.path[-1] == "msg":
            self.commands[-1].messages[-1].text += text

    def end(self, name: str) -> None:  # noqa: ARG002 the parser's signature
        """Take an element's end in."""
        self.path.pop()


def read_package(text: str) -> Package:
    """Return the request in `text`.

    Raises:
        RefusedError: It is no document, declares a type, or has an element nobody knows.
    """
    package = Package()
    # Named here, the encoding is not looked for in the document, which is text already.
    parser = ParserCreate("utf-8")
    # Else each line break is a piece of its own.
    parser.buffer_text = True
    parser.StartElementHandler = package.start
    parser.CharacterDataHandler = package.add_text
    parser.EndElementHandler = package.end
    # Entities, and with them the ways to make a small document big, are declared in a doctype.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 the parser takes no names
    except ExpatError as error:
        raise RefusedError(Refusal.BAD_FORM) from error
    return package


def _refuse_doctype(*_: object) -> NoReturn:
    raise RefusedError(Refusal.BAD_FORM)
