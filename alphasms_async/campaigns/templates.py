"""A text with blanks, filled in from the columns of a list: `Вітаємо, {name}!`."""

import re
from collections.abc import Mapping

from attrs import field, frozen

from alphasms_async.checks import check_text
from alphasms_async.errors import InvalidRequest, InvalidText

__all__ = ["Template"]

_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LONGEST_SHOWN = 40


def _name_of(piece: re.Match[str]) -> str | None:
    """Return the column a piece stands for. `None` for a doubled brace, which is a plain one."""
    if piece[0] in {"{{", "}}"}:
        return None
    name = (piece[1] or "").strip()
    if not name:
        raise InvalidRequest(
            f"{piece[0]!r} in the text is no blank: write {{column}}, or {{{{ for a plain brace"
        )
    return name


@frozen
class Template:
    """A text whose blanks are columns of the list."""

    text: str = field(converter=check_text, repr=False)
    """`{column}` is a blank, `{{` and `}}` are plain braces."""
    columns: tuple[str, ...] = field(init=False)
    """The columns it needs, each once, in the order of the text."""

    def __attrs_post_init__(self) -> None:
        # Read once, which also refuses a stray brace before anybody is called.
        names = (_name_of(piece) for piece in _PIECES.finditer(self.text))
        columns = tuple(dict.fromkeys(name for name in names if name is not None))
        object.__setattr__(self, "columns", columns)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with its blanks filled in.

        Raises:
            InvalidText: A value is missing or empty, or cannot be sent.
        """

        def put(piece: re.Match[str]) -> str:
            name = _name_of(piece)
            if name is None:
                return piece[0][0]
            value = values.get(name, "").strip()
            if not value:
                raise InvalidText(f"the column {name[:_LONGEST_SHOWN]!r} is empty")
            return value

        return check_text(_PIECES.sub(put, self.text))
