"""Verifications in Redis or Valkey, which processes of many machines may share."""

from alphasms_async.verification.redis.server import RedisStore

__all__ = ["RedisStore"]
