"""What the columns of each feed are called and how their cells are read (interfaces.md 3)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.identity import id_type_of
from customers.enums import AccountStatus, CustomerKind, FeedKind, IdType, ProductKind, Sex
from customers.rules import cells
from customers.rules.cells import CellError
from staff.enums import BranchKind, Role

Parser = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its Chinese heading, whether it must be there and filled, and how a cell is read."""

    name: str
    heading: str
    parse: Parser
    required: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """Where a kind's columns stand in a file: column name to cell position, and headings nobody asked for."""

    places: Mapping[str, int]
    ignored: tuple[str, ...]
    missing: tuple[Column, ...]


def _text(length: int) -> Parser:
    return lambda cell: cells.limited(cell, length)


def _code(length: int) -> Parser:
    def parse(cell: str) -> str:
        return cells.limited(cells.narrow(cell), length)

    return parse


def _choice(words: Mapping[str, str]) -> Parser:
    def parse(cell: str) -> str:
        found = words.get(cell) or words.get(cells.narrow(cell).lower())
        if found is None:
            raise CellError("unknown_value")
        return found

    return parse


def _id_type(cell: str) -> str:
    found = id_type_of(cell)
    if found is None:
        raise CellError("unknown_value")
    return IdType(found)


def _expiry(cell: str) -> date | None:
    """A date, or None for a document without expiry."""
    return None if cells.narrow(cell).lower() in cells.LONG_TERM else cells.parse_day(cell)


