"""The queue of findings, how complete records are, and the question to ask next."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from core.pages import Listing
from core.pages.cells import table_cell
from customers.enums import FlagKind, Source
from customers.filters.quality import FINDINGS
from customers.forms.profile import fault_words
from customers.forms.quality import AnswerForm, DismissFindingForm
from customers.models import Customer, QualityFlag
from customers.queries import quality as queries
from customers.queries.quality import Question, TierCompleteness
from customers.rules.quality import ASKABLE, STALE
from customers.services import answers, quality
from customers.services.profile import ProfileRefused
from customers.views.scope import customer_in_sight
from staff.access import CUSTOMER_ROLES, HEADS, SERVING, has_role, roles

INVALID = 422
KEPT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many findings of a kind there are, and the address of just these."""

    kind: FlagKind
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding in the list with what can be done about it; `twin` is the number of the customer to compare with."""

    cells: list[SafeString]
    flag: QualityFlag
    may_confirm: bool
    twin: str


@roles(*CUSTOMER_ROLES)
@require_GET
def finding_list(request: HttpRequest) -> HttpResponse:
    """What the rules find in the records in sight, the oldest first."""
    flags = QualityFlag.objects.visible_to(request.user)
    listing = FINDINGS.show(request, queries.findings(flags))
    context = {
        "listing": listing,
        "rows": _rows(request, listing),
        "tiles": _tiles(request),
        "may_act": has_role(request.user, *SERVING),
        "may_merge": has_role(request.user, *HEADS),
        "page_title": _("Data quality"),
    }
    return render(request, "customers/quality.html", context)


def _tiles(request: HttpRequest) -> list[KindCount]:
    counts = queries.findings_by_kind(QualityFlag.objects.visible_to(request.user).open())
    return [KindCount(kind, n, request.GET.get("kind") == kind) for kind, n in counts.items()]


def _rows(request: HttpRequest, listing: Listing) -> list[FindingRow]:
    flags = [row.object for row in listing.rows]
    twins = queries.twins(flags, Customer.objects.visible_to(request.user))
    return [
        FindingRow([table_cell(cell) for cell in row.cells], flag, FlagKind(flag.kind) in STALE, twins.get(flag.pk, ""))
        for row, flag in zip(listing.rows, flags, strict=True)
    ]


@roles(*CUSTOMER_ROLES)
@require_GET
def finding_tiles(request: HttpRequest) -> HttpResponse:
    """The numbers of findings by kind, again after one was settled."""
    return render(request, "customers/_quality_tiles.html", {"tiles": _tiles(request)})


@roles(*CUSTOMER_ROLES)
@require_GET
def completeness(request: HttpRequest) -> HttpResponse:
    """How complete the records in sight are, by tier; worked out at most every ten minutes."""
    day = today()
    key = f"customers.completeness.{request.user.pk}.{day:%Y%m%d}"
    found: list[TierCompleteness] | None = cache.get(key)
    if found is None:
        found = queries.completeness_by_tier(Customer.objects.visible_to(request.user), day)
        cache.set(key, found, KEPT_SECONDS)
    return render(request, "customers/_quality_completeness.html", {"tiers": found})


def _flag(request: HttpRequest, pk: int) -> QualityFlag:
    flags = QualityFlag.objects.visible_to(request.user).select_related("customer")
    return get_object_or_404(flags, pk=pk)


@roles(*SERVING)
@require_POST
def finding_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer was called back and the value is still right."""
    flag = _flag(request, pk)
    try:
        quality.confirm_by_call(flag=flag, source=Source.PHONE, actor=request.user, at=now())
    except DomainError as error:
        return _refused(request, flag, error)
    return _settled(request, flag, _("Confirmed by call-back today."))


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def finding_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Nothing is wrong, for a reason."""
    flag = _flag(request, pk)
    form = DismissFindingForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            quality.dismiss_flag(flag=flag, reason=form.cleaned_data["reason"], actor=request.user, at=now())
        except quality.NotOpen as error:
            return _refused(request, flag, error)
        except DomainError as error:
            form.add_error("reason", str(error))
        else:
            return _settled(request, flag, _("Dismissed."))
    context = {"flag": flag, "form": form, "page_title": flag.get_kind_display()}
    page = "customers/_quality_dismiss.html" if request.htmx else "customers/quality_dismiss.html"
    return render(request, page, context, status=INVALID if form.errors else 200)


def _settled(request: HttpRequest, flag: QualityFlag, words: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, words)
        return redirect("customers:quality")
    response = render(request, "customers/_quality_settled.html", {"flag": flag, "words": words, "tone": "good"})
    response["HX-Trigger"] = "quality-changed"
    return response


def _refused(request: HttpRequest, flag: QualityFlag, error: DomainError) -> HttpResponse:
    if not request.htmx:
        messages.error(request, str(error))
        return redirect("customers:quality")
    context = {"flag": flag, "words": str(error), "tone": "warn"}
    return render(request, "customers/_quality_settled.html", context, status=INVALID)


@roles(*SERVING)
@require_GET
def ask(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The one thing worth asking the customer now."""
    return _question(request, customer_in_sight(request, customer_no))


@roles(*SERVING)
@require_POST
def answer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Keep what the customer said, or that they do not want to say it, and ask no more for now."""
    customer, field = customer_in_sight(request, customer_no), request.POST.get("field", "")
    if field not in ASKABLE:
        return _question(request, customer, status=INVALID)
    question = queries.question_about(field)
    if "refuse" in request.POST:
        answers.refuse_question(customer=customer, field=field, actor=request.user, at=now())
        return _answered(request, customer, _("Noted: it will not be asked again for a while."))
    form = AnswerForm(request.POST, question=question, user=request.user)
    if form.is_valid() and _kept(request, customer, field, form):
        return _answered(request, customer, _("Noted, thank you."))
    return _question(request, customer, question, form, status=INVALID)


def _kept(request: HttpRequest, customer: Customer, field: str, form: AnswerForm) -> bool:
    try:
        answers.answer_question(customer=customer, field=field, actor=request.user, at=now(), **form.cleaned_data)
    except ProfileRefused as error:
        for fault in error.faults:
            form.add_error("value", fault_words(fault.code))
    except DomainError as error:
        form.add_error("value", str(error))
    return not form.errors


def _answered(request: HttpRequest, customer: Customer, words: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, words)
        return redirect(customer)
    context = {"customer": customer, "words": words, "percent": queries.completeness_of(customer, today())}
    return render(request, "customers/_asked.html", context)


def _question(
    request: HttpRequest,
    customer: Customer,
    question: Question | None = None,
    form: AnswerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    question = question or queries.ask_next(customer, today())
    context: dict[str, Any] = {
        "customer": customer,
        "question": question,
        "percent": queries.completeness_of(customer, today()),
        "form": form or (AnswerForm(question=question, user=request.user) if question else None),
    }
    return render(request, "customers/_ask.html", context, status=status)
