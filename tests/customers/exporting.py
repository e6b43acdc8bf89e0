"""A branch whose list of customers is taken as a file, and the worker that makes it."""

import io

from django.test import Client
from django.urls import reverse
from python_calamine import load_workbook

from core import jobs
from core.exporting import open_file
from customers.models import Customer
from depositcrm import exporting
from staff.enums import ExportState
from staff.models import Export
from staff.services import exports
from tests.factories import make_account, make_branch, make_customer, make_head_office, make_term_account, make_user


class Bank:
    """Two branches, one manager and one teller with customers, and one customer elsewhere."""

    def __init__(self) -> None:
        self.top = make_head_office()
        self.branch, self.other = make_branch(parent=self.top, name="一支行"), make_branch(parent=self.top)
        self.manager = make_user(role="manager", branch=self.branch, name="王经理", staff_no="M1", language="en")
        self.teller = make_user(role="teller", branch=self.branch, language="en")
        self.head = make_user(role="branch_head", branch=self.branch, language="en")
        self.rich = self._customer("C1", "安一", 3, 600_000)
        self.poor = self._customer("C2", "白二", 1, 10)
        self.sly = self._customer("C3", "=HYPERLINK(1)", 1, 0)
        self.foreign = make_customer(customer_no="C9", name="欧阳娜娜", branch=self.other)
        make_term_account(customer=self.rich, balance=50_000)

    def _customer(self, number: str, name: str, tier: int, balance: int) -> Customer:
        fields = {"customer_no": number, "name": name, "branch": self.branch, "manager": self.manager, "tier": tier}
        customer = make_customer(phone="13800138000", **fields)
        make_account(customer=customer, balance=balance)
        return customer


def english(client: Client) -> Client:
    """The client, reading English."""
    client.cookies["language"] = "en"
    return client


def ask(client: Client, sent: dict[str, object] | None = None, **query: object) -> Export:
    """The request as a person makes it in the page."""
    data = {"matching": "&".join(f"{name}={value}" for name, value in query.items())} if sent is None else sent
    data = {"file_format": "xlsx", "reason": "季度核对", **data}
    response = english(client).post(reverse("customers:export"), data)
    export = Export.everything.latest("pk")
    assert response.headers["Location"] == reverse("staff:export_detail", args=[export.pk])
    return export


def made(export: Export) -> Export:
    """The export after a worker was there."""
    jobs.execute(Export.everything.get(pk=export.pk).job_id, exporting.export_list)
    return Export.everything.get(pk=export.pk)


def content(export: Export) -> bytes:
    """The bytes of the file."""
    return b"".join(open_file(exports.path_of(export)))


def table(export: Export) -> list[list[object]]:
    """Headings and rows, without the lines of the mark."""
    assert export.state == ExportState.DONE, export.message
    return load_workbook(io.BytesIO(content(export))).get_sheet_by_index(0).to_python(skip_empty_area=False)[3:]


def names(export: Export) -> list[object]:
    """The customers in the file."""
    return [row[1] for row in table(export)[1:]]
