"""Answers in perfect HTTP 200 whose bodies are the trouble."""

import gzip

from .answers import HTML, REFUSAL, SUCCESS, answer, head, page
from .behaviours import reply
from .situation import ANSWERED, UNKNOWN, Outcome, Situation

_GZIP = "Content-Encoding: gzip"
_BOMB = gzip.compress(SUCCESS + b" " * 5_000_000)
_NESTED = b'{"id": 100500, "price": 0.40, "x": %b%b}' % (b"[" * 100_000, b"]" * 100_000)


def _body(name: str, what: str, body: bytes, expect: frozenset[Outcome] = UNKNOWN) -> Situation:
    return Situation(name, f"Answers 200 with {what}.", reply(answer(body)), expect, ("200",))


SITUATIONS = (
    Situation(
        "bad_gzip",
        "Announces gzip and sends none.",
        reply(answer(b"\x1f\x8b but no more of it", _GZIP)),
        UNKNOWN,
        shows=("DecodingError",),
    ),
    Situation(
        "cut_gzip",
        "Announces gzip and sends half of it in right framing.",
        reply(answer(gzip.compress(SUCCESS)[:25], _GZIP)),
        UNKNOWN,
        shows=("200",),
    ),
    Situation(
        "gzip",
        "Compresses its answer, asked or not.",
        reply(answer(gzip.compress(SUCCESS), _GZIP)),
        # A client that never offered gzip need not understand it.
        ANSWERED | UNKNOWN,
        shows=("success",),
    ),
    Situation(
        "gzip_bomb",
        "Sends 5 KB of gzip that become 5 MB of blanks around the answer.",
        reply(answer(_BOMB, _GZIP)),
        ANSWERED | UNKNOWN,
        shows=("success",),
    ),
    Situation("html_200", "Answers 200 with HTML.", reply(page(200)), UNKNOWN, ("200",)),
    Situation("no_content", "Answers 204.", reply(head(204)), UNKNOWN, ("204",)),
    _body("html_as_json", "HTML that calls itself JSON", HTML),
    _body("empty", "an empty body", b""),
    _body("array", "a JSON array", b"[100500, 0.40]"),
    _body("number", "a JSON number", b"100500"),
    _body("null", "JSON null", b"null"),
    _body("empty_object", "an object without a word in it", b"{}"),
    _body("empty_errors", "an empty list of errors", b'{"errors": []}'),
    _body("id_null", "no id to speak of", b'{"id": null, "price": 0.40}'),
    _body("id_true", "`true` for an id", b'{"id": true, "price": 0.40}'),
    _body("id_nan", "an id that is not a number", b'{"id": NaN, "price": 0.40}'),
    _body("price_nan", "a price that is not a number", b'{"id": 100500, "price": NaN}'),
    # Python refuses to turn more than 4,300 digits into an int, with a bare ValueError.
    _body("id_endless", "an id of 5,000 digits", b'{"id": %b, "price": 0.40}' % (b"9" * 5_000)),
    # Python's json gives up with RecursionError, which is no ValueError.
    _body("nested", "100,000 brackets", _NESTED),
    _body("two_objects", "two JSON objects", SUCCESS + SUCCESS),
    _body("id_and_errors", "both an id and errors", SUCCESS[:-1] + b', "errors": ["Banned"]}'),
    _body("wrong_charset", "a UTF-16 mark before ASCII", b"\xff\xfe" + SUCCESS),
    _body("flipped_bit", "one bit flipped in the word id", SUCCESS.replace(b"id", b"ie")),
    _body("refusal", "a documented refusal", REFUSAL, ANSWERED),
    _body("new_refusal", "a text nobody documented", b'{"errors": ["Moon too low"]}', ANSWERED),
)