def _words(members: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {word: value for value, chinese in members for word in (value, chinese)}


ROLE_WORDS = _words(
    [
        (Role.TELLER, "柜员"),
        (Role.LOBBY, "大堂经理"),
        (Role.MANAGER, "客户经理"),
        (Role.SENIOR_MANAGER, "资深客户经理"),
        (Role.EXPERT, "专家"),
        (Role.BRANCH_HEAD, "支行行长"),
        (Role.HEAD_OFFICE, "总行"),
        (Role.ADMIN, "管理员"),
        (Role.COMPLIANCE, "合规"),
        (Role.AUDITOR, "审计"),
    ]
)
UNIT_WORDS = _words([(BranchKind.HEAD_OFFICE, "总行"), (BranchKind.REGION, "分行"), (BranchKind.BRANCH, "支行")])
PRODUCT_WORDS = _words(
    [
        (ProductKind.DEMAND, "活期"),
        (ProductKind.TERM, "定期"),
        (ProductKind.NOTICE, "通知"),
        (ProductKind.CD, "大额存单"),
        (ProductKind.INSTALMENT, "零存整取"),
        (ProductKind.AGREEMENT, "协定"),
    ]
)
KIND_WORDS = _words([(CustomerKind.PERSON, "个人"), (CustomerKind.ORGANISATION, "单位")])
SEX_WORDS = _words([(Sex.MALE, "男"), (Sex.FEMALE, "女")]) | {"m": Sex.MALE, "f": Sex.FEMALE}
STATUS_WORDS = _words(
    [
        (AccountStatus.OPEN, "正常"),
        (AccountStatus.CLOSED, "销户"),
        (AccountStatus.FROZEN, "冻结"),
        (AccountStatus.DORMANT, "睡眠"),
    ]
)

COLUMNS: Mapping[FeedKind, tuple[Column, ...]] = {
    FeedKind.BRANCHES: (
        Column("code", "机构号", _code(20), True),
        Column("name", "机构名称", _text(100), True),
        Column("parent_code", "上级机构号", _code(20)),
        Column("kind", "机构类型", _choice(UNIT_WORDS)),
    ),
    FeedKind.STAFF: (
        Column("staff_no", "工号", _code(20), True),
        Column("name", "姓名", _text(60), True),
        Column("role", "角色", _choice(ROLE_WORDS), True),
        Column("branch_code", "机构号", _code(20), True),
    ),
    FeedKind.PRODUCTS: (
        Column("code", "产品代码", _code(20), True),
        Column("name", "产品名称", _text(100), True),
        Column("kind", "类型", _choice(PRODUCT_WORDS), True),
        Column("term_months", "期限月", cells.parse_months),
        Column("currency", "币种", cells.parse_currency),
    ),
    FeedKind.CUSTOMERS: (
        Column("customer_no", "客户号", _code(32), True),
        Column("name", "姓名", _text(120), True),
        Column("kind", "客户类型", _choice(KIND_WORDS)),
        Column("id_type", "证件类型", _id_type),
        Column("id_no", "证件号码", _code(40)),
        Column("id_expires_on", "证件有效期", _expiry),
        Column("phone", "手机号", _code(40)),
        Column("sex", "性别", _choice(SEX_WORDS)),
        Column("birth_date", "出生日期", cells.parse_day),
        Column("email", "邮箱", _code(120)),
        Column("address", "地址", _text(300)),
        Column("occupation", "职业", _text(60)),
        Column("employer", "工作单位", _text(120)),
        Column("branch_code", "机构号", _code(20), True),
        Column("manager_no", "客户经理号", _code(20)),
        Column("opened_on", "开户日期", cells.parse_day),
        Column("risk_grade", "风险等级", _text(20)),
    ),
    FeedKind.ACCOUNTS: (
        Column("account_no", "账号", _code(40), True),
        Column("customer_no", "客户号", _code(32), True),
        Column("product_code", "产品代码", _code(20), True),
        Column("currency", "币种", cells.parse_currency),
        Column("opened_on", "开户日期", cells.parse_day),
        Column("value_date", "起息日", cells.parse_day),
        Column("matures_on", "到期日", cells.parse_day),
        Column("rate", "利率", cells.parse_rate),
        Column("principal", "本金", cells.parse_yuan),
        Column("rollover", "转存标志", cells.parse_flag),
        Column("status", "账户状态", _choice(STATUS_WORDS)),
    ),
    FeedKind.RATES: (
        Column("currency", "币种", cells.parse_currency, True),
        Column("rate", "汇率", cells.parse_exchange_rate, True),
        Column("business_date", "数据日期", cells.parse_day),
    ),
    FeedKind.BALANCES: (
        Column("account_no", "账号", _code(40), True),
        Column("balance", "余额", cells.parse_yuan, True),
        Column("business_date", "数据日期", cells.parse_day),
    ),
}
# The column a closing totals row of the file adds up.
TOTALLED: Mapping[FeedKind, str] = {FeedKind.BALANCES: "balance", FeedKind.ACCOUNTS: "principal"}
# An amount that needs no reading but the loss of its thousands separators: most rows of a balance feed are just that.
PLAIN_AMOUNT = re.compile(r"-?(?:[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,2})?")
TOTAL_WORDS = frozenset({"合计", "总计", "total"})


def key_column(kind: FeedKind) -> str:
    """The column that numbers the rows of a kind: a later row with the same number is a duplicate."""
    return COLUMNS[kind][0].name


def _heading(cell: str) -> str:
    return cells.narrow(cells.clean(cell)).lower().rstrip("*").strip().replace(" ", "_")


_HEADINGS = frozenset(word for columns in COLUMNS.values() for c in columns for word in (c.name, c.heading))


def is_heading(cell: str) -> bool:
    """True when the cell is a heading of some kind of feed."""
    return _heading(cell) in _HEADINGS


def find_header(kind: FeedKind, row: Sequence[str]) -> Header:
    """Which cells of `row` head which columns of the kind; the first of two equal headings counts."""
    words = {word: column.name for column in COLUMNS[kind] for word in (column.name, column.heading)}
    places: dict[str, int] = {}
    ignored: list[str] = []
    for position, cell in enumerate(row):
        name = words.get(_heading(cell))
        if name and name not in places:
            places[name] = position
        elif cells.clean(cell):
            ignored.append(cells.clean(cell)[:60])
    missing = tuple(c for c in COLUMNS[kind] if c.required and c.name not in places)
    return Header(places, tuple(ignored), missing)


def guess_kind(rows: Sequence[Sequence[str]]) -> FeedKind | None:
    """The kind whose required columns one of the rows heads; of several the one that knows and needs most cells."""
    found: list[tuple[int, int, FeedKind]] = []
    for row in rows:
        for kind in COLUMNS:
            header = find_header(kind, row)
            if not header.missing:
                needed = sum(column.required for column in COLUMNS[kind])
                found.append((len(header.places) - len(header.ignored), needed, kind))
    return max(found, key=lambda item: item[:2])[2] if found else None


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row's values by column name (absent or empty cells are missing), and the reasons it cannot be used."""

    values: dict[str, Any]
    errors: list[str]


def parse_row(columns: Sequence[tuple[Column, int]], row: Sequence[str]) -> ParsedRow:
    """Read the cells at their places; every fault is named, not only the first."""
    values: dict[str, Any] = {}
    errors: list[str] = []
    width = len(row)
    for column, place in columns:
        text = cells.clean(row[place]) if place < width else ""
        if text:
            try:
                values[column.name] = column.parse(text)
            except CellError as error:
                errors.append(error.code)
        elif column.required:
            errors.append("missing_number" if column is columns[0][0] else "missing_value")
    return ParsedRow(values, list(dict.fromkeys(errors)) if len(errors) > 1 else errors)


def cross_check(kind: FeedKind, values: Mapping[str, Any]) -> list[str]:
    """Faults between the cells of one row."""
    if kind == FeedKind.ACCOUNTS:
        begins, ends = values.get("value_date"), values.get("matures_on")
        if begins and ends and ends < begins:
            return ["matures_before_value_date"]
    return []
