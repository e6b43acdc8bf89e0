"""Feed files in the browser: upload, check, differences, import, rejected rows, columns."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import crypto, jobs
from core.clock import now
from core.enums import JobState
from core.models import Job, TrailEntry
from customers import tasks
from customers.enums import FeedKind
from customers.models import Customer, Feed
from staff.models import User
from tests.customers.feeding import feed
from tests.factories import TODAY, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
DAY = TODAY.isoformat()
HTMX = {"HX-Request": "true"}
PHONE, ID_NO = "13800138000", "11010519491231002X"
CUSTOMERS = (
    "客户号,姓名,证件类型,证件号码,手机号,机构号,星座\n"
    f"K1,张三,身份证,{ID_NO},{PHONE},B001,狮子\n"
    "K2,李四,身份证,110105194912310021,13900139000,B001,\n"
    "K3,王五,,,,B999,\n"
)


@pytest.fixture
def admin(client_of: ClientOf) -> Client:
    make_branch(code="B001")
    return client_of(make_user(role="admin", staff_no="A1"))


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    return settings.UPLOADS


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is woken up: the tests are the worker."""
    monkeypatch.setattr(jobs, "send", lambda *_args: True)


def upload(client: Client, content: str | bytes = CUSTOMERS, *more: bytes, name: str = "k.csv", **fields: Any) -> Any:
    contents = [content.encode() if isinstance(content, str) else content, *more]
    files = [SimpleUploadedFile(name, each) for each in contents]
    data = {"files": files, "kind": "", "business_date": DAY, "max_rejected": "100", **fields}
    return client.post(reverse("customers:feed_upload"), data)


def work() -> Iterator[Job]:
    """Run every waiting job of feeds, as a worker does."""
    for job in Job.objects.filter(state=JobState.WAITING).order_by("pk"):
        {"customers.check_feed": tasks.check_feed, "customers.import_feed": tasks.import_feed}[job.name](job.pk)
        yield Job.objects.get(pk=job.pk)


def page(client: Client, found: Feed) -> Any:
    response = client.get(reverse("customers:feed", args=[found.pk]))
    assert response.status_code == 200
    return response


class TestUpload:
    def test_is_checked_then_imported(self, admin: Client, uploads: Path) -> None:
        response = upload(admin)
        found = Feed.objects.get()
        assert response["Location"] == reverse("customers:feed", args=[found.pk])
        assert (found.kind, found.status, found.file_name, found.actor_no) == ("customers", "waiting", "k.csv", "A1")
        assert page(admin, found).context["running"]

        assert [job.state for job in work()] == [JobState.DONE]

        checked = page(admin, found)
        found.refresh_from_db()
        assert (found.status, found.rows, found.accepted, found.rejected, found.created) == ("dry_run", 3, 1, 2, 1)
        assert not Customer.everything.exists()
        assert checked.context["may_import"]
        assert checked.context["notes"]["ignored"] == ["星座"]

        admin.post(reverse("customers:feed_import", args=[found.pk]))
        assert page(admin, found).context["running"]
        assert [job.state for job in work()] == [JobState.DONE]

        found.refresh_from_db()
        assert (found.status, Customer.everything.get().customer_no) == ("committed", "K1")
        assert not page(admin, found).context["may_import"]
        assert list(uploads.iterdir()) == []

    def test_is_kept_sealed(self, admin: Client, uploads: Path) -> None:
        upload(admin)

        (kept,) = uploads.iterdir()
        assert PHONE.encode() not in kept.read_bytes()
        with crypto.open_stream(kept.open("rb")) as opened:
            assert opened.read() == CUSTOMERS.encode()

    def test_several_files_recognise_themselves(self, admin: Client) -> None:
        response = upload(admin, CUSTOMERS, "产品代码,产品名称,类型\nP1,活期,活期\n".encode())

        assert response["Location"] == reverse("customers:feeds")
        assert sorted(Feed.objects.values_list("kind", flat=True)) == ["customers", "products"]

    @pytest.mark.parametrize("fields", [{"kind": "customers"}, {"control_rows": "3"}, {"control_total": "1.00"}])
    def test_figures_are_for_one_file(self, fields: dict[str, str], admin: Client) -> None:
        assert upload(admin, CUSTOMERS, CUSTOMERS.encode(), **fields).status_code == 422
        assert not Feed.objects.exists()

    def test_what_nobody_knows_is_refused_and_not_kept(self, admin: Client, uploads: Path) -> None:
        response = upload(admin, "a,b\n1,2\n")

        assert response.status_code == 422
        assert "k.csv" in response.content.decode()
        assert not Feed.objects.exists()
        assert list(uploads.iterdir()) == []

    def test_one_bad_file_does_not_stop_the_other(self, admin: Client, uploads: Path) -> None:
        upload(admin, "a,b\n1,2\n", CUSTOMERS.encode())

        assert Feed.objects.count() == len(list(uploads.iterdir())) == 1

    @pytest.mark.parametrize("fields", [{"business_date": ""}, {"business_date": "20.11."}, {"max_rejected": "101"}])
    def test_bad_fields_are_named(self, fields: dict[str, str], admin: Client) -> None:
        response = upload(admin, **fields)

        assert response.status_code == 422
        assert set(response.context["form"].errors) == set(fields)

    def test_needs_a_file(self, admin: Client) -> None:
        response = admin.post(reverse("customers:feed_upload"), {"business_date": DAY, "max_rejected": "1"})

        assert set(response.context["form"].errors) == {"files"}


