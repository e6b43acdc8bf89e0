import pytest

from core.memo import once_a_request
from core.trail import request_id


@pytest.fixture
def asked() -> list[int]:
    return []


def test_one_request_reads_once_and_the_next_one_again(asked: list[int]) -> None:
    @once_a_request
    def read(number: int) -> int:
        asked.append(number)
        return number * 2

    for name in ("first", "second"):
        mark = request_id.set(name)
        assert [read(1), read(1), read(2)] == [2, 2, 4]
        request_id.reset(mark)

    assert asked == [1, 2, 1, 2]


def test_nothing_is_remembered_outside_of_requests(asked: list[int]) -> None:
    @once_a_request
    def read() -> int:
        asked.append(0)
        return len(asked)

    assert [read(), read()] == [1, 2]


def test_an_id_sent_with_every_request_keeps_nothing_for_long(
    asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.0, 7.0])
    monkeypatch.setattr("core.memo.time.monotonic", lambda: next(clock))

    @once_a_request
    def read() -> int:
        asked.append(0)
        return len(asked)

    mark = request_id.set("always the same")
    assert [read(), read(), read()] == [1, 1, 2]
    request_id.reset(mark)
