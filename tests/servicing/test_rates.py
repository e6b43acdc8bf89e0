"""The product library and the rate sheet: what may be in them, four eyes, and which rate held when and where."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from core.clock import today
from servicing.enums import SavingKind
from servicing.forms.rates import RATE_SHEET
from servicing.queries.products import (
    library_on,
    loan_rate_on,
    posted_rate,
    posted_rate_of_kind,
    product_of_account,
    rate_history,
    sheet_on,
    units_of,
)
from servicing.rules.library import BUILT_IN
from servicing.rules.products import ProductsError, kept, product_of, read_product, read_products
from servicing.rules.rate_text import lines_from_text, text_of_lines
from servicing.rules.rates import RatesError, read_rates
from staff.models import Policy
from tests.factories import make_branch, make_head_office, make_product, make_term_account, make_user
from tests.tiers.test_catalogue import approve, client_of

D = Decimal
YEAR = next(item for item in BUILT_IN["items"] if item["code"] == "TD12")


def rate(rate: str, product: str = "TD12", **fields: str) -> dict[str, str]:
    return {"product": product, "kind": "", "tenor": "", "floor": "0.00", "unit": "", "rate": rate, **fields}


def sheet(*lines: dict[str, str], loan: str = "") -> dict[str, Any]:
    return {"lines": list(lines), "loan_rate": loan, "loan_share": "90"}


def test_the_built_in_library_has_every_kind_of_saving_and_reads_back_as_it_was_kept() -> None:
    products = read_products(BUILT_IN)
    assert {product.kind for product in products} == set(SavingKind.values)
    assert [kept(product) for product in products] == BUILT_IN["items"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": "td 12"}, "code"),
        ({"kind": "gold"}, "kind"),
        ({"name_en": " "}, "name_en"),
        ({"buyers": []}, "buyers"),
        ({"buyers": ["ghost"]}, "buyers"),
        ({"minimum": "-1"}, "minimum"),
        ({"minimum": "1.005"}, "minimum"),
        ({"months": None}, "needed"),
        ({"months": 121}, "months"),
        ({"months": True}, "months"),
        ({"core_codes": ["TD12", ""]}, "core_codes"),
        ({"risk": "R9"}, "risk"),
        ({"kind": "notice"}, "needed"),
    ],
)
def test_refuses_what_is_no_product(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ProductsError, match=f"^{code}$"):
        read_product({**YEAR, **changes})


def test_a_code_stands_at_one_product_only() -> None:
    other = {**YEAR, "code": "TD13", "core_codes": ["A1"]}
    for items, code in (
        ([YEAR, YEAR], "code_twice"),
        ([{**YEAR, "core_codes": ["A1"]}, other], "core_codes_twice"),
        ([YEAR] * 31, "too_many"),
        (None, "items"),
    ):
        with pytest.raises(ProductsError, match=f"^{code}$"):
            read_products({"items": items})


def test_an_account_belongs_to_the_product_of_its_code_or_else_of_its_kind_and_term() -> None:
    products = read_products({"items": [*BUILT_IN["items"], {**YEAR, "code": "NEW12", "core_codes": ["N12"]}]})

    def found(code: str, kind: str, months: int | None) -> str:
        product = product_of(products, code, kind, months)
        return product.code if product else ""

    assert found("N12", "term", 12) == "NEW12"
    assert found("X", "term", 12) == ""  # two of a year: only the code can tell
    assert found("X", "term", 24) == "TD24"
    assert found("X", "term", 60) == "TD60"  # the step-by-step one is not offered
    assert found("X", "notice", None) == ""
    assert found("X", "demand", None) == "DEMAND"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"rate": "20.01"}, "rate"),
        ({"rate": "1.23456"}, "rate"),
        ({"rate": ""}, "rate"),
        ({"floor": "x"}, "floor"),
        ({"kind": "lump_sum"}, "what"),
        ({"product": ""}, "what"),
        ({"tenor": "12m"}, "what"),
        ({"unit": "x" * 21}, "what"),
    ],
)
def test_refuses_what_is_no_rate(line: dict[str, str], code: str) -> None:
    with pytest.raises(RatesError, match=f"^{code}$"):
        read_rates(sheet({**rate("1.00"), **line}))


def test_a_sheet_says_each_thing_once() -> None:
    with pytest.raises(RatesError, match=r"^line_twice$"):
        read_rates(sheet(rate("1.00"), rate("1.10")))
    with pytest.raises(RatesError, match=r"^loan_rate$"):
        read_rates(sheet(loan="-1"))


@pytest.mark.django_db
def test_the_rate_of_a_day_a_unit_and_an_amount_is_answered_from_the_version_of_that_day() -> None:
    top = make_head_office()
    region = make_branch(code="R1", parent=top)
    branch, other = make_branch(code="B1", parent=region), make_branch(code="B9", parent=top)
    march, june = date(2026, 3, 1), date(2026, 6, 1)
    approve(sheet(rate("1.10"), rate("0.05", "DEMAND"), loan="3.60"), march, "rates")
    approve(
        sheet(
            rate("0.95"),
            rate("1.00", floor="100000.00"),
            rate("1.05", unit="R1"),
            rate("1.15", unit="B1", floor="200000.00"),
            rate("0.90", "", kind="lump_sum", tenor="12m", unit="B1"),
        ),
        june,
        "rates",
    )
    year = library_on(june).find("TD12")
    assert year is not None

    def posted(unit: Any, amount: int, day: date) -> str:
        found = posted_rate(year, D(amount), units_of(unit), day)
        return f"{found.rate} v{found.version}" if found else ""

    assert posted(branch, 5_000, date(2026, 3, 12)) == "1.10 v1"
    assert posted(branch, 5_000, date(2026, 2, 28)) == ""
    assert posted(other, 99_999, june) == "0.95 v2"
    assert posted(other, 100_000, june) == "1.00 v2"
    assert posted(region, 5_000, june) == "1.05 v2"
    # The branch's own line goes before the region's, even if it is one of the kind.
    assert posted(branch, 5_000, june) == "0.90 v2"
    assert posted(branch, 200_000, june) == "1.15 v2"
    demand = posted_rate_of_kind(SavingKind.DEMAND, "", D(1), units_of(branch), march)
    assert (demand.rate if demand else None) == D("0.05")
    loans = [loan_rate_on(day) for day in (march, june)]
    assert [loan.rate if loan else None for loan in loans] == [D("3.60"), None]
    steps = rate_history(year, D(5_000), units_of(other), today())
    assert [(step.since, step.until, step.version, step.rate, step.change) for step in steps] == [
        (march, date(2026, 5, 31), 1, D("1.10"), None),
        (june, None, 2, D("0.95"), D("-0.15")),
    ]
    assert sheet_on(date(2026, 1, 1)).version == 0


@pytest.mark.django_db
def test_an_account_keeps_the_rules_of_the_day_it_was_opened() -> None:
    approve({"items": [{**YEAR, "minimum": "100.00"}]}, date(2026, 6, 1), "products")
    account = make_term_account(product=make_product(code="TD12", kind="term", term_months=12))
    old, new = library_on(date(2026, 5, 31)), library_on(date(2026, 6, 1))
    assert (old.version, new.version, len(new.products)) == (0, 1, 1)
    found = [product_of_account(account, library) for library in (old, new)]
    assert [product.minimum if product else None for product in found] == [D(50), D(100)]


def editor(lines: list[dict[str, str]], **said: str) -> dict[str, str]:
    sent = {"lines-TOTAL_FORMS": str(len(lines)), "lines-INITIAL_FORMS": "0"}
    for n, line in enumerate(lines):
        sent |= {f"lines-{n}-{name}": value for name, value in line.items()}
    return {**sent, "effective_on": today().isoformat(), "note": "挂牌利率调整", "loan_share": "90", **said}


@pytest.mark.django_db
def test_a_rate_sheet_is_drawn_up_by_one_person_and_approved_by_another() -> None:
    unit = make_branch(code="B1", parent=make_head_office())
    admin, second = client_of(make_user(role="admin")), client_of(make_user(role="admin"))
    draft = reverse("customers:policy_draft", args=["rates"])
    line = {"what": "product:TD12", "floor": "1万", "unit": "B7", "rate": "0.95"}
    refused = admin.post(draft, editor([line])).content.decode()
    assert "Write an amount in yuan" in refused
    refused = admin.post(draft, editor([{**line, "floor": "10,000"}])).content.decode()
    assert "There is no unit with this code." in refused
    twice = [{**line, "floor": "10000", "unit": "B1"}] * 2
    assert "only one rate can hold" in admin.post(draft, editor(twice)).content.decode()
    more = admin.post(draft, editor(twice[:1]) | {"change": "add"})
    assert (more.status_code, len(more.context["form"].lines.forms)) == (200, 2)
    lines = [{**line, "floor": "10000", "unit": "B1"}, {**line, "what": "kind:demand:", "floor": "0", "unit": ""}]
    assert admin.post(draft, editor(lines, loan_rate="3.45")).status_code == 302

    version = Policy.objects.get(kind="rates")
    assert version.values == {
        "lines": [
            rate("0.95", floor="10000.00", unit="B1"),
            rate("0.95", "", kind="demand"),
        ],
        "loan_rate": "3.45",
        "loan_share": "90",
    }
    assert admin.post(reverse("customers:policy_submit", args=["rates", 1])).status_code == 302
    row = second.get(reverse("customers:policy", args=["rates"])).context["rows"][0]
    assert [(d.label, d.after) for d in row.differences] == [
        ("Loan against a deposit, % a year", "3.45 %"),
        (f"Time deposit, 1 year · from 10,000.00 yuan · {unit.name}", "0.95 %"),
        ("Demand deposit · whole bank", "0.95 %"),
    ]
    said = {"digest": row.form.initial["digest"], "decision": "approve", "comment": ""}
    decide = reverse("customers:policy_decide", args=["rates", 1])
    assert admin.post(decide, said).status_code == 422
    assert sheet_on(today()).version == 0
    assert second.post(decide, said).status_code == 302
    assert sheet_on(today()).version == 1
    assert RATE_SHEET.summary is not None
    assert len(list(RATE_SHEET.summary(version.values))) == 4


def test_a_sheet_is_text_and_text_a_sheet() -> None:
    lines = [rate("0.95", floor="10000.00", unit="B1"), rate("1.305", "", kind="lump_sum", tenor="12m")]
    assert text_of_lines(lines) == "TD12 | 10000.00 | B1 | 0.95\nlump_sum:12m | 0.00 |  | 1.305"
    assert lines_from_text(text_of_lines(lines)) == lines
    assert lines_from_text('TD12\t10,000\tB1\t0.95%\n\nkind:lump_sum:12m,"0",,1.305') == lines
    for row, fault in (("TD12 | 0 | 1.2", "cells"), ("TD12 | x | | 1", "floor"), ("TD12 | 0 | | 99", "rate")):
        with pytest.raises(RatesError) as caught:
            lines_from_text(f"TD12 | 0 | | 1\n{row}")
        assert (caught.value.code, caught.value.place) == (fault, 2)


@pytest.mark.django_db
def test_a_sheet_too_long_for_a_table_is_edited_as_text() -> None:
    admin = client_of(make_user(role="admin"))
    draft = reverse("customers:policy_draft", args=["rates"])
    text = "\n".join(f"TD12 | {n}0000 | | 1.{n:03}" for n in range(1, 301))
    for wrong, words in (
        (f"{text}\nTD12 | 10000 | | 1", "Line 301: Two lines say the same"),
        (f"{text}\nTD12 | 0 | B9 | 1", "no unit with the code B9"),
        (f"{text}\nTD12", "Line 301: Four parts are needed"),
    ):
        assert words in admin.post(draft, editor([], text=wrong)).content.decode()
    assert admin.post(draft, editor([], text=text)).status_code == 302
    version = Policy.objects.get(kind="rates")
    assert (len(version.values["lines"]), version.values["lines"][299]["rate"]) == (300, "1.30")
    form = admin.get(reverse("customers:policy_edit", args=["rates", 1])).context["form"]
    assert (form.is_text, len(form.lines.forms), form["text"].value().count("\n")) == (True, 0, 299)


@pytest.mark.django_db
def test_the_library_is_edited_line_by_line_and_says_what_is_wrong() -> None:
    client, draft = client_of(make_user(role="admin")), reverse("customers:policy_draft", args=["products"])
    form = client.get(draft).context["form"]
    sent = editor([])
    for line in form.lines.forms[:2]:
        for field in line:
            value = field.value()
            if isinstance(value, list):
                sent[field.html_name] = value
            elif value not in (None, False):
                sent[field.html_name] = str(value)
    sent["lines-TOTAL_FORMS"] = "2"
    refused = client.post(draft, {**sent, "lines-1-months": ""})
    assert (refused.status_code, "A product of this kind needs it." in refused.content.decode()) == (422, True)
    refused = client.post(draft, {**sent, "lines-1-code": "DEMAND"})
    assert "Two products have the same code." in refused.content.decode()
    assert client.post(draft, {**sent, "lines-1-core_codes": "TD03, 1103"}).status_code == 302
    items = Policy.objects.get(kind="products").values["items"]
    assert items == [BUILT_IN["items"][0], {**BUILT_IN["items"][1], "core_codes": ["TD03", "1103"]}]


@pytest.mark.django_db
def test_everybody_reads_the_library_and_the_rates_of_any_day() -> None:
    branch = make_branch(code="B1", parent=make_head_office())
    teller = client_of(make_user(role="teller", branch=branch))
    page = teller.get(reverse("servicing:rates"))
    assert "No rate was posted" in page.content.decode()
    yesterday = today() - timedelta(days=1)
    approve(sheet(rate("1.10"), rate("0.05", "DEMAND")), yesterday, "rates")
    approve(sheet(rate("0.95"), rate("1.00", floor="100000.00")), today(), "rates")
    rows = teller.get(reverse("servicing:rates")).context["rows"]
    assert [(row.name, [str(r.rate) for r in row.rates]) for row in rows] == [
        ("Time deposit, 1 year", ["0.95", "1.00"])
    ]
    asked = {"day": yesterday.isoformat(), "product": "TD12", "branch": "B1", "amount": "5,000"}
    page = teller.get(reverse("servicing:rates"), asked)
    assert [str(r.rate) for r in page.context["rows"][0].rates] == ["1.10"]
    assert [str(value) for value in page.context["chart"].series[0].values] == ["1.10", "0.95"]
    assert "-0.15" in page.content.decode()
    assert teller.get(reverse("servicing:rates"), {"day": "soon"}).status_code == 422

    page = teller.get(reverse("servicing:products"), {"q": "一年", "buyer": "organisation"})
    assert [card.product.code for card in page.context["cards"]] == ["TD12"]
    body = page.content.decode()
    assert "New version" not in body
    assert "0.95 %" in body
    assert "STEPPED" in {c.product.code for c in teller.get(f"{reverse('servicing:products')}?old=1").context["cards"]}
    assert "New version" in client_of(make_user(role="admin")).get(reverse("servicing:rates")).content.decode()
