from datetime import UTC, date, datetime, timedelta, tzinfo

import pytest

from core import clock


def test_now_is_aware_and_shanghais() -> None:
    moment = clock.now()

    assert moment.utcoffset() == timedelta(hours=8)
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        (datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 16, 0, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_day_turns_at_midnight_in_shanghai(monkeypatch: pytest.MonkeyPatch, utc: datetime, day: date) -> None:
    class Frozen(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain datetime is enough here
            return utc.astimezone(tz)

    monkeypatch.setattr(clock, "datetime", Frozen)

    assert clock.today() == day
