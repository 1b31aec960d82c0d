"""What the gateway says when it says no: every text, once."""

from enum import StrEnum


class Refusal(StrEnum):
    """One reason to refuse, spelled as on the wire.

    Where the JSON and HTTP interfaces document no text of their own, they use a documented text
    that means the same, else the XML interface's word for it (the `ERR_` names).
    """

    KEY_MISSING = "API key missing"
    WRONG_KEY = "Wrong API key"
    BANNED = "Banned"
    API_DISABLED = "API disabled"
    IP_DENIED = "IP denied"
    PHONE_MISSING = 'Param "phone" is missing'
    NO_SOUND_FILE = "No sound file"
    UPLOAD_FAILED = "Error uploading file"
    FILE_TOO_BIG = "File is too big"
    INVALID_FILE_FORMAT = "Invalid file format"
    UNSUPPORTED_AUDIO = "Unsupported audio format"
    INVALID_DURATION = "Invalid audio duration"
    INSUFFICIENT_FUNDS = "Insufficient funds"

    ACCESS_DENIED = "Access denied"
    ALPHA_NAME = "Error in Alpha-name"
    OPERATOR = "Operator not supported"

    UNKNOWN_COMMAND = "Unknown command"

    BAD_FORM = "ERR_FORMAT"
    BAD_ID = "ERR_ID"
    BAD_TEXT = "ERR_LENGTH"
    REPEATED_ID = "ERR_DUPLICATE"


class RefusedError(Exception):
    """One thing asked of the gateway was refused; nothing was accepted and nothing charged."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
