from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware, on Shanghai's clock. Called at the edge only; everything below is handed its time."""
    return datetime.now(SHANGHAI)


def today() -> date:
    """The calendar day in Shanghai, whatever the machine's own zone says."""
    return now().date()
