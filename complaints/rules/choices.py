"""By what complaints are sorted, as dated data: categories, products, and the tree of root causes (product.md P10).

A code once in use stays in the rules, so that old cases keep their words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from servicing.rules.voice import Named, read_named

MOST: Final = 60
SAME_DAYS: Final = (1, 366)
GROUPS: Final = ("categories", "products")


def _line(code: str, name_zh: str, name_en: str, parent: str | None = None) -> dict[str, str]:
    named = {"code": code, "name_zh": name_zh, "name_en": name_en}
    return named if parent is None else {**named, "parent": parent}


# Until a policy of kind "complaint_choices" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    # Natural days in which a like case may be the same matter.
    "same_days": 60,
    "categories": [
        _line("service", "服务态度", "Manner of service"),
        _line("waiting", "排队等候", "Waiting"),
        _line("handling", "业务办理差错", "Mistakes in handling"),
        _line("fees", "收费与利息", "Fees and interest"),
        _line("explanation", "告知与说明不清", "Unclear explanation"),
        _line("selling", "销售行为", "Conduct in selling"),
        _line("privacy", "个人信息", "Personal information"),
        _line("digital", "手机与网上银行", "Mobile and online banking"),
        _line("machines", "自助设备", "Machines"),
        _line("fraud", "被骗与盗刷", "Fraud and misuse"),
        _line("other", "其他", "Other"),
    ],
    "products": [
        _line("demand", "活期存款", "Demand deposits"),
        _line("term", "定期存款", "Time deposits"),
        _line("large_cd", "大额存单", "Large certificates of deposit"),
        _line("notice", "通知存款", "Notice deposits"),
        _line("card", "银行卡", "Bank cards"),
        _line("digital", "手机与网上银行", "Mobile and online banking"),
        _line("wealth", "代销产品", "Products sold for others"),
        _line("other", "其他", "Other"),
    ],
    "causes": [
        _line("people", "人员", "People", ""),
        _line("manner", "服务态度", "Manner", "people"),
        _line("knowledge", "业务不熟", "Lack of knowledge", "people"),
        _line("conduct", "违规行为", "Misconduct", "people"),
        _line("process", "流程与制度", "Processes and rules", ""),
        _line("staffing", "人手与排班", "Staffing", "process"),
        _line("slow", "流程过长", "Too many steps", "process"),
        _line("unclear_rule", "制度不明", "Unclear rules", "process"),
        _line("handover", "交接遗漏", "Lost between colleagues", "process"),
        _line("system", "系统与设备", "Systems and machines", ""),
        _line("outage", "系统故障", "Breakdown", "system"),
        _line("design", "功能设计", "Design", "system"),
        _line("machine", "设备故障", "Machine out of order", "system"),
        _line("product", "产品与信息披露", "Products and what is told of them", ""),
        _line("disclosure", "披露不足", "Not told plainly", "product"),
        _line("price", "价格与收费", "Price and fees", "product"),
        _line("outside", "外部原因", "From outside", ""),
        _line("third_party", "第三方", "Third parties", "outside"),
        _line("misunderstanding", "客户误解", "Misunderstanding", "outside"),
    ],
}


@dataclass(frozen=True, slots=True)
class Cause:
    """A root cause: its code, names, and the code of the cause it belongs under ("" = at the top)."""

    code: str
    name_zh: str
    name_en: str
    parent: str

    def name(self, language: str) -> str:
        """What it is called in a language."""
        return self.name_en if language.startswith("en") else self.name_zh


@dataclass(frozen=True, slots=True)
class IntakeChoices:
    """What a case can be sorted by; `same_days` natural days back a like case may be the same matter."""

    same_days: int
    categories: tuple[Named, ...]
    products: tuple[Named, ...]
    causes: tuple[Cause, ...]

    def leaves(self) -> tuple[Cause, ...]:
        """Causes a case can be given: those nothing belongs under."""
        inner = {cause.parent for cause in self.causes}
        return tuple(cause for cause in self.causes if cause.code not in inner)

    def branch_of(self, code: str) -> str:
        """The code of the top a cause belongs under; its own for a top or an unknown one."""
        parents = {cause.code: cause.parent for cause in self.causes}
        while parents.get(code):
            code = parents[code]
        return code


def read_choices(values: Mapping[str, Any]) -> IntakeChoices:
    """The rules of a policy of kind "complaint_choices".

    Raises ValueError: same_days, or a group and what is wrong with it (categories_code, causes_parent ...).
    """
    days = values.get("same_days")
    if not isinstance(days, int) or isinstance(days, bool) or not SAME_DAYS[0] <= days <= SAME_DAYS[1]:
        raise ValueError("same_days")
    groups = {group: read_named(values.get(group), group, most=MOST) for group in GROUPS}
    return IntakeChoices(same_days=days, causes=_read_causes(values.get("causes")), **groups)


def _read_causes(lines: Any) -> tuple[Cause, ...]:
    named = read_named(lines, "causes", most=MOST)
    parents = [str(line.get("parent") or "") for line in lines]
    found = tuple(Cause(one.code, one.name_zh, one.name_en, parent) for one, parent in zip(named, parents, strict=True))
    # A cause stands below the one it belongs under, so there are no circles.
    seen = {""}
    for cause in found:
        if cause.parent not in seen:
            raise ValueError("causes_parent")
        seen.add(cause.code)
    return found


def as_tree(values: Iterable[Mapping[str, Any]]) -> str:
    """Causes as people type them: "code | 中文 | English | under", one a line."""
    fields = ("code", "name_zh", "name_en", "parent")
    return "\n".join(" | ".join(str(line.get(name) or "") for name in fields).rstrip(" |") for line in values)


def from_tree(text: str) -> list[dict[str, str]]:
    """What was typed as values of the rules; what is missing in a line is empty, for `read_choices` to refuse."""
    return list(_typed(text))


def _typed(text: str) -> Iterator[dict[str, str]]:
    for line in text.splitlines():
        if line.strip():
            parts: Sequence[str] = [*(part.strip() for part in line.replace("｜", "|").split("|")), "", "", ""]
            yield dict(zip(("code", "name_zh", "name_en", "parent"), parts, strict=False))
