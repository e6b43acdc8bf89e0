"""Feed files in every form core systems and spreadsheets write them; the data inside is always the same."""

import codecs
import gzip
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from customers.enums import FeedKind
from customers.gateways.sheets import open_sheet, plain_file
from customers.models import Account, AccountBalance, Feed
from customers.rules import feeds as rules
from customers.services.feeds import MissingColumns, locate
from tests.customers.feeding import as_source, feed_bytes
from tests.factories import TODAY, make_branch, make_customer, make_product

pytestmark = pytest.mark.django_db
HEADER = ("账号", "余额")
ROWS = (("A1", "1234.50"), ("A2", "-12.50"), ("A3", "0"))
EXPECTED = {"A1": Decimal("1234.50"), "A2": Decimal("-12.50"), "A3": Decimal("0.00")}


@pytest.fixture(autouse=True)
def accounts() -> None:
    owner, product = make_customer(position={"on": None}), make_product()
    Account.everything.bulk_create(Account(account_no=no, customer=owner, product=product) for no in EXPECTED)


def text(separator: str = ",", header: tuple[str, ...] = HEADER, rows: tuple[tuple[str, ...], ...] = ROWS) -> str:
    return "\n".join(separator.join(cells) for cells in (header, *rows)) + "\n"


def assert_imported(feed: Feed, rows: int = 3) -> None:
    assert (feed.status, feed.rows, feed.accepted, feed.rejected) == ("committed", rows, rows, 0), feed.message
    assert dict(AccountBalance.objects.values_list("account__account_no", "balance")) == EXPECTED
    assert feed.total == Decimal("1222.00")


