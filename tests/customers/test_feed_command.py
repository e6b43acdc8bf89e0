"""`import_feed` and `adb` as operators and scripts meet them: one JSON object, fixed keys, fixed exit statuses."""

import json
import stat
from argparse import ArgumentTypeError
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from customers.management.commands.import_feed import share
from customers.models import Account, AccountBalance, Customer, Feed
from tests.customers.contents import REPORTS, contents
from tests.factories import make_branch, make_customer, make_product

pytestmark = pytest.mark.django_db
KEYS = [
    *("feed", "kind", "business_date", "status", "rows", "accepted", "rejected", "created", "updated", "unchanged"),
    *("total", "seconds", "rejects"),
]
GOOD = "account_no,balance\nA1,5\nA2,7.5\n"
DAY = "2026-11-20"


@pytest.fixture(autouse=True)
def accounts() -> None:
    owner, product = (
        make_customer(customer_no="K1", branch=make_branch(code="B1"), position={"on": None}),
        make_product(),
    )
    Account.everything.bulk_create(Account(account_no=no, customer=owner, product=product) for no in ("A1", "A2"))


class Answer:
    """What a run printed and ended with."""

    def __init__(self, *args: object) -> None:
        out, err, self.status = StringIO(), StringIO(), 0
        try:
            with override("en"):
                call_command(*map(str, args), stdout=out, stderr=err)
        except SystemExit as error:
            self.status = int(error.code or 0)
        except CommandError as error:
            self.status = error.returncode
            err.write(str(error))
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        assert self.out.count("\n") == 1
        return found


def import_feed(path: Path, text: str | bytes, *options: object, kind: str = "balances") -> Answer:
    file = path / "feed.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Answer("import_feed", kind, file, "--json", *options)


def test_a_committed_file(tmp_path: Path) -> None:
    answer = import_feed(tmp_path, GOOD, "--business-date", DAY)
    assert (answer.status, list(answer.json)) == (0, KEYS)
    assert isinstance(answer.json["seconds"], float)
    assert {key: value for key, value in answer.json.items() if key != "seconds"} == {
        "feed": Feed.objects.get().pk,
        "kind": "balances",
        "business_date": DAY,
        "status": "committed",
        "rows": 2,
        "accepted": 2,
        "rejected": 0,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
        "total": "12.50",
        "rejects": None,
    }
    assert (Feed.objects.get().source, Feed.objects.get().actor_no) == ("core", "import_feed")
    again = import_feed(tmp_path, GOOD, "--business-date", DAY, "--source", "a long name of a source system")
    assert (again.status, again.json["status"], again.json["created"]) == (0, "already_imported", 0)
    assert (again.json["unchanged"], again.json["total"]) == (2, "12.50")


def test_prose_goes_to_standard_error(tmp_path: Path) -> None:
    answer = import_feed(tmp_path, "account_no,balance,备注\nA1,5,x\n", "--business-date", DAY)
    assert answer.json["status"] == "committed"
    assert answer.err.splitlines() == ["importing feed.csv as balances ...", "ignored_column 备注"]


