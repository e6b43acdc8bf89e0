"""Files on their way in: the folder of the core system, and uploads that are checked, imported or discarded by jobs."""

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from core import crypto
from core.errors import DomainError
from core.jobs import Progress
from core.models import Job, TrailEntry
from core.trail import NIGHT, Actor
from customers.enums import FeedKind
from customers.gateways.sheets import Source, UnreadableFile
from customers.models import Account, AccountBalance, Customer, Feed
from customers.services import feeds, intake
from customers.services.feeds import Controls
from customers.services.intake import FeedNotChecked, UnknownKind, commit_feed, discard_feed, receive_feed
from customers.tasks import check_feed, import_feed
from tests.conftest import Broker
from tests.factories import NOW, make_branch, make_customer, make_product

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
HEAD = Actor(None, "S9")
BALANCES = "account_no,balance\nA1,5\nA2,6.50\n"


@pytest.fixture
def accounts(db: None) -> None:
    owner, product = make_customer(branch=make_branch(code="B1"), position={"on": None}), make_product(code="P1")
    for number in ("A1", "A2"):
        Account.everything.create(account_no=number, customer=owner, product=product)


class TestInbox:
    FILES = {
        "balances_20261120.csv": "account_no,balance\nN1,5\n",
        "customers-core-20261120-full.TXT": "customer_no,name,branch_code\nN1,新,B7\n",
        "ACCOUNTS.20261120.csv": "account_no,customer_no,product_code\nN1,N1,P7\n",
        "branches_99_20261120_v2.csv": "code,name\nB7,七\n",
        "products_20261120.csv": "code,name,kind\nP7,活期,demand\n",
        "staff_12345678_20261120.csv": "staff_no,name,role,branch_code\nS7,七,teller,B7\n",
    }
    OTHERS = ["balances_20261119.csv", "notes_20261120.csv", "balances_20261120.csv.part", "balances.csv", "readme.txt"]

    @pytest.fixture(autouse=True)
    def inbox(self, settings: Settings, tmp_path: Path) -> Path:
        settings.FEED_INBOX = tmp_path / "inbox"
        settings.FEED_INBOX.mkdir()
        return settings.FEED_INBOX

    def put(self, inbox: Path, files: dict[str, str]) -> None:
        for name, text in files.items():
            (inbox / name).write_text(text)

    def take(self) -> int:
        return int(str(intake.import_inbox(business_date=DAY, actor=NIGHT, at=NOW)["rows"]))

    def test_files_of_the_day_are_imported_in_their_order(self, inbox: Path) -> None:
        self.put(inbox, self.FILES | dict.fromkeys(self.OTHERS, "x"))
        assert self.take() == 6
        kinds = Feed.objects.order_by("pk").values_list("kind", "status", "source", "actor_no")
        order = ["branches", "staff", "products", "customers", "accounts", "balances"]
        assert list(kinds) == [(kind, "committed", "core", "night") for kind in order]
        assert sorted(p.name for p in (inbox / "done").iterdir()) == sorted(self.FILES)
        assert sorted(p.name for p in inbox.iterdir() if p.is_file()) == sorted(self.OTHERS)
        assert AccountBalance.objects.get().balance == 5

    def test_an_empty_or_missing_folder_is_no_fault(self, inbox: Path) -> None:
        assert self.take() == 0
        inbox.rmdir()
        assert self.take() == 0

    def test_it_stops_at_a_refused_file_and_goes_on_when_that_is_corrected(self, inbox: Path) -> None:
        self.put(inbox, self.FILES | {"customers-core-20261120-full.TXT": "customer_no,name,branch_code\nN1,新,B8\n"})
        with pytest.raises(DomainError, match=r"customers-core-20261120-full\.TXT: "):
            self.take()
        assert Feed.objects.filter(status="committed").count() == 3
        assert Feed.objects.get(kind="customers").status == "refused"
        assert not AccountBalance.objects.exists()

        self.put(inbox, {"customers-core-20261120-full.TXT": self.FILES["customers-core-20261120-full.TXT"]})
        assert self.take() == 3
        assert AccountBalance.objects.count() == 1

    def test_an_unreadable_file_stops_it(self, inbox: Path) -> None:
        (inbox / "branches_20261120.csv").write_bytes(b"\x1f\x8bnothing")
        with pytest.raises(DomainError, match="branches_20261120"):
            self.take()
        assert (inbox / "branches_20261120.csv").exists()

    def test_a_file_that_was_imported_before_is_only_put_away(self, inbox: Path) -> None:
        self.put(inbox, self.FILES)
        self.take()
        self.put(inbox, self.FILES)
        self.take()
        assert Feed.objects.filter(status="already_imported").count() == 6
        assert [p.name for p in inbox.iterdir()] == ["done"]


