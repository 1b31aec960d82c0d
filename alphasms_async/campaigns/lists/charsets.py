"""How a text file is encoded, found out in one pass that keeps nothing of it.

Lists come as UTF-8 from most programs, as Windows-1251 from spreadsheets set to Ukrainian, and
as UTF-16 from what spreadsheets call Unicode text. Nothing in the file says which, but a byte
order mark if there is one.
"""

import codecs
import re

from attrs import define, field

__all__ = ["CharsetCheck"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ESCAPED = re.compile("[\udc80-\udcff]")
_ADVICE = "save the list as CSV in UTF-8"
_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1251": "Windows-1251",
}


@define
class CharsetCheck:
    """Fed a file's bytes in order, it knows the encoding at their end."""

    fault: str | None = field(default=None, init=False)
    """Why it is no text, without its subject. `None`: it is text."""
    fault_line: int | None = field(default=None, init=False)
    """The line the fault is on, counted from 1. `None`: no one line."""
    _codec: str = field(default="", init=False)
    _decoder: codecs.IncrementalDecoder = field(init=False, repr=False)
    _lines: int = field(default=1, init=False)
    _wide: int = field(default=0, init=False)
    _broken: int = field(default=0, init=False)
    _broken_line: int = field(default=0, init=False)
    _is_cp1251: bool = field(default=True, init=False)

    @property
    def codec(self) -> str:
        """Python's name of the encoding; only when there is no `fault`."""
        return self._codec or "utf-8"

    @property
    def name(self) -> str:
        """The encoding's name for a person."""
        return _NAMES[self.codec]

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; the first ones hold the whole byte order mark."""
        if not self._codec:
            self._codec = next((codec for mark, codec in _MARKS if chunk.startswith(mark)), "utf-8")
            # UTF-8 never decodes to these lone surrogates, so they count the bytes that are not.
            errors = "strict" if self._codec == "utf-16" else "surrogateescape"
            self._decoder = codecs.getincrementaldecoder(self._codec)(errors)
        # The one byte that Windows-1251 leaves undefined.
        self._is_cp1251 = self._is_cp1251 and b"\x98" not in chunk
        self._take(chunk, final=False)

    def end(self) -> None:
        """Take the end of the file, and decide."""
        if not self._codec:
            return
        self._take(b"", final=True)
        if self.fault or not self._broken:
            return
        if self._codec == "utf-8" and self._broken >= self._wide and self._is_cp1251:
            self._codec = "cp1251"
        elif self._codec == "utf-8" and self._broken >= self._wide:
            self.fault = f"is neither UTF-8 nor Windows-1251 text: {_ADVICE}"
        else:
            # Read as Windows-1251, all the good letters would be read out as rubbish.
            self.fault = f"bytes that are not UTF-8, as the rest of the file is: {_ADVICE}"
            self.fault_line = self._broken_line

    def _take(self, chunk: bytes, *, final: bool) -> None:
        if self.fault:
            return
        try:
            text = self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            self.fault = f"begins as UTF-16 text and does not go on as such: {_ADVICE}"
            return
        if "\0" in text:
            self.fault = f"a NUL character, which no text has: {_ADVICE}"
            self.fault_line = self._lines + text[: text.index("\0")].count("\n")
            return
        if not text.isascii():
            self._weigh(text)
        self._lines += text.count("\n")

    def _weigh(self, text: str) -> None:
        """Count what is good UTF-8 beyond ASCII, and what is not."""
        broken = _ESCAPED.findall(text)
        if broken and not self._broken:
            self._broken_line = self._lines + text[: text.index(broken[0])].count("\n")
        self._broken += len(broken)
        self._wide += len(text) - len(broken) - len(text.encode("ascii", "ignore"))
