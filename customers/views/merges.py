"""Merging two records of one customer: side by side, progress and result, taking back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from core.clock import now
from core.errors import DomainError
from customers import queries
from customers.enums import MergeState
from customers.filters.merges import MERGES, TONES
from customers.forms.merges import MergeForm, PairForm
from customers.models import Customer, Merge
from customers.queries import merges as reads
from customers.rules.cells import narrow
from customers.rules.merges import DROPPED, GROUPS
from customers.services import merge_requests as services
from customers.services import records
from staff.access import HEADS, roles
from staff.models import User

RUNNING = {MergeState.WAITING, MergeState.UNDOING}
Pair = tuple[Customer, Customer]


@dataclass(frozen=True, slots=True)
class Line:
    """A field of both records; `side` says whose value is chosen, "" where there is nothing to choose."""

    name: str
    label: str
    a: str
    b: str
    side: str = ""


@roles(*HEADS)
@require_http_methods(["GET", "POST"])
def merge_page(request: HttpRequest) -> HttpResponse:
    """Two records side by side (?a= and ?b= are their numbers); posting has them made one."""
    pair_form = PairForm(request.GET or None)
    a, b = (_find(request, name) for name in "ab")
    if a is None or b is None:
        return _ask_pair(request, pair_form, a)
    refusal = _refusal(a, b)
    asks = isinstance(refusal, services.TwoDocuments)
    if refusal and not asks:
        pair_form.is_valid()
        pair_form.add_error("b", str(refusal))
        return _ask_pair(request, pair_form, a)
    form = MergeForm(request.POST if request.method == "POST" else None, asks_documents=asks)
    if form.is_valid() and (merge := _request(request, form, (a, b))):
        return redirect("customers:merge_result", merge.pk)
    return render(
        request, "customers/merge.html", _comparison(form, (a, b), request.user), status=422 if form.errors else 200
    )


def _find(request: HttpRequest, name: str) -> Customer | None:
    number = narrow(request.GET.get(name, "")).strip()
    if not number or "\x00" in number:
        return None
    visible = Customer.objects.visible_to(request.user).select_related("branch", "manager", "backup", "position")
    return visible.filter(customer_no=number).first()


def _refusal(a: Customer, b: Customer) -> DomainError | None:
    services.give_up_stuck([a.pk, b.pk])
    try:
        services.refuse_pair(a, b)
    except DomainError as error:
        return error
    return None


def _ask_pair(request: HttpRequest, form: PairForm, a: Customer | None) -> HttpResponse:
    """Ask for the numbers, with those that may be the same as the first."""
    if form.is_bound and form.is_valid():
        for name in "ab":
            if name not in form.errors and _find(request, name) is None:
                form.add_error(name, _("There is no customer of this number among those you may see."))
    is_first = form.is_bound and not form.data.get("b")
    context = {
        "form": PairForm(initial={"a": a.customer_no}) if a and is_first else form,
        "first": a,
        "others": reads.may_be_the_same(request.user, a) if a else [],
        "page_title": _("Merge two records"),
        "crumbs": _crumbs(_("Merge two records")),
    }
    return render(request, "customers/merge_pair.html", context)


def _request(request: HttpRequest, form: MergeForm, pair: Pair) -> Merge | None:
    kept, dropped = pair if form.cleaned_data["keep"] == "a" else reversed(pair)
    try:
        return services.request_merge(
            kept=kept,
            dropped=dropped,
            choices=form.choices(),
            reason=form.cleaned_data["reason"],
            is_confirmed=form.cleaned_data.get("confirmed", False),
            actor=request.user,
            at=now(),
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return None


def _comparison(form: MergeForm, pair: Pair, user: User) -> dict[str, Any]:
    keep = form.data.get("keep") if form.is_bound else reads.to_keep(*pair)
    chosen = form.data if form.is_bound else reads.preselected(*pair, keep)
    lines = list(_lines(pair, chosen))
    return {
        "form": form,
        "a": pair[0],
        "b": pair[1],
        "keep": keep,
        "choices": [line for line in lines if line.side],
        "same": [line for line in lines if not line.side],
        "children": reads.children_of(*pair, user),
        "page_title": _("Merge two records"),
        "crumbs": _crumbs(_("Merge two records")),
    }


def _lines(pair: Pair, chosen: Any) -> Iterator[Line]:
    """Fields that differ, with a choice; then what is the same or goes by the record that stays."""
    a, b = (_values(customer) for customer in pair)
    for group in GROUPS:
        if (a[group] or b[group]) and (a[group] != b[group] or not _is_same(group, pair)):
            yield Line(group, str(queries.LABELS[group]), a[group], b[group], chosen.get(group) or "a")
        elif a[group]:
            yield Line(group, str(queries.LABELS[group]), a[group], b[group])
    for name in ("branch", "manager", "backup"):
        people = [getattr(customer, name) for customer in pair]
        yield Line(name, str(queries.LABELS[name]), *(person.name if person else "" for person in people))


def _is_same(group: str, pair: Pair) -> bool:
    """Whether sealed values are the same behind their masks."""
    if f"{group}_cipher" not in GROUPS[group]:
        return True
    first, second = (records.unsealed(customer, group) for customer in pair)
    return first == second


def _values(customer: Customer) -> dict[str, str]:
    masked = records.mask(customer)
    until = _("without expiry") if customer.id_is_long_term else customer.id_expires_on
    document = [customer.get_id_type_display(), masked.id_no, until, customer.id_issued_by]
    special = {
        "id_no": " · ".join(str(part) for part in document if part),
        **{name: getattr(masked, name) for name in ("phone", "email", "address", "wechat")},
        "sex": customer.get_sex_display(),
        "origin": customer.get_origin_display(),
    }
    return {group: special.get(group, str(getattr(customer, group, "") or "")) for group in GROUPS}


@roles(*HEADS)
@require_GET
def merge_list(request: HttpRequest) -> HttpResponse:
    """Merges of customers in sight, the latest first."""
    context = {
        "listing": MERGES.show(request, reads.merges_for(request.user), amounts=True),
        "page_title": _("Merged records"),
    }
    return render(request, "customers/merges.html", context)


@roles(*HEADS)
@require_GET
def merge_result(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a merge is, what it did, and until when it can be taken back."""
    merge = _merge(request, pk)
    context = {
        "merge": merge,
        "tone": TONES[MergeState(merge.state)],
        "progress": _progress(merge),
        "fields": [queries.LABELS[group] for group, side in merge.choices.items() if side == DROPPED],
        "may_undo": reads.may_still_undo(merge, now()),
        "error": merge.job.error if merge.job and merge.job.state == "refused" else "",
        "crumbs": _crumbs(_("Merge")),
    }
    return render(request, "customers/merge_result.html", context)


def _merge(request: HttpRequest, pk: int) -> Merge:
    return get_object_or_404(reads.merges_for(request.user), pk=pk)


def _progress(merge: Merge) -> str:
    """State of the bar while the job is under way; "" when nothing is going on."""
    if merge.state not in RUNNING or merge.job is None:
        return ""
    return "failed" if services.is_given_up(merge.job) else str(merge.job.state)


@roles(*HEADS)
@require_GET
def merge_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The running merge or undo; once it is finished the page loads again."""
    merge = _merge(request, pk)
    if _progress(merge) in {"", "failed"}:
        return HttpResponseClientRefresh() if request.htmx else redirect("customers:merge_result", pk)
    return render(request, "customers/_merge_progress.html", {"merge": merge, "progress": _progress(merge)})


@roles(*HEADS)
@require_POST
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a merge taken back."""
    merge = _merge(request, pk)
    try:
        services.request_undo(merge=merge, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("customers:merge_result", pk)


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Merged records"), "url": reverse("customers:merges")}, {"label": title}]