@pytest.fixture
def uploads(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOADS = tmp_path / "uploads"
    settings.UPLOADS.mkdir()
    return settings.UPLOADS


def upload(folder: Path, text: str = BALANCES, *, name: str = "balances.csv", **fields: object) -> Feed:
    """A sealed file as the upload page leaves it, received."""
    stored_as = f"{len(list(folder.iterdir()))}.sealed"
    with (folder / stored_as).open("wb") as file:
        crypto.seal_stream(io.BytesIO(text.encode()), file)
    return receive_feed(
        **{
            "kind": None,
            "upload_name": name,
            "stored_as": stored_as,
            "business_date": DAY,
            "controls": Controls(max_rejected=Decimal(1)),
            "actor": HEAD,
            "at": NOW,
            **fields,
        }
    )


def fresh(feed: Feed) -> Feed:
    return Feed.objects.get(pk=feed.pk)


def trail() -> list[str]:
    return list(TrailEntry.objects.filter(subject="customers.feed").order_by("id").values_list("action", flat=True))


@pytest.mark.usefixtures("accounts")
class TestUploads:
    def test_an_upload_waits_is_checked_and_imported(self, uploads: Path) -> None:
        feed = upload(uploads, BALANCES + "Z9,1\n")
        assert (feed.kind, feed.status, feed.source, feed.actor_no) == ("balances", "waiting", "upload", "S9")
        assert (feed.job.name, feed.job.state, feed.job.args) == ("customers.check_feed", "waiting", {"feed": feed.pk})

        check_feed(feed.job_id)
        checked = fresh(feed)
        assert (checked.status, checked.rows, checked.rejected, checked.created) == ("dry_run", 3, 1, 2)
        assert (checked.rejects.count(), AccountBalance.objects.count()) == (1, 0)
        assert checked.job.counts["status"] == "dry_run"

        waiting = commit_feed(feed=checked, actor=HEAD, at=NOW)
        assert (waiting.status, waiting.job.name) == ("waiting", "customers.import_feed")
        import_feed(waiting.job_id)
        done = fresh(feed)
        assert (done.status, done.created, done.job.state, done.rejects.count()) == ("committed", 2, "done", 1)
        assert AccountBalance.objects.count() == 2
        assert list(uploads.iterdir()) == []
        assert trail() == ["upload", "import"]

    def test_the_kind_is_told_or_guessed(self, uploads: Path) -> None:
        assert upload(uploads, "客户号,姓名,机构号\n").kind == "customers"
        assert upload(uploads, kind=FeedKind.RATES).kind == "rates"
        with pytest.raises(UnknownKind):
            upload(uploads, "a,b\n1,2\n")
        with pytest.raises(UnreadableFile):
            upload(uploads, "")

    def test_an_upload_may_be_imported_without_a_check(self, uploads: Path) -> None:
        feed = upload(uploads, dry_run=False)
        assert feed.job.name == "customers.import_feed"
        import_feed(feed.job_id)
        assert fresh(feed).status == "committed"

    @pytest.mark.parametrize(
        ("text", "controls", "status"),
        [
            (BALANCES, Controls(rows=3), "refused"),
            (BALANCES, Controls(total=Decimal("11.51")), "refused"),
            (BALANCES + "Z9,1\n", Controls(), "refused"),
            (BALANCES + "A1,1\n" * 30 + 'A1,"\n', Controls(), "failed"),
            (BALANCES, Controls(rows=2, total=Decimal("11.50")), "dry_run"),
        ],
    )
    def test_controls_go_along(self, uploads: Path, text: str, controls: Controls, status: str) -> None:
        feed = upload(uploads, text, controls=controls)
        check_feed(feed.job_id)
        assert fresh(feed).status == status
        assert len(list(uploads.iterdir())) == (status == "dry_run")
        if status != "dry_run":
            with pytest.raises(FeedNotChecked):
                commit_feed(feed=feed, actor=HEAD, at=NOW)

    def test_only_a_checked_upload_can_be_imported_and_only_once(self, uploads: Path) -> None:
        feed = upload(uploads)
        with pytest.raises(FeedNotChecked):
            commit_feed(feed=feed, actor=HEAD, at=NOW)
        check_feed(feed.job_id)
        commit_feed(feed=feed, actor=HEAD, at=NOW)
        with pytest.raises(FeedNotChecked):
            commit_feed(feed=feed, actor=HEAD, at=NOW)
        import_feed(fresh(feed).job_id)
        for refused in (commit_feed, discard_feed):
            with pytest.raises(FeedNotChecked):
                refused(feed=feed, actor=HEAD, at=NOW)

    def test_a_discarded_upload_is_gone_with_its_file(
        self, uploads: Path, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
    ) -> None:
        feed = upload(uploads, BALANCES + "Z9,1\n")
        with pytest.raises(FeedNotChecked):
            discard_feed(feed=feed, actor=HEAD, at=NOW)
        check_feed(feed.job_id)
        with django_capture_on_commit_callbacks(execute=True):
            discard_feed(feed=feed, actor=HEAD, at=NOW)
        assert not Feed.objects.exists()
        assert list(uploads.iterdir()) == []
        assert trail() == ["upload", "discard"]

    def test_what_changed_since_the_check_counts_at_the_import(self, uploads: Path) -> None:
        feed = upload(uploads)
        check_feed(feed.job_id)
        again = upload(uploads)
        check_feed(again.job_id)
        for one in (feed, again):
            import_feed(commit_feed(feed=one, actor=HEAD, at=NOW).job_id)
        assert [fresh(one).status for one in (feed, again)] == ["committed", "already_imported"]
        assert list(uploads.iterdir()) == []

    def test_a_job_whose_worker_died_after_the_import_finds_it_done(self, uploads: Path) -> None:
        feed = upload(uploads, dry_run=False)
        import_feed(feed.job_id)
        before = fresh(feed)
        Job.objects.filter(pk=feed.job_id).update(state="running")

        import_feed(feed.job_id)

        after = fresh(feed)
        assert (after.status, after.created, after.job.state) == ("committed", before.created, "done")
        assert after.job.counts == before.job.counts

    def test_a_file_that_is_gone_is_a_failed_import(self, uploads: Path) -> None:
        feed = upload(uploads)
        next(uploads.iterdir()).unlink()
        check_feed(feed.job_id)
        assert fresh(feed).status == "failed"

    @pytest.mark.parametrize("rows", [1, 150_000], ids=["in its first piece", "in its last piece"])
    def test_a_changed_file_is_not_imported(self, uploads: Path, rows: int) -> None:
        feed = upload(uploads, BALANCES + "A1,1.00\n" * rows)
        path = next(uploads.iterdir())
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        check_feed(feed.job_id)
        assert (fresh(feed).status, AccountBalance.objects.count()) == ("failed", 0)

    def test_a_long_import_says_how_far_it_is(self, uploads: Path) -> None:
        text = "account_no,balance\n" + "".join(f"A{n},1\n" for n in range(1, 6001))
        feed = upload(uploads, text)
        openings, told = 0, list[int]()

        def opener() -> io.BytesIO:
            nonlocal openings
            openings += 1
            if openings == 5:  # the one inside the COPY
                time.sleep(1.1)
            return io.BytesIO(text.encode())

        def watch(rows: int) -> None:
            told.append(rows)
            Progress(feed.job_id).report_beside(rows, 6000)

        done = feeds.import_feed(
            kind=FeedKind.BALANCES,
            source=Source("balances.csv", opener),
            business_date=DAY,
            controls=Controls(max_rejected=Decimal(1)),
            actor=HEAD,
            at=NOW,
            watch=watch,
        )
        assert (done.status, done.accepted, told) == ("committed", 2, [2000])


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_checks_and_imports(
    broker: Broker, worker: Callable[..., AbstractContextManager[object]], uploads: Path, accounts: None
) -> None:
    def until(feed: Feed, status: str) -> Feed:
        deadline = time.monotonic() + 20
        while (found := fresh(feed)).status != status:
            assert time.monotonic() < deadline, found.status
            time.sleep(0.05)
        return found

    with worker():
        with transaction.atomic():
            feed = upload(uploads)
        commit_feed(feed=until(feed, "dry_run"), actor=HEAD, at=NOW + timedelta(minutes=1))
        until(feed, "committed")

    assert AccountBalance.objects.count() == 2
    assert Customer.everything.get().position.total == Decimal("11.50")