def workbook(*rows: tuple[object, ...], first_row: int = 0, first_column: int = 0) -> bytes:
    """A real XLSX with dates as dates and numbers as numbers."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("数据")
        book.add_worksheet("说明").write(0, 0, "账号 余额")
        for number, cells in enumerate(rows, start=first_row):
            for place, cell in enumerate(cells, start=first_column):
                if isinstance(cell, datetime | date):
                    sheet.write_datetime(number, place, cell)
                elif isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                else:
                    sheet.write(number, place, cell)
    return stream.getvalue()


ENCODED = {
    "utf-8": text().encode(),
    "utf-8 with a mark": codecs.BOM_UTF8 + text().encode(),
    "gb18030": text().encode("gb18030"),
    "windows lines": text().replace("\n", "\r\n").encode(),
    "old lines": text().replace("\n", "\r").encode(),
    "no last line end": text().rstrip("\n").encode(),
    "tab": text("\t").encode(),
    "semicolon": text(";").encode(),
    "bar": text("|").encode(),
    "gb18030 and bar": text("|").encode("gb18030"),
    "all quoted": text('","').replace("\n", '"\n"').encode().join([b'"', b""]).removesuffix(b'"'),
    "empty lines": text().replace("\n", "\n\n,\n \n").encode(),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_text_files(content: bytes, packed: bool) -> None:
    assert_imported(feed_bytes("balances", gzip.compress(content) if packed else content))


def test_a_packed_file_of_several_parts() -> None:
    content = text().encode()
    assert_imported(feed_bytes("balances", gzip.compress(content[:20]) + gzip.compress(content[20:])))


@pytest.mark.parametrize("separator", ["\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_two_columns_whose_amounts_hold_commas(separator: str, encoding: str) -> None:
    rows = (("A1", "1,234.50"), ("A2", "-12.50"), ("A3", "0"), ("A4", "1,000,000,000.00"))
    feed = feed_bytes("balances", text(separator, rows=rows).encode(encoding))
    assert (feed.rows, feed.accepted) == (4, 3)
    assert AccountBalance.objects.get(account__account_no="A1").balance == Decimal("1234.50")


def test_quoted_amounts_with_commas() -> None:
    assert_imported(feed_bytes("balances", text().replace("1234.50", '"1,234.50"').encode()))


HEADINGS = {
    "english": ("account_no", "balance"),
    "capitals and stars": ("ACCOUNT_NO*", " Balance * "),
    "with a space": ("account no", "balance"),
    "mixed": ("账号", "balance"),
    "chinese with a star": ("账号*", "余额＊"),
    "quoted by an apostrophe": ("'账号", "'余额"),
    "full width": ("ａｃｃｏｕｎｔ＿ｎｏ", "ｂａｌａｎｃｅ"),
}


@pytest.mark.parametrize("header", HEADINGS.values(), ids=HEADINGS)
def test_headings(header: tuple[str, ...]) -> None:
    assert_imported(feed_bytes("balances", text(header=header).encode()))


def test_every_heading_of_every_kind_in_both_languages() -> None:
    for kind in FeedKind:
        for names in ([c.name for c in rules.COLUMNS[kind]], [c.heading for c in rules.COLUMNS[kind]]):
            header = rules.find_header(kind, names[::-1])
            assert (list(header.places), header.ignored, header.missing) == (
                [c.name for c in rules.COLUMNS[kind]][::-1],
                (),
                (),
            )


def test_any_order_and_columns_nobody_asked_for() -> None:
    lines = "客户经理,余额,=1+1,账号,余额\n" + "".join(f"x,{amount},y,{no},9\n" for no, amount in ROWS)
    feed = feed_bytes("balances", lines.encode())
    assert_imported(feed)
    assert feed.notes == ["ignored_column:客户经理", "ignored_column:=1+1", "ignored_column:余额"]


def test_titles_above_the_header() -> None:
    titles = "账户余额日终文件,,\n,,\n数据日期:20261120,余额单位：元,\n"
    feed = feed_bytes("balances", (titles + text()).encode())
    assert_imported(feed)


def test_the_line_of_a_row_is_its_line_in_the_file() -> None:
    content = '标题\n\n账号,余额,备注\nA1,1,"两\n行"\n\nZ1,2,\nZ2,3,"三\n\n行"\nZ3,4,'
    feed = feed_bytes("balances", content.encode())
    assert list(feed.rejects.order_by("line").values_list("line", flat=True)) == [7, 8, 11]


TOTALS = {
    "合计": "合计,1222.00",
    "总计": '总计,"1,222.00"',
    "english": "Total,1222",
    "full width": " ＴＯＴＡＬ ,１，２２２．００",
    "without an amount": "合计,",
    "the word alone": "合计",
}


@pytest.mark.parametrize("line", TOTALS.values(), ids=TOTALS)
def test_a_closing_totals_row_is_not_data(line: str) -> None:
    assert_imported(feed_bytes("balances", f"{text()}{line}\n,\n".encode()))


def test_a_totals_row_when_the_amount_comes_first() -> None:
    content = "余额,账号\n" + "".join(f"{amount},{no}\n" for no, amount in ROWS)
    assert_imported(feed_bytes("balances", f"{content}合计,1222.00\n".encode()))


@pytest.mark.parametrize("line", ["合计,1222.01", "总计,三万", "total,-1222.00"])
def test_a_wrong_totals_row_refuses_the_file(line: str) -> None:
    feed = feed_bytes("balances", f"{text()}{line}\n".encode())
    assert (feed.status, feed.rows) == ("refused", 3)
    assert not AccountBalance.objects.exists()


def test_a_totals_row_adds_up_unusable_rows_too() -> None:
    feed = feed_bytes("balances", f"{text()}Z9,8.00\n合计,1230.00\n".encode())
    assert (feed.status, feed.rejected, feed.total) == ("committed", 1, Decimal("1222.00"))


def test_a_totals_word_in_the_middle_is_data() -> None:
    feed = feed_bytes("balances", text().replace("A2", "合计,1234.50\nA2").encode())
    assert (feed.rows, feed.accepted, feed.rejected) == (4, 3, 1)
    assert feed.rejects.get().reasons == ["unknown_account"]


def test_a_totals_row_of_accounts_is_their_principal() -> None:
    customer, product = make_customer(customer_no="K1"), make_product(code="TD")
    head = "account_no,customer_no,product_code,principal\n"
    rows = f"N1,{customer.customer_no},{product.code},100.10\nN2,K1,TD,\nN3,K1,TD,200\n"
    assert feed_bytes("accounts", f"{head}{rows}合计,,,300.11\n".encode()).status == "refused"
    assert feed_bytes("accounts", f"{head}{rows}合计,,,300.10\n".encode()).status == "committed"


def test_a_totals_row_of_units_is_only_left_out() -> None:
    feed = feed_bytes("branches", "code,name\nB1,一\n合计,1\n".encode())
    assert (feed.status, feed.rows, feed.created) == ("committed", 1, 1)


def test_an_xlsx_workbook() -> None:
    rows = (("A1", 1234.5), ("A2", -12.5), ("A3", 0))
    assert_imported(feed_bytes("balances", workbook(HEADER, *rows), name="balances.xlsx"))


def test_an_xlsx_workbook_with_titles_totals_dates_and_space_around() -> None:
    day = datetime.fromisoformat("2026-11-20")
    feed = feed_bytes(
        "balances",
        workbook(
            ("账户余额日终文件",),
            ("数据日期", day),
            (*HEADER, "数据日期", "标志"),
            ("A1", 1234.5, day, True),
            (),
            ("A2", "-12.50", date(2026, 11, 20), ""),
            ("A3", "０", "20261120", None),
            ("Z9", 1, datetime.fromisoformat("2026-11-19"), ""),
            ("合计", 1223),
            first_row=2,
            first_column=1,
        ),
    )
    assert (feed.status, feed.rows, feed.accepted, feed.total) == ("committed", 4, 3, Decimal("1222.00")), feed.message
    assert list(feed.rejects.values_list("line", "reasons")) == [(10, ["other_date", "unknown_account"])]


def test_numbers_of_a_workbook_that_are_codes() -> None:
    owner, product = make_customer(), make_product()
    Account.everything.create(account_no="622202123456789", customer=owner, product=product)
    feed = feed_bytes("balances", workbook(HEADER, (622202123456789, 0.1), ("A1", 8.95)))
    assert (feed.accepted, feed.total) == (2, Decimal("9.05"))


def test_a_calculated_amount_of_a_workbook_counts_as_it_is_shown() -> None:
    content = workbook(HEADER, ("A1", 1234.5678))
    raw = repack(content, "xl/worksheets/sheet1.xml", b"1234.5678", b"1234.5600000000002")
    assert feed_bytes("balances", raw).total == Decimal("1234.56")


def repack(content: bytes, entry: str, old: bytes, new: bytes) -> bytes:
    """The workbook with one part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            assert name != entry or old in data
            target.writestr(name, data.replace(old, new) if name == entry else data)
    return stream.getvalue()


