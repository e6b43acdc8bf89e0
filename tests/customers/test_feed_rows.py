"""Rows that cannot be used: each alone, with its line, its cells and every reason, to be corrected and sent again."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from customers.enums import FeedKind, RejectReason
from customers.models import Account, Customer, CustomerPosition, Feed, Product
from customers.rules import feeds as rules
from customers.services import records
from customers.services.feeds import rejects_csv
from staff.models import Branch, User
from tests.customers.feeding import feed, feed_bytes
from tests.factories import TODAY, make_account, make_branch, make_customer, make_product, make_user

pytestmark = pytest.mark.django_db
ID_1, ID_2 = "110101199003071014", "11010519491231002X"


@pytest.fixture(autouse=True)
def ground() -> None:
    """A branch B1 with manager M1, product P1, customers K1 and K2, account A1 of K1."""
    branch = make_branch(code="B1")
    make_user(role="manager", branch=branch, staff_no="M1")
    product = make_product(code="P1")
    owner = make_customer(customer_no="K1", branch=branch)
    make_customer(customer_no="K2", branch=branch)
    make_account(account_no="A1", customer=owner, product=product, value_date=date(2026, 5, 1))


def reasons(found: Feed) -> dict[int, list[str]]:
    """Line to reasons, each of which has words for people."""
    rows = dict(found.rejects.order_by("line").values_list("line", "reasons"))
    assert all(RejectReason(reason).label for row in rows.values() for reason in row)
    assert (found.status, len(rows), found.accepted) == ("committed", found.rejected, found.rows - len(rows)), (
        found.message
    )
    return rows


CUSTOMER = ("customer_no", "name", "id_type", "id_no", "phone", "email", "branch_code", "manager_no", "opened_on")
CUSTOMERS = [
    (("K9", "好", "", ID_1, "13800138000", "a@b.cn", "B1", "M1", "2026-01-01"), []),
    (("", "好", "", "", "", "", "B1", "", ""), ["missing_number"]),
    (("N1", "", "", "", "", "", "", "", ""), ["missing_value"]),
    (("K9", "又", "", "", "", "", "B1", "", ""), ["duplicate"]),
    (("N2", "好", "", ID_1[:-1], "", "", "B1", "", ""), ["bad_length"]),
    (("N3", "好", "", "11010119900307101Y", "", "", "B1", "", ""), ["bad_characters"]),
    (("N4", "好", "", "91010119900307101X", "", "", "B1", "", ""), ["bad_area"]),
    (("N5", "好", "", "110101199002301014", "", "", "B1", "", ""), ["impossible_date"]),
    (("N6", "好", "", "110101199003071015", "", "", "B1", "", ""), ["bad_check_digit"]),
    (("N7", "好", "驾照", "", "", "", "B1", "", ""), ["unknown_value"]),
    (("N8", "好", "", "", "12345", "", "B1", "", ""), ["not_a_phone"]),
    (("N9", "好", "", "", "", "a.b.cn", "B1", "", ""), ["not_an_email"]),
    (("N10", "好", "", "", "", "", "B7", "", ""), ["unknown_branch"]),
    (("N11", "好", "", "", "", "", "B1", "M7", ""), ["unknown_manager"]),
    (("N12", "好", "", "", "", "", "B1", "", "昨天"), ["not_a_date"]),
    (("N13", "好" * 121, "", "", "", "", "B1", "", ""), ["too_long"]),
    (
        ("K9", "", "", "110101199003071015", "1", "x", "B7", "M7", "2026-02-30"),
        [
            *("missing_value", "impossible_date", "bad_check_digit", "not_a_phone", "not_an_email"),
            *("duplicate", "unknown_branch", "unknown_manager"),
        ],
    ),
]


def test_reasons_of_customers() -> None:
    found = reasons(feed("customers", CUSTOMER, [row for row, _why in CUSTOMERS]))
    assert found == {line: why for line, (_row, why) in enumerate(CUSTOMERS, start=2) if why}
    assert set(Customer.everything.values_list("customer_no", flat=True)) == {"K1", "K2", "K9"}


ACCOUNT = ("account_no", "customer_no", "product_code", "value_date", "matures_on", "principal", "status")
ACCOUNTS = [
    (("N1", "K1", "P1", "2026-01-10", "2026-01-10", "1,000.00", "open"), []),
    (("N2", "K7", "P1", "", "", "", ""), ["unknown_customer"]),
    (("N3", "K1", "P7", "", "", "", ""), ["unknown_product"]),
    (("N4", "K1", "P1", "2026-01-10", "2026-01-09", "", ""), ["matures_before_value_date"]),
    (("A1", "K2", "P1", "", "", "", ""), ["other_customer"]),
    (("N5", "K1", "P1", "", "", "0.001", ""), ["too_many_decimals"]),
    (("N6", "K1", "P1", "", "", "10000000000000", ""), ["too_large"]),
    (("N7", "K1", "P1", "", "", "abc", "开"), ["not_a_number", "unknown_value"]),
    (
        ("N1", "K7", "P7", "2026-01-10", "2026-01-09", "-", ""),
        ["not_a_number", "matures_before_value_date", "duplicate", "unknown_customer", "unknown_product"],
    ),
    (("N8", "", "", "", "", "", ""), ["missing_value"]),
]


def test_reasons_of_accounts() -> None:
    rows = [[f'"{cell}"' for cell in row] for row, _why in ACCOUNTS]
    found = reasons(feed("accounts", ACCOUNT, rows))
    assert found == {line: why for line, (_row, why) in enumerate(ACCOUNTS, start=2) if why}


def test_a_maturity_is_held_against_the_stored_value_date() -> None:
    header = ("account_no", "customer_no", "product_code")
    early = feed(
        "accounts", (*header, "matures_on"), [("A1", "K1", "P1", "2026-04-30"), ("N1", "K1", "P1", "2026-04-30")]
    )
    assert reasons(early) == {2: ["matures_before_value_date"]}
    Account.everything.filter(account_no="A1").update(matures_on=date(2027, 5, 1))
    assert reasons(feed("accounts", (*header, "value_date"), [("A1", "K1", "P1", "20270502")])) == {
        2: ["matures_before_value_date"]
    }


def test_reasons_of_balances() -> None:
    found = feed(
        "balances",
        ("account_no", "balance", "business_date"),
        [
            ("A1", "5", ""),
            ("A1", "6", "2026-11-20"),
            ("A7", "1.00", "20261120"),
            ("A7", "x", "2026-11-19"),
            ("", "1", ""),
            ("A1", "", ""),
            ("A8", "99999999999999", "2026-02-30"),
        ],
    )
    assert reasons(found) == {
        3: ["duplicate"],
        4: ["unknown_account"],
        5: ["not_a_number", "other_date", "duplicate", "unknown_account"],
        6: ["missing_number"],
        7: ["missing_value", "duplicate"],
        8: ["too_large", "impossible_date", "unknown_account"],
    }


def test_reasons_of_small_feeds() -> None:
    staff = feed(
        "staff", ("staff_no", "name", "role", "branch_code"), [("M2", "甲", "教练", "B7"), ("M2", "", "柜员", "B1")]
    )
    assert reasons(staff) == {2: ["unknown_value", "unknown_branch"], 3: ["missing_value", "duplicate"]}
    products = feed(
        "products", ("code", "name", "kind", "term_months"), [("", "x", "理财", "0"), ("P2", "y", "定期", "12")]
    )
    assert reasons(products) == {2: ["missing_number", "unknown_value", "not_a_number"]}
    rates = feed("rates", ("currency", "rate", "business_date"), [("USD", "0", "2026-11-19"), ("EUR", "7.8", "")])
    assert reasons(rates) == {2: ["not_a_number", "other_date"]}


def test_units_under_a_rejected_unit_are_rejected_too() -> None:
    rows = [("N3", "三", "N2"), ("N2", "二", "N1"), ("N1", "一", "R77"), ("N4", "四", "N5"), ("N5", "五", "B1")]
    assert reasons(feed("branches", ("code", "name", "parent_code"), rows)) == {
        2: ["unknown_parent"],
        3: ["unknown_parent"],
        4: ["unknown_parent"],
    }
    assert Branch.objects.get(code="N4").parent.code == "N5"


def test_every_reason_there_is_has_been_seen() -> None:
    seen = {reason for _row, why in CUSTOMERS + ACCOUNTS for reason in why}
    assert seen | {"other_date", "unknown_account", "unknown_parent"} == set(RejectReason)


def test_reasons_are_told_in_both_languages() -> None:
    with override("en"):
        assert [str(r.label) for r in RejectReason if not str(r.label).isascii()] == []


def test_a_refused_row_does_not_hide_behind_a_later_good_one() -> None:
    """The first row of a number counts, whatever became of it."""
    found = feed("customers", ("customer_no", "name", "branch_code"), [("N1", "一", "B7"), ("N1", "二", "B1")])
    assert reasons(found) == {2: ["unknown_branch"], 3: ["duplicate"]}


def test_an_identity_number_tells_birth_date_and_sex() -> None:
    header = ("customer_no", "name", "id_type", "id_no", "sex", "birth_date", "branch_code")
    rows = [
        ("N1", "一", "", ID_2, "", "", "B1"),
        ("N2", "二", "", "110105491231002", "", "", "B1"),
        ("N3", "三", "身份证", ID_1, "女", "1990-03-08", "B1"),
        ("N4", "四", "护照", "E12345678", "", "", "B1"),
        ("N5", "五", "", "", "", "", "B1"),
    ]
    assert feed("customers", header, rows).rejected == 0
    stored = Customer.everything.filter(customer_no__startswith="N").order_by("customer_no")
    assert list(stored.values_list("id_type", "sex", "birth_date")) == [
        ("resident_id", "female", date(1949, 12, 31)),
        ("resident_id", "female", date(1949, 12, 31)),
        ("resident_id", "female", date(1990, 3, 8)),
        ("passport", "", None),
        ("", "", None),
    ]


def test_organisations_have_papers_and_readings_of_their_own() -> None:
    header = ("customer_no", "name", "kind", "id_no", "branch_code")
    rows = [
        ("N1", "长沙重庆银行", "单位", "91350100m000100y43", "B1"),
        ("N2", "长沙重庆银行", "单位", "91350100M000100Y44", "B1"),
        ("N3", "单位", "organisation", "", "B1"),
    ]
    assert reasons(feed("customers", header, rows)) == {3: ["bad_check_digit"]}
    stored = Customer.everything.get(customer_no="N1")
    assert (stored.kind, stored.id_type, stored.name_pinyin) == ("organisation", "uscc", "changshachongqingyinhang")
    assert records.masked(stored, "id_no") == "9135************43"


def test_two_customers_with_one_identity_number_are_both_accepted() -> None:
    rows = [("N1", "一", ID_1, "B1"), ("N2", "二", ID_1, "B1")]
    assert feed("customers", ("customer_no", "name", "id_no", "branch_code"), rows).created == 2


def table(found: Feed) -> list[list[str]]:
    return list(csv.reader(io.StringIO("".join(rejects_csv(found)).removeprefix("\ufeff"))))


def test_rejects_are_the_original_cells_with_their_line_and_reasons() -> None:
    header = "客户号\t姓名\t手机号\t机构号\t=备注\t余额\n"
    rows = "N1\t 张\t'13800138000\tB7\t=1+1\t-5\nN2\t=HYPERLINK(1)\t12\tB1\t@x\t+1\nN3\t\t\t\n"
    found = feed_bytes("customers", (header + rows).encode("gb18030"))
    assert table(found) == [
        ["客户号", "姓名", "手机号", "机构号", "'=备注", "余额", "reject_line", "reject_reason"],
        ["N1", " 张", "'13800138000", "B7", "'=1+1", "-5", "2", "unknown_branch"],
        ["N2", "'=HYPERLINK(1)", "12", "B1", "'@x", "+1", "3", "not_a_phone"],
        ["N3", "", "", "", "", "", "4", "missing_value"],
    ]


def test_a_corrected_rejects_file_is_imported() -> None:
    names = ["=SUM(A1)", "+甲", "-乙", "@丙", "=1+cmd|'/c'!A1", "''x"]
    rows = [(f"N{n}", name, "B7") for n, name in enumerate(names)]
    text = "".join(rejects_csv(feed("customers", ("customer_no", "name", "branch_code"), rows)))
    again = feed_bytes("customers", text.replace("B7", "B1").encode())
    assert (again.status, again.created, again.rejected) == ("committed", len(names), 0)
    assert again.notes == ["ignored_column:reject_line", "ignored_column:reject_reason"]
    stored = (
        Customer.everything.filter(customer_no__startswith="N").order_by("customer_no").values_list("name", flat=True)
    )
    assert list(stored) == [*names[:-1], "'x"]


def test_rejects_of_a_file_imported_before_are_those_of_its_import() -> None:
    content = b"account_no,balance\nA1,1\nA7,2\n"
    first, second = feed_bytes("balances", content), feed_bytes("balances", content)
    assert second.status == "already_imported"
    assert (
        table(second)
        == table(first)
        == [["account_no", "balance", "reject_line", "reject_reason"], ["A7", "2", "3", "unknown_account"]]
    )


def test_limits_of_rejected_rows() -> None:
    head, good = "account_no,balance\n", "".join(f"X{n},1\n" for n in range(99))
    owner = Customer.everything.get(customer_no="K1")
    product = Product.objects.get()
    Account.everything.bulk_create(Account(account_no=f"X{n}", customer=owner, product=product) for n in range(99))
    one, two = f"{head}{good}Z1,1\n".encode(), f"{head}{good}Z1,1\nZ2,1\n".encode()
    refused = feed_bytes("balances", two, max_rejected=Decimal("0.01"))
    assert (refused.status, refused.rows, refused.rejected, refused.rejects.count()) == ("refused", 101, 2, 2)
    assert not Account.everything.filter(account_no="X0", balance__isnull=False).exists()
    assert feed_bytes("balances", one, max_rejected=Decimal("0.01")).status == "committed"
    assert feed_bytes("balances", two, max_rejected=Decimal("0.02")).status == "committed"
    assert feed_bytes("balances", b"account_no,balance\nZ1,1\n", max_rejected=Decimal(0)).status == "refused"


@pytest.mark.parametrize(
    ("controls", "status"),
    [
        ({"control_rows": 3}, "committed"),
        ({"control_rows": 2}, "refused"),
        ({"control_total": Decimal("9.50")}, "committed"),
        ({"control_total": Decimal("9.51")}, "refused"),
        ({"control_rows": 3, "control_total": Decimal("9.50")}, "committed"),
        ({"control_rows": 4, "control_total": Decimal("9.50")}, "refused"),
    ],
)
def test_controls_are_held_against_the_whole_file(controls: dict[str, object], status: str) -> None:
    found = feed(
        "balances", ("account_no", "balance"), [("A1", "5"), ("A7", "4.50"), ("", ""), ("A8", "x")], **controls
    )
    assert (found.status, found.rows) == (status, 3)
    assert bool(found.message) == (status == "refused")


def test_text_is_text() -> None:
    row = ("N1", "=SUM(A1)", '"朝阳路\r\n1号\x07"', "教\t师\\N", "B1")
    feed("customers", ("customer_no", "name", "address", "occupation", "branch_code"), [row])
    stored = Customer.everything.get(customer_no="N1")
    assert (stored.name, stored.occupation) == ("=SUM(A1)", "教 师\\N")
    assert records.unsealed(stored, "address") == "朝阳路 1号"


def test_updates_of_units_people_and_products() -> None:
    feed("branches", ("code", "name", "kind"), [("R1", "一分行", "分行"), ("H1", "总行", "head_office")])
    moved = feed(
        "branches", ("code", "name", "parent_code"), [("B1", "新名", "R1"), ("R1", "一分行", "H1"), ("H1", "总行", "")]
    )
    assert (moved.created, moved.updated, moved.unchanged) == (0, 2, 1)
    assert Branch.objects.get(code="R1").kind == "region"
    assert Branch.objects.get(code="B1").path.startswith(Branch.objects.get(code="R1").path)
    freed = feed("branches", ("code", "name", "parent_code"), [("B1", "新名", "")])
    assert (freed.updated, Branch.objects.get(code="B1").parent) == (1, None)

    people = feed(
        "staff", ("工号", "姓名", "角色", "机构号"), [("M1", "改名", "柜员", "R1"), ("M2", "新人", "专家", "B1")]
    )
    assert (people.created, people.updated) == (1, 1)
    assert User.objects.get(staff_no="M1").role == "teller"
    assert not User.objects.get(staff_no="M2").has_usable_password()

    header = ("code", "name", "kind", "term_months", "currency")
    assert feed("products", header, [("P1", "美元定期", "定期", "12", "USD")]).updated == 1
    assert feed("products", header[:3], [("P1", "美元定期", "定期")]).unchanged == 1
    assert feed("products", header, [("P1", "美元定期", "定期", "", "")]).updated == 1
    assert list(Product.objects.values_list("term_months", "currency")) == [(None, "CNY")]


def test_what_a_file_does_not_have_stays_and_an_empty_cell_takes_away() -> None:
    full = ("customer_no", "name", "branch_code", "phone", "manager_no", "opened_on")
    feed("customers", full, [("N1", "甲", "B1", "13800138000", "M1", "2020-01-01")])
    few = feed("customers", full[:3], [("N1", "甲", "B1")], on=date(2026, 11, 21))
    stored = Customer.everything.get(customer_no="N1")
    assert (few.rejected, stored.opened_on, stored.manager.staff_no) == (0, date(2020, 1, 1), "M1")
    assert records.masked(stored, "phone") == "138****8000"

    emptied = feed("customers", full, [("N1", "甲", "B1", "", "", "")], on=date(2026, 11, 22))
    stored.refresh_from_db()
    assert (emptied.updated, stored.phone_cipher, stored.phone_tail_index, stored.manager) == (1, None, None, None)
    assert CustomerPosition.everything.get(customer=stored).manager is None


def test_rows_of_accounts_that_change_nothing_are_unchanged() -> None:
    header = ("account_no", "customer_no", "product_code", "status", "rate")
    first = feed("accounts", header, [("N1", "K1", "P1", "", "1.1"), ("N2", "K2", "P1", "睡眠", "")])
    second = feed("accounts", header, [("N1", "K1", "P1", "open", "1.10"), ("N2", "K2", "P1", "冻结", "")], on=TODAY)
    assert [(f.created, f.updated, f.unchanged) for f in (first, second)] == [(2, 0, 0), (0, 1, 1)]


def test_keys_are_the_first_columns() -> None:
    assert {str(kind): rules.key_column(kind) for kind in FeedKind} == {
        "branches": "code",
        "staff": "staff_no",
        "products": "code",
        "customers": "customer_no",
        "accounts": "account_no",
        "rates": "currency",
        "balances": "account_no",
    }


def test_a_hand_over_here_outlives_what_the_core_goes_on_naming():
    branch = make_branch(code="B9")
    make_user(role="manager", branch=branch, staff_no="OLD")
    new, third = (make_user(role="manager", branch=branch, staff_no=number) for number in ("NEW", "THIRD"))
    header = ("customer_no", "name", "branch_code", "manager_no", "occupation")
    feed("customers", header, [("C1", "王明", "B9", "OLD", "教师")])
    Customer.everything.filter(customer_no="C1").update(manager=new)

    feed("customers", header, [("C1", "王明", "B9", "OLD", "医生")])
    after_a_change_of_trade = Customer.everything.get(customer_no="C1")
    feed("customers", header, [("C1", "王明", "B9", "THIRD", "医生")])

    assert (after_a_change_of_trade.manager, after_a_change_of_trade.occupation) == (new, "医生")
    assert Customer.everything.get(customer_no="C1").manager == third
