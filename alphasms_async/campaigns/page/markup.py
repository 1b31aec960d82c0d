"""HTML and SVG built from values, so that nothing gets in that was not escaped."""

import unicodedata
from html import escape

__all__ = ["Markup", "bdi", "element", "joined", "plain"]

_VOID = frozenset({"br", "link", "meta"})
_UNPRINTABLE = frozenset({"Cc", "Cs"})
_REPLACEMENT = "\ufffd"


class Markup(str):
    """Text that is HTML already; any other text is escaped where it is put in."""

    __slots__ = ()


def element(
    tag: str, /, *children: "str | Markup | None", **attributes: str | float | None
) -> Markup:
    """Return one element.

    Args:
        tag: Its name, as it is written.
        children: What it holds; texts are escaped, `None` is left out.
        attributes: Without the underscore behind a word of Python's, and a hyphen for any other
            underscore; `None` is left out. Numbers are rounded to two decimals.
    """
    written = "".join(
        f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: "str | Markup | None") -> Markup:
    """Return several children one after the other, as `element` puts them in."""
    return Markup("".join(_child(child) for child in children if child is not None))


def bdi(text: str) -> Markup:
    """Return a text of somebody else's, whose writing direction reaches nothing around it."""
    return element("bdi", text)


def plain(text: str) -> str:
    """Return a text without marks of writing direction, for places that no element isolates."""
    return "".join(one for one in text if unicodedata.category(one) != "Cf")


def _child(child: "str | Markup") -> str:
    return child if isinstance(child, Markup) else escape(_printable(child), quote=False)


def _printable(text: str) -> str:
    """Replace what no HTML may hold, such as NUL."""
    return "".join(
        _REPLACEMENT if unicodedata.category(one) in _UNPRINTABLE and one not in "\n\t" else one
        for one in text
    )


def _name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(_printable(value), quote=False).replace('"', "&quot;")
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
