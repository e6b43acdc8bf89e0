"""The KYC queue: what falls due, how urgent it is, and how it was settled."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now, today
from core.errors import DomainError
from customers.enums import KycKind
from customers.filters.kyc import KYC, days_left
from customers.forms.kyc import RenewForm, ReviewForm
from customers.models import KycItem
from customers.queries import kyc as queries
from customers.rules.kyc import BUILT_IN, GRADES, KycPolicy, fold
from customers.services import kyc as services
from staff.access import CUSTOMER_ROLES, SERVING, has_role, roles
from staff.queries import policy_on

INVALID = 422  # htmx shows forms with errors under this status
TILE_TONES = {"warn": "warn", "bad": "bad"}
GRADE_NAMES: Mapping[str, str | Promise] = {
    "high": _("High risk"),
    "medium_high": _("Medium-high risk"),
    "medium": _("Medium risk"),
    "low": _("Low risk"),
}


@roles(*CUSTOMER_ROLES)
@require_GET
def kyc_queue(request: HttpRequest) -> HttpResponse:
    """What falls due of customers in scope, the longest overdue first."""
    day = today()
    policy = queries.kyc_policy(day)
    context = {
        "tiles": [_tile(count) for count in queries.notice_counts(request.user, day, policy)],
        "listing": KYC.show(request, queries.kyc_queue(request.user)),
        "page_title": _t("KYC"),
    }
    return render(request, "customers/kyc.html", context)


def _tile(count: queries.NoticeCount) -> dict[str, Any]:
    return {
        "label": count.label,
        "value": f"{count.items:,}",
        "url": f"{reverse('customers:kyc')}?{urlencode({'notice': count.notice})}",
        "tone": TILE_TONES.get(count.tone, "") if count.items else "",
        "hint": count.consequence,
    }


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD"])
def kyc_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One item: how it stands, what follows, earlier reviews, and the form that settles it."""
    item = _item(request, pk)
    return render(request, "customers/kyc_item.html", _shown(request, item, _form(item, None)))


def _item(request: HttpRequest, pk: int) -> KycItem:
    rows = KycItem.objects.visible_to(request.user).filter(customer__merged_into=None)
    return get_object_or_404(rows.select_related("customer__branch", "customer__manager", "closed_by"), pk=pk)


@roles(*SERVING)
@require_http_methods(["POST"])
def kyc_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down the renewed document or the review that was made."""
    item = _item(request, pk)
    form = _form(item, request.POST)
    if form.is_valid():
        try:
            words = _settle(request, item, form.cleaned_data)
        except services.KycItemClosed as error:
            messages.error(request, str(error))
            return redirect("customers:kyc_item", pk)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, words)
            return redirect("customers:kyc")
    return render(request, "customers/kyc_item.html", _shown(request, item, form), status=INVALID)


def _settle(request: HttpRequest, item: KycItem, said: Mapping[str, Any]) -> str:
    names = {"name": item.customer.name}
    if item.kind == KycKind.DOCUMENT:
        services.renew_document(item=item, actor=request.user, at=now(), **said)
        return _t("The new document of %(name)s was written down.") % names
    services.record_review(item=item, actor=request.user, at=now(), **said)
    item.customer.refresh_from_db()
    due = queries.next_review_due(item.customer, queries.kyc_policy(today()))
    return _t("The review of %(name)s was written down; the next is due on %(day)s.") % {**names, "day": due}


def _form(item: KycItem, data: Any) -> RenewForm | ReviewForm:
    if item.kind == KycKind.DOCUMENT:
        return RenewForm(data)
    words = policy_on(queries.POLICY_KIND, today(), BUILT_IN).values["words"]
    grades = [(words[grade][0], GRADE_NAMES[grade]) for grade in GRADES]
    now_graded = fold(item.customer.risk_grade)
    present = next((words[g][0] for g in GRADES if now_graded in {fold(word) for word in words[g]}), None)
    unknown = [] if present else [("", _("Choose a grade"))]
    return ReviewForm(data, grades=[*unknown, *grades], initial={"grade": present})


def _shown(request: HttpRequest, item: KycItem, form: RenewForm | ReviewForm) -> dict[str, Any]:
    day = today()
    policy: KycPolicy = queries.kyc_policy(day)
    customer = item.customer
    facts = [
        {"label": _("What"), "value": item.get_kind_display()},
        {"label": _("Due on"), "value": item.due_on, "kind": "date", "hint": _hint(item)},
        {"label": _("Identity document"), "value": customer.get_id_type_display()},
        {"label": _("Risk grade"), "value": customer.risk_grade},
        {"label": _("Branch"), "value": customer.branch.name},
        {"label": _("Manager"), "value": customer.manager.name if customer.manager else ""},
        {"label": _("Noticed on"), "value": item.opened_on, "kind": "date"},
    ]
    return {
        "item": item,
        "customer": customer,
        "facts": facts,
        "standing": queries.standing_of(item, day, policy) if item.closed_on is None else None,
        "reviews": queries.reviews_of(customer.pk),
        "form": form,
        "may_settle": item.closed_on is None and has_role(request.user, *SERVING),
        "crumbs": [{"label": _("KYC"), "url": reverse("customers:kyc")}, {"label": customer.name}],
        "page_title": customer.name,
    }


def _hint(item: KycItem) -> str:
    return days_left((item.due_on - today()).days) if item.closed_on is None else ""
