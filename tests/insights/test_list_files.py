"""Lists of the bridge, of churn, spikes, warnings and supervision as files: what the page shows, and in whose sight."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import CustomerPosition, FedDay
from insights.models import MonthClose, OutflowLoss
from insights.services.kpis import roll_up_kpis
from staff.models import Export, User
from tests import factories as make
from tests.customers.exporting import english, made, table
from tests.factories import NOW, TODAY
from tests.factories_supervision import make_check, make_finding, make_plan
from tests.insights.books import DAY
from tests.tiers.ledgers import write_ledger

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
END = date(2026, 10, 31)
BRIDGE = {"part": "closing", "month": "2026-11-01", "against": "2026-10-01"}
OF_CUSTOMERS = [
    ("bridge_rows", "bridge_export", BRIDGE),
    ("churned", "churned_export", {"way": "fallen"}),
    ("spiked", "spiked_export", {"month": "2026-10-01"}),
    ("warnings", "warnings_export", {}),
    ("outflow_losses", "losses_export", {}),
]


class Bank:
    """A branch with two customers who dressed October up and left, and as many elsewhere."""

    def __init__(self) -> None:
        self.top = make.make_head_office()
        self.branch, self.other = make.make_branch(parent=self.top), make.make_branch(parent=self.top)
        self.head = make.make_user(role="branch_head", branch=self.branch, password="", language="en")
        for day in (date(2026, 7, 1), TODAY):
            FedDay.objects.create(on=day, is_full=True)
        self.customers = [self.spiked(self.branch, name) for name in ("C1", "C2")]
        for name in ("C8", "C9"):
            self.spiked(self.other, name)
        roll_up_kpis(business_day=TODAY, at=NOW)

    def spiked(self, branch: Any, number: str) -> Any:
        customer = make.make_customer(customer_no=number, branch=branch)
        fallen = {SEPTEMBER: Decimal(200_000), END: Decimal(400_000), END + DAY: Decimal(30_000)}
        write_ledger({customer.pk: fallen}, TODAY)
        make.make_account(customer=customer)
        CustomerPosition.everything.filter(pk=customer.pk).update(last_contact_on=TODAY)
        for month in (SEPTEMBER, OCTOBER):
            MonthClose.everything.create(
                month=month, customer=customer, branch_id=branch.pk, tier=2, adb=200_000, total=400_000
            )
        make.make_warning(customer=customer)
        OutflowLoss.everything.create(customer=customer, on=TODAY, tier=2, before=200_000, after=30_000)
        return customer


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path
    return tmp_path


def ask(client: Client, name: str, params: dict[str, str]) -> Export:
    """The request as the page of a list leads to it."""
    listing = client.get(reverse(f"insights:{name[0]}"), params).context["listing"]
    sent = {"matching": listing.state, "file_format": "xlsx", "reason": "季度核对"}
    response = english(client).post(reverse(f"insights:{name[1]}"), sent)
    return Export.everything.get(pk=response.headers["Location"].strip("/").rsplit("/", 1)[-1])


def test_files_hold_what_the_pages_show_of_what_is_in_sight_when_they_are_made(client_of: ClientOf) -> None:
    bank = Bank()
    client = english(client_of(bank.head))
    asked = {page: ask(client, (page, file), params) for page, file, params in OF_CUSTOMERS}
    assert {page: export.expected_rows for page, export in asked.items()} == dict.fromkeys(asked, 2)
    assert "After · " in str(asked["bridge_rows"].words["en"]["filters"])
    bank.customers[1].branch = bank.other  # handed over before a worker came by
    bank.customers[1].save()
    CustomerPosition.everything.filter(pk=bank.customers[1].pk).update(branch=bank.other)
    for page, export in asked.items():
        headings, *rows = table(made(export))
        assert headings[:2] == ["Customer number", "Customer"], page
        assert [row[0] for row in rows] == ["C1"], page
    assert 400_000.0 in table(made(asked["spiked"]))[1]


def test_of_the_whole_bank_spikes_are_found_once_for_every_unit(client_of: ClientOf) -> None:
    bank = Bank()
    client, url = client_of(make.make_user(role="head_office", branch=bank.top)), reverse("insights:spiked")
    for unit, found in ((bank.top, ["C1", "C2", "C8", "C9"]), (bank.branch, ["C1", "C2"]), (bank.other, ["C8", "C9"])):
        rows = client.get(url, {"month": "2026-10-01", "unit": unit.code}).context["listing"].queryset
        assert sorted(row.customer.customer_no for row in rows) == found
    assert not client.get(url, {"month": "2026-09-01"}).context["listing"].queryset.exists()


def test_a_file_of_another_unit_or_of_ticked_rows_is_refused(client_of: ClientOf) -> None:
    bank = Bank()
    client, url = client_of(bank.head), reverse("insights:bridge_export")
    assert client.get(url, {**BRIDGE, "unit": bank.other.code}).status_code == 400
    assert client.post(url, {"selected": ["C1"], "state": ""}).status_code == 400


def test_who_oversees_takes_findings_and_checks_as_they_stand_on_the_page(client_of: ClientOf) -> None:
    branch = make.make_branch(parent=make.make_head_office())
    head = make.make_user(role="branch_head", branch=branch, password="", language="en")
    officer = make.make_user(role="compliance", branch=branch.parent, password="", language="en")
    manager = make.make_user(role="manager", branch=branch, name="王经理", password="")
    contact = make.make_interaction(customer=make.make_customer(branch=branch, manager=manager), author=manager)
    plan = make_plan(created_by=officer, unit=branch)
    make_check(plan=plan, contact=contact)
    settled = make_check(plan=plan, contact=contact, record_id=contact.pk + 1, state="done")
    make_finding(check=settled, owner=head, text="记录" * 100, state="issued")
    make_finding(check=settled, owner=head, text="草稿", criterion="promise")
    of_findings, of_checks = ("findings", "findings_export"), ("supervision_checks", "checks_export")
    rows = table(made(ask(english(client_of(officer)), of_findings, {})))
    assert [row[1] for row in rows[1:]] == ["草稿", "记录" * 100]
    told = table(made(ask(english(client_of(head)), of_findings, {})))  # a draft exists for those who oversee it
    assert [row[1] for row in told[1:]] == ["记录" * 100]
    checks = table(made(ask(english(client_of(officer)), of_checks, {})))
    # While marks are open nobody is named.
    assert [("王经理" in row, row[0]) for row in checks[1:]] == [(True, f"{settled.pk}"), (False, f"{settled.pk - 1}")]
    assert client_of(manager).get(reverse("insights:findings")).context["export"] == ""
