"""A cache that may be away: throttles and short-lived figures then count as absent, and the product goes on."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Redis that answers as an empty cache while it cannot be reached; nothing here is a memory anybody relies on."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except RedisError as error:
            return _away(error, default)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().set(*args, **kwargs)
        except RedisError as error:
            return _away(error, None)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().add(*args, **kwargs)
        except RedisError as error:
            return _away(error, True)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        try:
            return super().incr(key, delta, version)
        except RedisError as error:
            return _away(error, delta)

    def delete(self, key: Any, version: int | None = None) -> Any:
        try:
            return super().delete(key, version)
        except RedisError as error:
            return _away(error, False)

    def get_many(self, keys: Any, version: int | None = None) -> Any:
        try:
            return super().get_many(keys, version)
        except RedisError as error:
            return _away(error, {})

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().set_many(*args, **kwargs)
        except RedisError as error:
            return _away(error, [])


def _away(error: RedisError, answer: Any) -> Any:
    log.warning("cache unreachable: %s", error)
    return answer
