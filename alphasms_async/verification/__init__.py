"""Phone verification: a code by flash call, then by voice or SMS, and a key press to confirm.

    store = SqliteStore("verifications.db")
    async with AlphaSMS() as alphasms, PhoneVerifier(alphasms, store, secret) as verifier:
        verification = await verifier.start("+380 50 123 45 67")
        is_theirs = await verifier.check(verification.id, input("The last 4 digits: "))

Each channel is written down in the store before its request leaves, so that of any number of
processes one sends it, and nothing that may have left is repeated by itself.
"""

from alphasms_async.verification.channels import Fallback, Language, TextSms, VoiceSms
from alphasms_async.verification.limits import Limit, Limits
from alphasms_async.verification.memory import MemoryStore
from alphasms_async.verification.records import VerificationState
from alphasms_async.verification.redis import RedisStore
from alphasms_async.verification.sqlite import SqliteStore
from alphasms_async.verification.store import Entry, Quota, VerificationStore
from alphasms_async.verification.verifier import PhoneVerifier, Verification

__all__ = [
    "Entry",
    "Fallback",
    "Language",
    "Limit",
    "Limits",
    "MemoryStore",
    "PhoneVerifier",
    "Quota",
    "RedisStore",
    "SqliteStore",
    "TextSms",
    "Verification",
    "VerificationState",
    "VerificationStore",
    "VoiceSms",
]
