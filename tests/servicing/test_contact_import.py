"""Contacts of an earlier system: author and date kept, each row once, bad rows alone, as command and as page."""

import csv
import io
import json
import stat
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from core.clock import SHANGHAI, today
from core.commands import Unusable
from core.models import TrailEntry
from customers.models import Customer, CustomerPosition
from servicing.models import Interaction
from servicing.rules.choices import BUILT_IN, read_choices
from servicing.rules.contact_import import columns_of, missing_columns, read_line
from staff.models import User
from tests.factories import NOW, make_branch, make_customer, make_head_office, make_user
from tests.servicing.english import client_of, english

pytestmark = pytest.mark.usefixtures("english")
__all__ = ["english"]
HEADER = ("客户号", "工号", "联系时间", "渠道", "方向", "主题", "结果", "备注")
GOOD = {
    "customer_no": "C1",
    "author": "S1",
    "happened_at": "2024-03-08 15:20",
    "channel": "电话",
    "direction": "呼出",
    "topic": "rate",
    "outcome": "Interested",
    "note": "想了解三年期",
}


def read(**changes: str) -> Any:
    return read_line(2, {**GOOD, **changes}, known=read_choices(BUILT_IN), at=NOW, zone=SHANGHAI)


def test_headings_in_both_languages_in_any_order() -> None:
    columns = columns_of(["结果", "备注", " 客户号* ", "Staff Number", "WHEN", "渠道", "主题", "?"])
    assert columns == {
        "outcome": 0,
        "note": 1,
        "customer_no": 2,
        "author": 3,
        "happened_at": 4,
        "channel": 5,
        "topic": 6,
    }
    assert missing_columns(columns) == []
    assert missing_columns(columns_of(["客户号", "工号"])) == ["happened_at", "channel", "topic", "outcome"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-08 15:20", datetime(2024, 3, 8, 15, 20, tzinfo=SHANGHAI)),
        ("2024/3/8 9:05", datetime(2024, 3, 8, 9, 5, tzinfo=SHANGHAI)),
        ("2024年3月8日 15:20:30", datetime(2024, 3, 8, 15, 20, 30, tzinfo=SHANGHAI)),
        ("20240308", datetime(2024, 3, 8, tzinfo=SHANGHAI)),
        ("2024-03-08T07:20:00Z", datetime(2024, 3, 8, 15, 20, tzinfo=SHANGHAI)),
        ("２０２４-03-08 15:20", datetime(2024, 3, 8, 15, 20, tzinfo=SHANGHAI)),
    ],
)
def test_times_as_systems_write_them(text: str, moment: datetime) -> None:
    line, faults = read(happened_at=text)
    assert (line.happened_at, faults) == (moment, [])


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"customer_no": "", "author": " "}, ["customer_no_missing", "author_missing"]),
        ({"happened_at": "yesterday"}, ["happened_at_unreadable"]),
        ({"happened_at": "2024-02-30 10:00"}, ["happened_at_unreadable"]),
        ({"happened_at": "2024-03-08 25:00"}, ["happened_at_unreadable"]),
        ({"happened_at": "1970-01-01"}, ["happened_at_unreadable"]),
        ({"happened_at": "2026-11-20 10:31"}, ["happened_at_in_future"]),
        ({"channel": "fax", "topic": "?", "outcome": "maybe"}, ["channel_unknown", "topic_unknown", "outcome_unknown"]),
        ({"channel": "柜面", "outcome": "未联系上"}, ["outcome_does_not_fit"]),
        ({"direction": "up"}, ["direction_unknown"]),
        ({"note": "长" * 1001}, ["note_too_long"]),
    ],
)
def test_a_bad_row_says_all_that_is_wrong(changes: dict[str, str], faults: list[str]) -> None:
    assert read(**changes) == (None, faults)


def test_the_same_words_are_the_same_contact() -> None:
    line, other = read()[0], read(note="另一件事")[0]
    assert (line.channel, line.direction, line.topic, line.outcome) == ("phone", "out", "rate", "interested")
    assert line.once == read(channel="phone", outcome="interested")[0].once
    assert line.once != other.once
    assert read(direction="")[0].direction == "in"


@pytest.fixture
def customer(db: None) -> Customer:
    branch = make_branch(parent=make_head_office())
    return make_customer(customer_no="C1", manager=make_user(role="manager", branch=branch, staff_no="S1"))


def sheet(*rows: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["旧系统联系记录"])
    writer.writerow(HEADER)
    writer.writerows([[{**GOOD, **row}[name] for name in GOOD] for row in rows])
    return text.getvalue()