def test_without_json_it_is_a_list(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text(GOOD)
    answer = Answer("import_feed", "balances", tmp_path / "feed.csv", "--business-date", DAY)
    assert [line.split()[0] for line in answer.out.splitlines()] == KEYS


def test_the_date_comes_from_the_file_when_it_is_not_given(tmp_path: Path) -> None:
    answer = import_feed(tmp_path, "账号,余额,数据日期\nA1,5,20261103\nA2,6,2026-11-03\n")
    assert (answer.json["business_date"], answer.json["accepted"]) == ("2026-11-03", 2)


def test_a_dry_run(tmp_path: Path) -> None:
    before = contents(without=REPORTS)
    answer = import_feed(tmp_path, GOOD, "--business-date", DAY, "--dry-run")
    assert (answer.status, list(answer.json), answer.json["status"]) == (0, KEYS, "dry_run")
    assert (answer.json["created"], answer.json["total"]) == (2, "12.50")
    assert contents(without=REPORTS) == before


REFUSED = {
    "rows": ("--control-rows", 3),
    "total": ("--control-total", "12.51"),
    "rejects": (),
    "no rejects at all": ("--max-rejected", "0%"),
    "totals row": ("--max-rejected", "100%"),
}


@pytest.mark.parametrize(("why", "options"), REFUSED.items())
def test_refused_by_a_control(tmp_path: Path, why: str, options: tuple[object, ...]) -> None:
    before = contents(without=REPORTS)
    text = GOOD + {"rejects": "Z9,1\n", "no rejects at all": "Z9,1\n", "totals row": "合计,9\n"}.get(why, "")
    answer = import_feed(tmp_path, text, "--business-date", DAY, *options)
    assert (answer.status, answer.json["status"], list(answer.json)) == (3, "refused", KEYS)
    assert "nothing was imported" in answer.err
    assert contents(without=REPORTS) == before


def test_controls_that_hold(tmp_path: Path) -> None:
    options = ("--control-rows", 2, "--control-total", "12.5", "--max-rejected", "0%")
    assert import_feed(tmp_path, GOOD, "--business-date", DAY, *options).json["status"] == "committed"


def test_one_in_a_hundred_rows_may_be_rejected(tmp_path: Path) -> None:
    owner, product = Customer.everything.get(), make_product()
    many = [f"M{n}" for n in range(98)]
    Account.everything.bulk_create(Account(account_no=no, customer=owner, product=product) for no in many)
    rows = GOOD + "".join(f"{no},1\n" for no in many)
    assert import_feed(tmp_path, f"{rows}Z1,1\nZ2,1\n", "--business-date", DAY).status == 3
    assert import_feed(tmp_path, f"{rows}Z1,1\n", "--business-date", DAY).json["rejected"] == 1
    assert import_feed(tmp_path, f"{rows}Z1,1\nZ2,1\n", "--business-date", DAY, "--max-rejected", "2%").status == 0


def test_rejects_are_written_for_their_reader_alone(tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    text = "customer_no,name,phone,branch_code\nN1,=1+1,13800138000,B7\nN2,好,,B1\n"
    options = ("--max-rejected", "50%", "--rejects", rejects)
    answer = import_feed(tmp_path, text, *options, kind="customers")
    assert (answer.status, answer.json["rejects"], answer.json["total"]) == (0, str(rejects), None)
    assert rejects.read_text(encoding="utf-8-sig") == (
        "customer_no,name,phone,branch_code,reject_line,reject_reason\nN1,'=1+1,13800138000,B7,2,unknown_branch\n"
    )
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    corrected = rejects.read_text(encoding="utf-8-sig").replace("B7", "B1")
    assert import_feed(tmp_path, corrected, kind="customers").json["created"] == 1
    assert Customer.everything.get(customer_no="N1").name == "=1+1"


def test_rejects_of_a_refused_file_are_written_too(tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    answer = import_feed(tmp_path, GOOD + "Z9,1\n", "--business-date", DAY, "--rejects", rejects)
    assert (answer.status, answer.json["rejects"]) == (3, str(rejects))
    assert "Z9,1,4,unknown_account" in rejects.read_text()


def test_no_rejects_no_file(tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    answer = import_feed(tmp_path, GOOD, "--business-date", DAY, "--rejects", rejects)
    assert (answer.json["rejects"], rejects.exists()) == (None, False)


def test_rejects_that_cannot_be_written_do_not_undo_the_import(tmp_path: Path) -> None:
    rejects = tmp_path / "no such folder" / "rejects.csv"
    options = ("--max-rejected", "100%", "--rejects", rejects)
    answer = import_feed(tmp_path, GOOD + "Z9,1\n", "--business-date", DAY, *options)
    assert (answer.status, answer.json["status"], answer.json["rejects"]) == (0, "committed", None)
    assert "could not be written" in answer.err


UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "no header": b"1,2\n3,4\n",
    "column missing": b"account_no,amount\nA1,5\n",
    "damaged archive": b"\x1f\x8b\x08\x00 not really",
    "binary": bytes(range(256)),
    "open quotation mark": b'account_no,balance\nA1,5\nA2,"7\n',
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_file(tmp_path: Path, content: bytes) -> None:
    before = contents(without=REPORTS)
    answer = import_feed(tmp_path, content, "--business-date", DAY)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err
    assert contents(without=REPORTS) == before


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        answer = Answer("import_feed", "balances", path, "--json")
        assert (answer.status, answer.out) == (2, "")
        assert "cannot be opened" in answer.err


@pytest.mark.parametrize(
    "options",
    [
        ("--business-date", "20.11.2026"),
        ("--control-rows", "many"),
        ("--control-total", "1.005"),
        ("--max-rejected", "101%"),
        ("--max-rejected", "few"),
        ("--unknown",),
    ],
)
def test_wrong_arguments(tmp_path: Path, options: tuple[str, ...]) -> None:
    with pytest.raises((CommandError, SystemExit)):
        call_command("import_feed", "balances", str(tmp_path), *options)
    with pytest.raises((CommandError, SystemExit)):
        call_command("import_feed", "loans", str(tmp_path))
    assert not Feed.objects.exists()


@pytest.mark.parametrize(("text", "value"), {"1%": "0.01", "0.5%": "0.005", "100%": "1", "0": "0"}.items())
def test_shares(text: str, value: str) -> None:
    assert share(text) == Decimal(value)


@pytest.mark.parametrize("text", ["-1%", "101%", "NaN", "%", "a%", "Infinity"])
def test_no_shares(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        share(text)


def test_average_daily_balance(tmp_path: Path) -> None:
    import_feed(tmp_path, "account_no,balance\nA1,430000\nA2,0\n", "--business-date", "2026-11-01")
    import_feed(tmp_path, "account_no,balance\nA1,640000\n", "--business-date", "2026-11-21")
    answer = Answer("adb", "K1", "--from", "2026-11-01", "--to", "2026-11-30", "--json")
    assert (answer.status, answer.json) == (
        0,
        {
            "customer_no": "K1",
            "from": "2026-11-01",
            "to": "2026-11-30",
            "days": 30,
            "adb": "500000.00",
            "carried_days": 29,
        },
    )
    assert list(answer.json) == ["customer_no", "from", "to", "days", "adb", "carried_days"]
    before = Answer("adb", "K1", "--from", "2026-10-30", "--to", "2026-11-02", "--json").json
    assert (before["adb"], before["days"], before["carried_days"]) == ("215000.00", 4, 1)


@pytest.mark.parametrize(
    "args",
    [("K9", "--from", DAY, "--to", DAY), ("K1", "--from", DAY, "--to", "2026-11-19"), ("K1", "--from", DAY)],
    ids=["unknown customer", "empty window", "no end"],
)
def test_average_of_nothing(args: tuple[str, ...]) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("adb", *args, "--json", stdout=out)
    assert out.getvalue() == ""


def test_an_amount_too_large_for_any_account_rejects_its_row_alone(tmp_path: Path) -> None:
    answer = import_feed(tmp_path, GOOD + "A1,9999999999999999.99\n", "--business-date", DAY, "--max-rejected", "50%")
    assert (answer.json["status"], answer.json["rejected"], AccountBalance.objects.count()) == ("committed", 1, 2)