class TestOutcomes:
    def checked(self, client: Client, content: str | bytes, **fields: Any) -> Any:
        upload(client, content, **fields)
        list(work())
        return page(client, Feed.objects.latest("pk"))

    def test_missing_columns_are_named(self, admin: Client) -> None:
        response = self.checked(admin, "客户号,姓名\nK1,张三\n", kind="customers")

        text = response.content.decode()
        assert response.context["feed"].status == "failed"
        assert "branch_code 机构号" in text

    def test_an_unreadable_file_says_so(self, admin: Client) -> None:
        response = self.checked(admin, b"\xd0\xcf\x11\xe0rest", kind="customers", name="k.xlsx")

        assert response.context["feed"].status == "failed"
        assert response.context["feed"].message

    def test_a_control_shows_both_figures(self, admin: Client) -> None:
        customer = make_customer()
        feed("products", ["code", "name", "kind"], [["P1", "活期", "demand"]])
        feed("accounts", ["account_no", "customer_no", "product_code"], [["A1", customer.customer_no, "P1"]])

        response = self.checked(admin, "account_no,balance\nA1,100.00\n", control_total="90.00")

        text = response.content.decode()
        assert response.context["feed"].status == "refused"
        assert "90.00" in text
        assert "100.00" in text
        assert not response.context["may_import"]

    def test_too_many_rejects_are_refused_by_default(self, admin: Client) -> None:
        assert self.checked(admin, CUSTOMERS, max_rejected="1").context["feed"].status == "refused"

    def test_the_same_content_is_known(self, admin: Client) -> None:
        header, row = ["code", "name", "kind"], ["P1", "活期", "demand"]
        feed("products", header, [row])

        response = self.checked(admin, ",".join(header) + "\n" + ",".join(row), kind="products")

        assert response.context["feed"].status == "already_imported"

    def test_a_dead_worker_is_not_the_files_fault(self, admin: Client) -> None:
        upload(admin)
        Job.objects.update(state=JobState.PARKED)

        response = page(admin, Feed.objects.get())

        assert response.context["broken"]
        assert not response.context["running"]


class TestRejects:
    @pytest.fixture
    def rejected(self, admin: Client) -> Feed:
        upload(admin)
        list(work())
        return Feed.objects.get()

    def test_are_grouped_by_reason(self, admin: Client, rejected: Feed) -> None:
        reasons = page(admin, rejected).context["reasons"]

        assert sorted(reason.count for reason in reasons) == [1, 1]
        assert not any("_" in reason.word for reason in reasons)

    def test_show_lines_without_personal_values(self, admin: Client, rejected: Feed) -> None:
        response = page(admin, rejected)
        text = response.content.decode()

        assert [row.line for row in response.context["rejects"]] == [3, 4]
        assert "K2" in text
        assert not any(value in text for value in ("110105194912310021", "13900139000", "李四"))

    def test_leave_as_a_file_with_a_trail_entry(self, admin: Client, rejected: Feed) -> None:
        response = admin.get(reverse("customers:feed_rejects", args=[rejected.pk]))
        text = b"".join(response.streaming_content).decode("utf-8-sig")

        lines = text.splitlines()
        assert lines[0] == "客户号,姓名,证件类型,证件号码,手机号,机构号,星座,reject_line,reject_reason"
        assert lines[1].startswith("K2,李四,身份证,110105194912310021,13900139000,B001,,3,")
        assert "attachment" in response["Content-Disposition"]
        assert TrailEntry.objects.get(action="export").changes == {"what": "rejects", "rows": 2}

    def test_head_office_reads_figures_only(self, client_of: ClientOf, rejected: Feed) -> None:
        reader = client_of(make_user(role="head_office"))

        assert not page(reader, rejected).context["may_download"]
        assert reader.get(reverse("customers:feed_rejects", args=[rejected.pk])).status_code == 403
        assert reader.post(reverse("customers:feed_import", args=[rejected.pk])).status_code == 403
        assert reader.get(reverse("customers:feed_upload")).status_code == 403

    def test_discard_forgets_the_file(self, admin: Client, rejected: Feed, uploads: Path) -> None:
        response = admin.post(reverse("customers:feed_discard", args=[rejected.pk]))

        assert response["Location"] == reverse("customers:feeds")
        assert not Feed.objects.exists()