def run(path: Path, *options: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("import_contacts", str(path), "--json", *options, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_the_command_keeps_author_and_date_and_acts_once(customer: Customer, tmp_path: Path) -> None:
    former = make_user(branch=make_branch(), staff_no="S0", is_active=False)
    merged = make_customer(customer_no="C0", merged_into=customer)
    path, rejects = tmp_path / "contacts.csv", tmp_path / "rejects.csv"
    path.write_text(
        sheet(
            {},
            {},
            {"customer_no": merged.customer_no, "author": "S0", "happened_at": "2025-01-02", "channel": "柜面"},
            {"happened_at": "2025-06-01 10:00", "outcome": "未联系上"},
            {"customer_no": "C9"},
            {"author": "S9", "customer_no": "C8"},
            {"topic": "=cmd|x", "note": "=1+1"},
        ),
        encoding="gb18030",
    )
    counts = {"rows": 7, "created": 3, "known": 0, "repeated": 1, "rejected": 3}
    assert run(path, "--dry-run") == {"dry_run": True, **counts, "rejects": None}
    assert not Interaction.everything.exists()

    assert run(path, "--rejects", str(rejects)) == {"dry_run": False, **counts, "rejects": str(rejects)}
    rows = Interaction.everything.order_by("happened_at").values_list(
        "customer", "author__staff_no", "branch", "channel", "origin", "happened_at"
    )
    first = datetime(2024, 3, 8, 15, 20, tzinfo=SHANGHAI)
    assert list(rows)[:2] == [
        (customer.pk, "S1", customer.branch_id, "phone", "import", first),
        (customer.pk, "S0", former.branch_id, "counter", "import", datetime(2025, 1, 2, tzinfo=SHANGHAI)),
    ]
    assert CustomerPosition.everything.get(customer=customer).last_contact_on == date(2025, 1, 2)
    assert stat.S_IMODE(rejects.stat().st_mode) == 0o600
    lines = list(csv.reader(rejects.read_text(encoding="utf-8").splitlines()))
    assert lines[0] == ["reason", *HEADER]
    assert [line[0] for line in lines[1:]] == [
        "no such customer among those you may import for",
        "no such customer among those you may import for; nobody has this staff number",
        "unknown topic",
    ]
    assert lines[3][-1] == "'=1+1"

    assert run(path) == {"dry_run": False, **counts, "created": 0, "known": 3, "rejects": None}
    assert Interaction.everything.count() == 3
    changes = TrailEntry.objects.filter(action="import").order_by("pk").values_list("changes", flat=True)
    assert [one["created"] for one in changes] == [3, 0]


def test_a_file_without_its_columns_is_refused_with_their_names(db: None, tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text("客户号,备注\nC1,x\n", encoding="utf-8")
    with pytest.raises(Unusable, match="author, happened_at, channel, topic, outcome"):
        run(path)


def upload(user: User, text: str, do: str, name: str = "contact_import") -> Any:
    file = SimpleUploadedFile("旧记录.csv", text.encode("utf-8-sig"))
    return client_of(user).post(reverse(f"servicing:{name}"), {"file": file, "do": do})


def test_head_office_checks_imports_and_takes_the_rejects_back(customer: Customer) -> None:
    root = customer.branch.parent
    bank = make_user(role="head_office", branch=root)
    region = make_user(role="head_office", branch=make_branch(parent=root, kind="region"))
    text = sheet({}, {"customer_no": "C9"})
    checked = upload(bank, text, "check")
    assert (checked.context["found"].created, Interaction.everything.count()) == (1, 0)
    assert "no such customer" in checked.content.decode()
    out_of_sight = upload(region, text, "import").context["found"]
    assert (out_of_sight.created, len(out_of_sight.rejected)) == (0, 2)
    done = upload(bank, text, "import")
    assert (done.context["found"].created, Interaction.everything.count()) == (1, 1)
    back = upload(bank, text, "rejects", "contact_rejects")
    body = b"".join(back.streaming_content).decode("utf-8-sig")
    assert "attachment" in back["Content-Disposition"]
    assert (body.count("C9"), body.count("C1")) == (1, 0)
    assert upload(bank, "a,b\n1,2\n", "check").status_code == 422
    assert upload(make_user(role="admin"), text, "import").context["found"].known == 1
    assert client_of(make_user(role="branch_head")).get(reverse("servicing:contact_import")).status_code == 403
    assert Interaction.everything.get().recorded_at.astimezone(SHANGHAI).date() == today()
