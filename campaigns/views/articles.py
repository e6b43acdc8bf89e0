"""The library for customers: the list, one piece, drawing one up, its steps and reviews."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import ContentState
from campaigns.filters.content import ARTICLES, tier_names
from campaigns.forms.content import ArticleForm, ReviewForm
from campaigns.models import Article
from campaigns.queries.articles import articles, to_review
from campaigns.queries.content import DECIDERS, MAKERS
from campaigns.services import articles as services
from campaigns.views.content import INVALID, crumbs, people_facts, shown, taken
from core.clock import now, today
from core.errors import DomainError
from staff.access import CUSTOMER_ROLES, has_role, roles

LIST = "campaigns:library"
FIELDS = ("title", "subject", "body", "tiers", "expires_on", "review_on")


def _rows(request: HttpRequest) -> Any:
    seen = Article.objects.visible_to(request.user).values("pk")
    return articles().filter(pk__in=seen).select_related("created_by__branch", "approved_by")


@roles(*CUSTOMER_ROLES)
@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """Every version of every piece, the latest first; how many are to be reviewed on top."""
    rows = _rows(request)
    context = {
        "listing": ARTICLES.show(request, rows),
        "due_count": rows.filter(to_review(today())).count(),
        "may_make": has_role(request.user, *MAKERS),
        "page_title": _("Library"),
    }
    return render(request, "campaigns/library.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def article(request: HttpRequest, pk: int) -> HttpResponse:
    """One piece: its words, for whom, until when, how often it was given, and where it stands."""
    row = get_object_or_404(_rows(request), pk=pk)
    page = shown(request, row)
    may_review = page["may_retire"] and row.created_by_id != request.user.pk
    context = {
        **page,
        "facts": [*_facts(row), *people_facts(row)],
        "review_form": ReviewForm() if may_review else None,
        "page_title": row.title,
        "crumbs": crumbs(_("Library"), reverse(LIST), str(row)),
    }
    return render(request, "campaigns/article.html", context)


def _facts(row: Any) -> Iterator[dict[str, Any]]:
    yield {"label": _("About"), "value": row.get_subject_display()}
    yield {"label": pgettext("content", "Version"), "value": row.version}
    yield {"label": _("For tiers"), "value": tier_names(row.tiers)}
    yield {"label": _("Valid until"), "value": row.expires_on, "kind": "date"}
    yield {"label": _("Next review on"), "value": row.review_on, "kind": "date"}
    yield {"label": _("Times given"), "value": row.used}


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def article_new(request: HttpRequest) -> HttpResponse:
    """Draw up a piece."""
    form = ArticleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            facts = services.ArticleFacts(**form.cleaned_data)
            row = services.draft_article(facts=facts, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect(row.get_absolute_url())
    return _form(request, form, _("New piece"), reverse(LIST))


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def article_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own draft."""
    row = get_object_or_404(_rows(request), pk=pk, created_by=request.user, state=ContentState.DRAFT)
    initial = {name: getattr(row, name) for name in FIELDS}
    form = ArticleForm(request.POST or None, initial=initial, version=row.version)
    if request.method == "POST" and form.is_valid():
        try:
            facts = services.ArticleFacts(**form.cleaned_data)
            services.change_article(article=row, facts=facts, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(row.get_absolute_url())
    return _form(request, form, str(row), row.get_absolute_url())


def _form(request: HttpRequest, form: ArticleForm, title: str, back: str) -> HttpResponse:
    context = {"form": form, "back": back, "page_title": title, "crumbs": crumbs(_("Library"), reverse(LIST), title)}
    return render(request, "campaigns/article_form.html", context, status=INVALID if form.errors else 200)


@roles(*MAKERS, *DECIDERS)
@require_POST
def article_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Submit, decide, take back, put away or throw away a version, begin its next one, or review it."""
    row = get_object_or_404(_rows(request), pk=pk)
    if step == "review":
        return _reviewed(request, row)
    if step != "version":
        return taken(request, row, step, LIST)
    try:
        made = services.next_article(article=row, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(row.get_absolute_url())
    return redirect("campaigns:article_edit", made.pk)


def _reviewed(request: HttpRequest, row: Article) -> HttpResponse:
    form = ReviewForm(request.POST)
    try:
        if form.is_valid():
            services.review_article(article=row, actor=request.user, at=now(), **form.cleaned_data)
            messages.success(request, _("Reviewed; the next review has its day."))
        else:
            messages.error(request, _("Write the day of the next review."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(row.get_absolute_url())