@pytest.mark.parametrize("kind", list(FeedKind))
def test_missing_columns_are_named_in_both_languages(kind: FeedKind) -> None:
    required = [c for c in rules.COLUMNS[kind] if c.required]
    for absent in required:
        row = ",".join(c.name for c in required if c is not absent) + ",x"
        sheet = open_sheet(as_source(f"标题\n{row}\n1,2,3,4\n".encode()), rules.is_heading)
        with pytest.raises(MissingColumns, match=f"{absent.name} {absent.heading}$"):
            locate(kind, sheet)


@pytest.mark.parametrize("kind", list(FeedKind))
def test_the_kind_is_told_from_the_headings(kind: FeedKind) -> None:
    for names in ([c.name for c in rules.COLUMNS[kind]], [c.heading for c in rules.COLUMNS[kind]]):
        assert rules.guess_kind([["标题"], names]) == kind
    assert rules.guess_kind([["a", "b"]]) is None


def test_the_same_content_in_another_packing_is_the_same_file(tmp_path: Path) -> None:
    assert feed_bytes("balances", text().encode()).status == "committed"
    assert feed_bytes("balances", gzip.compress(text().encode()), name="again.csv.gz").status == "already_imported"


def test_a_file_whose_name_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "balances_余额.csv".encode("gbk").decode(errors="surrogateescape")
    path.write_bytes(text().encode())
    source = plain_file(path)
    with source.open() as file:
        assert file.read() == text().encode()
    assert source.name.startswith("balances_")
    assert source.name.encode()


def test_business_date_column_may_be_left_empty() -> None:
    rows = tuple((*row, day) for row, day in zip(ROWS, ("", "2026-11-20", "20261120"), strict=True))
    feed = feed_bytes("balances", text(header=(*HEADER, "数据日期"), rows=rows).encode())
    assert_imported(feed)
    assert feed.business_date == TODAY


def test_short_and_long_rows() -> None:
    make_branch(code="B9")
    feed = feed_bytes("branches", "code,name,parent_code,kind\nB1,一\nB2,二,B9,branch,more,cells\n".encode())
    assert (feed.created, feed.rejected) == (2, 0)
