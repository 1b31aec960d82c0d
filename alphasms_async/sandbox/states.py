"""What the three status interfaces say of one accepted thing: one row per state."""

from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

import attrs

# The wire writes times without a zone; the provider lives by Kyiv's.
_KYIV = ZoneInfo("Europe/Kyiv")
_FIRST_FINAL_CODE = 3


class State(Enum):
    """The state of an accepted thing, with its word and codes on the three status interfaces.

    The rows are the JSON interface's words, plus the two steps of sending that HTTP and XML tell
    apart. No document says which codes go together; they are paired here by meaning.
    """

    # A table is read by its columns, which the formatter would close up.
    # fmt: off
    #                      HTTP: word and code        XML  JSON
    ACCEPTED =            ("Pending", 0,              106, "ACCEPTED")
    QUEUED =              ("Pending", 0,              100, "QUEUED")
    SENDING =             ("Sending", 1,              110, "ROUTING")
    ROUTING =             ("Sent", 2,                 101, "ROUTING")
    DELIVERED =           ("Delivered", 3,            102, "DELIVERED")
    PARTIALLY_DELIVERED = ("Partially delivered", 50, 102, "PARTIALLY DELIVERED")
    READ =                ("Read", 116,               102, "READ")
    REPLIED =             ("Read", 116,               102, "REPLIED")
    EXPIRED =             ("Out of touch", 5,         103, "EXPIRED")
    SIM_FULL =            ("Out of touch", 5,         105, "SIM FULL")
    DELETED =             ("Deleted", 10,             104, "DELETED")
    UNDELIVERABLE =       ("Network failure", 96,     105, "UNDELIVERABLE")
    NO_ROUTE =            ("Network failure", 96,     111, "NO ROUTE")
    FILTERED =            ("Network failure", 96,     109, "FILTERED")
    REJECTED =            ("Network failure", 96,     108, "REJECTED")
    INVALID_SOURCE =      ("Network failure", 96,     112, "INVALID SOURCE ADDRESS")
    INVALID_DESTINATION = ("Wrong number", 99,        203, "INVALID DESTINATION ADDRESS")
    UNKNOWN =             ("Pending", 0,              107, "UNKNOWN")
    # fmt: on

    def __init__(self, http_word: str, http_code: int, xml_code: int, json_word: str) -> None:
        self.http_word = http_word
        self.http_code = http_code
        self.xml_code = xml_code
        self.json_word = json_word

    @property
    def is_final(self) -> bool:
        """Whether it will not change any more: HTTP's pending, sending and sent still do."""
        return self.http_code >= _FIRST_FINAL_CODE


@attrs.frozen
class Standing:
    """The state an accepted thing is in, and since when."""

    state: State
    since: datetime

    @property
    def kyiv_day(self) -> str:
        """The day as http.php writes it: `2024/10/12`."""
        return self.since.astimezone(_KYIV).strftime("%Y/%m/%d")

    @property
    def kyiv_second(self) -> str:
        """The moment as xml.php writes it: `2024-11-11T12:00:00`."""
        return self.since.astimezone(_KYIV).strftime("%Y-%m-%dT%H:%M:%S")
