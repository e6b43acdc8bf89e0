"""The library a bank begins with: the saving kinds of domain.md 1 with customary terms, matched to accounts by kind.

Amounts and limits are customary ones for a bank to replace by its own; no law is quoted.
"""

from collections.abc import Mapping
from typing import Any, Final

from servicing.enums import Buyer, DayCount, EarlyRule, InterestMethod, RiskGrade, SavingKind

PERSONS: Final = (Buyer.PERSON.value,)
FIRMS: Final = (Buyer.ORGANISATION.value,)
ALL: Final = (*FIRMS, *PERSONS)
TENORS: Final[Mapping[int, tuple[str, str]]] = {
    3: ("三个月", "3 months"),
    6: ("六个月", "6 months"),
    12: ("一年", "1 year"),
    24: ("二年", "2 years"),
    36: ("三年", "3 years"),
    60: ("五年", "5 years"),
}


def _item(code: str, kind: SavingKind, names: tuple[str, str], texts: tuple[str, str], **terms: Any) -> dict[str, Any]:
    return {
        "code": code,
        "core_codes": [],
        "kind": kind.value,
        "name_zh": names[0],
        "name_en": names[1],
        "text_zh": texts[0],
        "text_en": texts[1],
        "fees_zh": "免费",
        "fees_en": "Free of charge",
        "buyers": list(ALL),
        "method": InterestMethod.ONCE.value,
        "count": DayCount.MONTHS.value,
        "early": EarlyRule.DEMAND.value,
        "risk": RiskGrade.R1.value,
        "minimum": "0.00",
        "step": "0.00",
        "least_draw": "0.00",
        "least_rest": "0.00",
        "base": "0.00",
        **dict.fromkeys(("months", "days", "partials", "every", "misses", "share")),
        **dict.fromkeys(("renews", "compounds", "pledge"), False),
        "is_offered": True,
        **terms,
    }


def _time(months: int) -> dict[str, Any]:
    zh, en = TENORS[months]
    return _item(
        f"TD{months:02}",
        SavingKind.LUMP_SUM,
        (f"整存整取{zh}", f"Time deposit, {en}"),
        ("开户日利率固定到期；可部分提前支取一次。", "The rate of the first day holds to the end; one early part."),
        months=months,
        minimum="50.00",
        least_rest="50.00",
        partials=1,
        renews=True,
        compounds=True,
        pledge=True,
    )


def _certificate(months: int) -> dict[str, Any]:
    zh, en = TENORS[months]
    return _item(
        f"CD{months:02}",
        SavingKind.CD,
        (f"个人大额存单{zh}", f"Large certificate of deposit, {en}"),
        ("20万元起存；可提前支取、可质押。", "From 200,000 yuan; early withdrawal and pledge allowed."),
        buyers=list(PERSONS),
        months=months,
        minimum="200000.00",
        step="10000.00",
        least_rest="200000.00",
        partials=1,
        pledge=True,
    )


def _instalments(months: int) -> tuple[dict[str, Any], ...]:
    zh, en = TENORS[months]
    persons: dict[str, Any] = {"buyers": list(PERSONS), "months": months, "partials": 0}
    return (
        _item(
            f"IN{months:02}",
            SavingKind.INSTALMENT,
            (f"零存整取{zh}", f"Monthly instalments, {en}"),
            ("每月固定存入；漏存一次可于次月补齐。", "The same sum each month; one missed month may be made up."),
            **persons | {"method": InterestMethod.SUMS.value, "minimum": "5.00", "misses": 1},
        ),
        _item(
            f"PK{months:02}",
            SavingKind.PRINCIPAL_KEPT,
            (f"存本取息{zh}", f"Interest drawn monthly, {en}"),
            ("本金不动，按月支取利息。", "The principal stays; interest is drawn every month."),
            **persons | {"minimum": "5000.00", "every": 1},
        ),
        _item(
            f"LI{months:02}",
            SavingKind.LUMP_IN,
            (f"整存零取{zh}", f"Principal drawn monthly, {en}"),
            ("一次存入，按月支取本金，到期结息。", "Paid in at once, drawn in equal parts; interest at the end."),
            **persons | {"minimum": "1000.00", "every": 1},
        ),
    )


def _notice(days: int, zh: str) -> dict[str, Any]:
    return _item(
        f"NT{days:02}",
        SavingKind.NOTICE,
        (f"个人{zh}天通知存款", f"{days}-day notice deposit"),
        ("支取前须提前通知；未通知部分按活期计息。", "Notice before taking money; without it the demand rate."),
        buyers=list(PERSONS),
        method=InterestMethod.SUMS.value,
        days=days,
        minimum="50000.00",
        least_draw="50000.00",
        least_rest="50000.00",
    )


# Until a policy of kind "products" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "items": [
        _item(
            "DEMAND",
            SavingKind.DEMAND,
            ("活期存款", "Demand deposit"),
            ("随存随取，每季度末月20日结息。", "Any day in and out; interest settled every quarter on the 20th."),
            method=InterestMethod.SUMS.value,
            early=EarlyRule.ANY_DAY.value,
        ),
        *(_time(months) for months in TENORS),
        *(_certificate(months) for months in (12, 24, 36)),
        _notice(1, "一"),
        _notice(7, "七"),
        *(item for months in (12, 36, 60) for item in _instalments(months)),
        _item(
            "DT",
            SavingKind.DEMAND_OR_TIME,
            ("定活两便", "Demand or time"),
            ("存期不定，按实存期间对应利率打折计息。", "No fixed term: a share of the rate for the time it was held."),
            buyers=list(PERSONS),
            minimum="50.00",
            share=60,
            early=EarlyRule.ANY_DAY.value,
        ),
        _item(
            "AGREEMENT",
            SavingKind.AGREEMENT,
            ("协定存款", "Agreement deposit"),
            ("基本额度内按活期、超出部分按协定利率计息。", "Demand rate up to the base, the agreed rate above it."),
            buyers=list(FIRMS),
            method=InterestMethod.SUMS.value,
            minimum="500000.00",
            base="500000.00",
            early=EarlyRule.ANY_DAY.value,
        ),
        _item(
            "STEPPED",
            SavingKind.LUMP_SUM,
            ("靠档计息定期（停售）", "Step-by-step deposit (no longer sold)"),
            ("存量产品，提前支取的分档利率以核心系统为准。", "Older deposits only; the core system knows their steps."),
            months=60,
            minimum="50.00",
            early=EarlyRule.STEPPED.value,
            is_offered=False,
            core_codes=["STEPPED"],
        ),
    ]
}
