"""When feedback is to be answered, by what it is sorted, and how its loop closes (product.md V16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from servicing.enums import FeedbackKind, FeedbackState
from servicing.rules.voice import Named, read_named


def _line(code: str, name_zh: str, name_en: str) -> dict[str, str]:
    return {"code": code, "name_zh": name_zh, "name_en": name_en}


# Until a policy of kind "feedback" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    # Working days to an answer, by kind.
    "days": {"praise": 10, "suggestion": 10, "problem": 3, "question": 2},
    "undo_days": 3,
    "products": [
        _line("demand", "活期存款", "Demand deposits"),
        _line("term", "定期存款", "Time deposits"),
        _line("large_cd", "大额存单", "Large certificates of deposit"),
        _line("notice", "通知存款", "Notice deposits"),
        _line("card", "银行卡", "Bank cards"),
        _line("digital", "手机与网上银行", "Mobile and online banking"),
    ],
    "processes": [
        _line("waiting", "排队等候", "Waiting"),
        _line("attitude", "服务态度", "Manner of service"),
        _line("explanation", "业务说明", "Explanation of products"),
        _line("handling", "业务办理", "Handling at the counter"),
        _line("place", "网点环境", "The branch itself"),
        _line("follow_up", "后续跟进", "Follow-up"),
    ],
}
DAYS: Final = (0, 60)
UNDO_DAYS: Final = (0, 30)
OPEN: Final = (FeedbackState.OPEN, FeedbackState.ANSWERED)
# What may be done from where; a closed loop opens again or is put back to where it was.
STEPS: Final[Mapping[str, tuple[FeedbackState, ...]]] = {
    "answer": OPEN,
    "tell": (FeedbackState.ANSWERED,),
    "close": OPEN,
    "assign": OPEN,
    "change": OPEN,
    "reopen": (FeedbackState.TOLD, FeedbackState.CLOSED),
    "undo": (FeedbackState.TOLD, FeedbackState.CLOSED),
}


@dataclass(frozen=True, slots=True)
class FeedbackRules:
    """Working days to an answer by kind, days in which closing can be taken back, and the tags."""

    days: Mapping[str, int]
    undo_days: int
    products: tuple[Named, ...]
    processes: tuple[Named, ...]


def read_feedback(values: Mapping[str, Any]) -> FeedbackRules:
    """The rules of a policy of kind "feedback". Raises ValueError: days, undo_days, products_* or processes_*."""
    days = values.get("days")
    if not isinstance(days, Mapping) or not all(_whole(days.get(kind), DAYS) for kind in FeedbackKind):
        raise ValueError("days")
    if not _whole(values.get("undo_days"), UNDO_DAYS):
        raise ValueError("undo_days")
    return FeedbackRules(
        {str(kind): days[kind] for kind in FeedbackKind},
        values["undo_days"],
        read_named(values.get("products"), "products"),
        read_named(values.get("processes"), "processes"),
    )


def _whole(value: Any, limits: tuple[int, int]) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and limits[0] <= value <= limits[1]


def may_step(step: str, state: str) -> bool:
    """Whether a step can be taken from a state."""
    return state in STEPS[step]


def state_before(*, has_answer: bool) -> FeedbackState:
    """Where feedback stood before its loop was closed."""
    return FeedbackState.ANSWERED if has_answer else FeedbackState.OPEN


def may_undo(*, closed_at: datetime | None, at: datetime, undo_days: int) -> bool:
    """Whether closing was so short ago that it can be taken back as a mistake."""
    return closed_at is not None and at <= closed_at + timedelta(days=undo_days)
