from core.cache import ForgivingRedisCache

NOBODY = "unix:///nonexistent/broker.sock?db=1"


def test_a_cache_that_is_away_answers_as_an_empty_one() -> None:
    cache = ForgivingRedisCache(NOBODY, {})
    cache.set("a", 1)
    assert cache.get("a", "none") == "none"
    assert cache.add("a", 1) is True
    assert cache.incr("a") == 1
    assert cache.get_many(["a"]) == {}
    assert cache.set_many({"a": 1}) == []
    assert cache.delete("a") is False