class TestProgress:
    def test_polls_while_the_job_runs(self, admin: Client) -> None:
        upload(admin)
        found = Feed.objects.get()
        Job.objects.update(state=JobState.RUNNING, started_at=now(), done_count=40, total_count=100)

        response = admin.get(reverse("customers:feed_progress", args=[found.pk]), headers=HTMX)

        text = response.content.decode()
        assert "40 / 100" in text
        assert f'hx-get="{reverse("customers:feed_progress", args=[found.pk])}"' in text

    def test_loads_the_page_again_at_the_end(self, admin: Client) -> None:
        upload(admin)
        list(work())

        response = admin.get(reverse("customers:feed_progress", args=[Feed.objects.get().pk]), headers=HTMX)

        assert response["HX-Refresh"] == "true"


class TestList:
    @pytest.fixture
    def two(self, admin: Client) -> None:
        feed("products", ["code", "name", "kind"], [["P1", "活期", "demand"]])
        feed("products", ["code", "name", "kind"], [["P2", "定期", "term"]], on=date(2026, 11, 19))

    def shown(self, client: Client, query: str = "") -> list[date]:
        listing = client.get(reverse("customers:feeds") + query).context["listing"]
        return [row.object.business_date for row in listing.rows]

    def test_latest_first_and_filtered(self, admin: Client, two: None) -> None:
        assert self.shown(admin) == [date(2026, 11, 19), TODAY]
        assert self.shown(admin, f"?business_date={DAY}&kind=products&status=committed") == [TODAY]
        assert self.shown(admin, "?ordering=-business_date") == [TODAY, date(2026, 11, 19)]

    @pytest.mark.parametrize("role", ["teller", "manager", "branch_head", "compliance", "auditor"])
    def test_is_closed_to_others(self, role: str, as_role: Callable[..., Client]) -> None:
        client = as_role(role)

        for name in ("feeds", "feed_upload", "feed_columns"):
            assert client.get(reverse(f"customers:{name}")).status_code == 403

    def test_costs_the_same_for_many(self, admin: Client, two: None) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as caught:
                self.shown(admin)
            return len(caught)

        few = (self.shown(admin), cost())[1]
        for n in range(30):
            feed("products", ["code", "name", "kind"], [[f"P9{n}", "活期", "demand"]])

        assert cost() == few


class TestColumns:
    def test_every_kind_is_explained(self, admin: Client) -> None:
        text = admin.get(reverse("customers:feed_columns")).content.decode()

        assert all(word in text for word in ("customer_no", "客户号", "business_date", "数据日期", "大堂经理"))

    @pytest.mark.parametrize(("query", "heading"), [("", "账号,余额,数据日期"), ("?language=en", "account_no,balance")])
    def test_samples_have_the_headings(self, query: str, heading: str, admin: Client) -> None:
        response = admin.get(reverse("customers:feed_sample", args=["balances"]) + query)

        assert response.content.decode("utf-8-sig").startswith(heading)

    @pytest.mark.parametrize("kind", list(FeedKind))
    def test_samples_are_recognised(self, kind: FeedKind, admin: Client) -> None:
        header = admin.get(reverse("customers:feed_sample", args=[kind])).content.decode("utf-8-sig").strip()

        found = feed(kind, header.split(","), [])

        assert (found.status, found.rows) == ("committed", 0)

    def test_of_no_kind_there_is_none(self, admin: Client) -> None:
        assert admin.get(reverse("customers:feed_sample", args=["loans"])).status_code == 404
