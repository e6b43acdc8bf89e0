"""Feed files: the list, upload, what a check found, import, and what the columns are called."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from core.clock import now
from core.enums import JobState
from core.errors import DomainError
from core.models import Job
from customers.enums import FeedKind, FeedStatus
from customers.exports import example_of, reason_word, rejected_rows, rejects_file, sample_file
from customers.filters import FEED_TONES, FEEDS
from customers.forms import FeedUploadForm
from customers.models import Feed
from customers.rules.feeds import COLUMNS
from customers.services import intake
from customers.services.feeds import Controls
from staff.access import has_role, roles
from staff.enums import Role

FEED_READERS = (Role.ADMIN, Role.HEAD_OFFICE)
SHOWN_REJECTS = 20
UNFINISHED = {JobState.WAITING, JobState.RUNNING}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were rejected, and how many."""

    word: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """A line of the page that explains the columns."""

    name: str
    heading: str
    required: bool
    example: str


@roles(*FEED_READERS)
@require_GET
def feed_list(request: HttpRequest) -> HttpResponse:
    """Feed files, the latest first."""
    context = {
        "listing": FEEDS.show(request, Feed.objects.all(), amounts=True),
        "may_upload": has_role(request.user, Role.ADMIN),
        "page_title": _("Feeds"),
    }
    return render(request, "customers/feeds.html", context)


@roles(Role.ADMIN)
@require_http_methods(["GET", "POST"])
def feed_upload(request: HttpRequest) -> HttpResponse:
    """Take files in; each is checked in the background."""
    form = FeedUploadForm(request.POST, request.FILES) if request.method == "POST" else FeedUploadForm()
    if form.is_valid():
        received = [feed for file in form.cleaned_data["files"] if (feed := _receive(request, form, file))]
        if received:
            messages.success(request, _received_words(len(received)))
            return redirect("customers:feed", received[0].pk) if len(received) == 1 else redirect("customers:feeds")
    title = _("Upload feed files")
    context = {"form": form, "kinds": FeedKind, "page_title": title, "crumbs": _crumbs(title)}
    return render(request, "customers/upload.html", context, status=422 if form.errors else 200)


def _received_words(count: int) -> str:
    text = ngettext("%(count)d file was taken in and is being checked.", "%(count)d files were taken in.", count)
    return text % {"count": count}


def _receive(request: HttpRequest, form: FeedUploadForm, file: UploadedFile) -> Feed | None:
    data = form.cleaned_data
    try:
        feed = intake.receive_feed(
            kind=FeedKind(data["kind"]) if data["kind"] else None,
            upload_name=file.name or "",
            stored_as=file.stored_as,
            business_date=data["business_date"],
            controls=Controls(data["control_rows"], data["control_total"], form.share()),
            actor=request.user.actor,
            at=now(),
        )
    except DomainError as error:
        form.add_error("files", f"{file.name}: {error}")
        return None
    file.keep()  # a refused one goes with the request
    return feed


@roles(*FEED_READERS)
@require_GET
def feed_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What is in a file, and what became of it."""
    feed = _feed(pk)
    running = _is_running(feed)
    is_admin = has_role(request.user, Role.ADMIN)
    context = {
        "feed": feed,
        "tone": FEED_TONES[FeedStatus(feed.status)],
        "running": running,
        "progress": _progress(feed.job) if running and feed.job else {},
        "reasons": _reasons(feed),
        "notes": _notes(feed),
        "rejects": rejected_rows(feed, SHOWN_REJECTS) if feed.rejected and not running else [],
        "may_import": is_admin and not running and feed.status == FeedStatus.DRY_RUN,
        "may_discard": is_admin and not running and feed.stored_as and feed.status != FeedStatus.COMMITTED,
        "may_download": is_admin and not running and feed.rejected,
        "broken": _broken(feed),
        "crumbs": _crumbs(feed.file_name),
    }
    return render(request, "customers/feed.html", context)


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Feeds"), "url": reverse("customers:feeds")}, {"label": title}]


def _feed(pk: int) -> Feed:
    return get_object_or_404(Feed.objects.select_related("job"), pk=pk)


def _is_running(feed: Feed) -> bool:
    return feed.job is not None and feed.job.state in UNFINISHED and feed.status == FeedStatus.WAITING


def _broken(feed: Feed) -> bool:
    """True when no worker could finish the job: the file itself is not to blame."""
    return feed.status == FeedStatus.WAITING and feed.job is not None and feed.job.state not in UNFINISHED


def _progress(job: Job) -> dict[str, Any]:
    eta = ""
    if job.started_at and job.done_count and job.total_count:
        seconds = (now() - job.started_at).total_seconds() * (job.total_count - job.done_count) / job.done_count
        eta = _("about %(seconds)d s left") % {"seconds": max(1, round(seconds))}
    detail = f"{job.done_count:,} / {job.total_count:,}" if job.total_count else ""
    return {"state": job.state, "value": job.done_count, "max": job.total_count or "", "eta": eta, "detail": detail}


def _reasons(feed: Feed) -> list[Reason]:
    parts = (note.split(":") for note in feed.notes if note.startswith("rejected:"))
    return [Reason(reason_word(code), int(count)) for _word, code, count in parts]


def _notes(feed: Feed) -> dict[str, list[str]]:
    """Headings nobody asked for, and whatever else the engine had to say."""
    ignored = [note.partition(":")[2] for note in feed.notes if note.startswith("ignored_column:")]
    others = [note for note in feed.notes if not note.startswith(("ignored_column:", "rejected:"))]
    return {"ignored": ignored, "others": others}


@roles(*FEED_READERS)
@require_GET
def feed_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the check or the import is; once it is finished the page loads again."""
    feed = _feed(pk)
    if not _is_running(feed) or feed.job is None:
        return HttpResponseClientRefresh() if request.htmx else redirect("customers:feed", pk)
    return render(request, "customers/_progress.html", {"feed": feed, "progress": _progress(feed.job)})


@roles(Role.ADMIN)
@require_POST
def feed_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Import a checked file in the background."""
    intake.commit_feed(feed=_feed(pk), actor=request.user.actor, at=now())
    return redirect("customers:feed", pk)


@roles(Role.ADMIN)
@require_POST
def feed_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget an upload and its file."""
    intake.discard_feed(feed=_feed(pk), actor=request.user.actor, at=now())
    messages.success(request, _("The file was discarded."))
    return redirect("customers:feeds")


@roles(Role.ADMIN)
@require_GET
def feed_rejects(request: HttpRequest, pk: int) -> HttpResponse:
    """The rejected rows as a file."""
    return rejects_file(_feed(pk), actor=request.user.actor, at=now())


@roles(*FEED_READERS)
@require_GET
def feed_columns(request: HttpRequest) -> HttpResponse:
    """What the columns of each kind of file are called and hold."""
    kinds = [
        (kind, [ColumnLine(c.name, c.heading, c.required, example_of(kind, c.name)) for c in COLUMNS[kind]])
        for kind in FeedKind
    ]
    title = _("Columns of feed files")
    return render(request, "customers/columns.html", {"kinds": kinds, "page_title": title, "crumbs": _crumbs(title)})


@roles(*FEED_READERS)
@require_GET
def feed_sample(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty file with the headings of a kind, in Chinese or (?language=en) in English."""
    if kind not in FeedKind.values:
        raise Http404
    chinese = request.GET.get("language") != "en"
    text = sample_file(FeedKind(kind), chinese=chinese)
    name = f"{kind}_{'zh' if chinese else 'en'}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
