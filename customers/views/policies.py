"""Rules as dated data: what is in force, how it came about, and the way to a new version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from customers.forms.policies import PolicyDecisionForm, PolicyForm, label_of, leaves, shown
from customers.queries import policies as queries
from staff.access import has_role, roles
from staff.enums import PolicyStatus, Role
from staff.models import Approval, Policy
from staff.services import policies as services
from staff.services.policies import PolicyKind, Text

READERS = (Role.ADMIN, Role.BRANCH_HEAD, Role.HEAD_OFFICE, Role.COMPLIANCE, Role.AUDITOR)
EDITORS = (Role.ADMIN, Role.HEAD_OFFICE)
INVALID = 422  # htmx shows forms with errors under this status
TONES = {
    PolicyStatus.DRAFT: "neutral",
    PolicyStatus.SUBMITTED: "warn",
    PolicyStatus.APPROVED: "good",
    PolicyStatus.REJECTED: "bad",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that two versions have different, to read."""

    label: Text
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind as the list of rules shows it; version None = the built-in rules."""

    kind: PolicyKind
    in_force: Policy | None
    coming: Policy | None
    waiting: int


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as the history of a kind shows it, with what may be done about it."""

    policy: Policy
    tone: str
    in_force: bool
    before: Policy | None
    differences: list[Difference]
    asked: Approval | None
    form: PolicyDecisionForm
    may_edit: bool
    may_submit: bool
    may_decide: bool
    may_withdraw: bool
    may_go_back: bool

    @property
    def key(self) -> str:
        """The version's number as part of an element's id."""
        return str(self.policy.version)


@roles(*READERS)
@require_GET
def policy_list(request: HttpRequest) -> HttpResponse:
    """Every kind of rules with the version in force and the next one."""
    found, day = queries.all_versions(), today()
    rows = [_kind_row(kind, found.get(kind.key, []), day) for kind in _kinds().values()]
    return render(request, "customers/policies.html", {"rows": rows, "page_title": _("Rules")})


def _kind_row(kind: PolicyKind, versions: list[Policy], day: date) -> KindRow:
    waiting = sum(version.status == PolicyStatus.SUBMITTED for version in versions)
    return KindRow(kind, queries.in_force_among(versions, day), queries.next_among(versions, day), waiting)


@roles(*READERS)
@require_GET
def policy_detail(request: HttpRequest, kind: str) -> HttpResponse:
    """The versions of a kind, the newest first, each with what it changes and who stands behind it."""
    return render(request, "customers/policy.html", _detail(request, _kind(kind)))


def _kinds() -> Mapping[str, PolicyKind]:
    """Those of every app, as the composition root lists them."""
    kinds: Mapping[str, PolicyKind] = import_string(settings.POLICY_KINDS)
    return kinds


def _kind(key: str) -> PolicyKind:
    found = _kinds().get(key)
    if found is None:
        raise Http404
    return found


def _version(kind: str, version: int) -> Policy:
    return get_object_or_404(queries.versions_of(_kind(kind).key), version=version)


def _detail(
    request: HttpRequest, kind: PolicyKind, decided: PolicyDecisionForm | None = None, at: int = 0
) -> dict[str, Any]:
    versions, day = list(queries.versions_of(kind.key)), today()
    in_force, asked = queries.in_force_among(versions, day), queries.waiting_for(versions)
    rows = []
    for policy in versions:
        form = decided if decided is not None and policy.version == at else _decision(policy)
        rows.append(_row(request, kind, policy, versions, in_force, asked.get(policy.pk), form))
    return {
        "kind": kind,
        "rows": rows,
        "in_force": in_force,
        "coming": queries.next_among(versions, day),
        "values": list(_lines(kind, in_force.values if in_force else kind.built_in)),
        "may_edit": has_role(request.user, *EDITORS),
        "page_title": kind.title,
        "crumbs": [{"label": _("Rules"), "url": reverse("customers:policies")}, {"label": kind.title}],
    }


def _decision(policy: Policy) -> PolicyDecisionForm:
    return PolicyDecisionForm(initial={"digest": services.digest_of(policy)}, auto_id=f"id_%s_{policy.version}")


def _row(
    request: HttpRequest,
    kind: PolicyKind,
    policy: Policy,
    versions: list[Policy],
    in_force: Policy | None,
    asked: Approval | None,
    form: PolicyDecisionForm,
) -> VersionRow:
    before, is_editor = queries.predecessor(policy, versions), has_role(request.user, *EDITORS)
    mine = asked is not None and asked.requested_by_id == request.user.pk
    return VersionRow(
        policy=policy,
        tone=TONES[PolicyStatus(policy.status)],
        in_force=policy == in_force,
        before=before,
        differences=_differences(kind, before.values if before else None, policy.values),
        asked=asked,
        form=form,
        may_edit=is_editor and policy.status in services.EDITABLE,
        may_submit=is_editor and policy.status == PolicyStatus.DRAFT,
        may_decide=is_editor and asked is not None and not mine and policy.drafted_by_id != request.user.pk,
        may_withdraw=is_editor and mine,
        may_go_back=is_editor and policy.status == PolicyStatus.APPROVED and policy != in_force,
    )


def _lines(kind: PolicyKind, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    whole = {**kind.built_in, **values}
    for label, text in kind.summary(whole) if kind.summary else _parts(kind, whole).values():
        yield {"label": label, "value": text, "kind": "text"}


def _parts(kind: PolicyKind, whole: Mapping[str, Any]) -> Mapping[str, tuple[Text, str]]:
    if kind.parts:
        return kind.parts(whole)
    return {path: (label_of(kind.key, path), shown(value)) for path, value in leaves(whole)}


def _differences(kind: PolicyKind, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Difference]:
    old, new = _parts(kind, {**kind.built_in, **(before or {})}), _parts(kind, {**kind.built_in, **after})
    found = []
    for path in dict.fromkeys([*old, *new]):
        was, said = old.get(path, ("", ""))[1], new.get(path, ("", ""))[1]
        if was != said:
            found.append(Difference((new.get(path) or old[path])[0], was, said))
    return found


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def policy_draft(request: HttpRequest, kind: str) -> HttpResponse:
    """Draw up a version, beginning with what is in force."""
    found = _kind(kind)
    in_force = queries.in_force_among(list(queries.versions_of(kind)), today())
    initial = {"effective_on": today() + timedelta(days=1)}
    values = {**found.built_in, **(in_force.values if in_force else {})}
    return _edit(request, found, values, initial, None)


@roles(*EDITORS)
@require_http_methods(["GET", "HEAD", "POST"])
def policy_edit(request: HttpRequest, kind: str, version: int) -> HttpResponse:
    """Change a draft, or a version that was rejected."""
    policy, found = _version(kind, version), _kind(kind)
    if policy.status not in services.EDITABLE:
        return redirect("customers:policy", kind)
    initial = {"effective_on": policy.effective_on, "note": policy.note}
    return _edit(request, found, {**found.built_in, **policy.values}, initial, policy)


def _edit(
    request: HttpRequest, kind: PolicyKind, values: Mapping[str, Any], initial: dict[str, Any], policy: Policy | None
) -> HttpResponse:
    form = (kind.form or PolicyForm)(request.POST or None, kind=kind, values=values, initial=initial)
    if change := request.POST.get("change", ""):
        # A line more or less in the editor of a kind that has lines; nothing is saved yet.
        return _editor(request, kind, form.changed(change) if hasattr(form, "changed") else form, policy, 200)
    if request.method == "POST" and form.is_valid() and _save(request, kind, form, policy):
        messages.success(request, _("The draft was saved. It changes nothing until a second person approves it."))
        return redirect("customers:policy", kind.key)
    return _editor(request, kind, form, policy, INVALID if form.errors else 200)


def _editor(request: HttpRequest, kind: PolicyKind, form: Any, policy: Policy | None, status: int) -> HttpResponse:
    title = _("Change version %(version)s") % {"version": policy.version} if policy else _("New version")
    context = {
        "kind": kind,
        "form": form,
        "page_title": title,
        "crumbs": [
            {"label": _("Rules"), "url": reverse("customers:policies")},
            {"label": kind.title, "url": reverse("customers:policy", args=[kind.key])},
            {"label": title},
        ],
    }
    return render(request, "customers/policy_form.html", context, status=status)


def _save(request: HttpRequest, kind: PolicyKind, form: Any, policy: Policy | None) -> bool:
    said: dict[str, Any] = {
        "values": form.typed_values(),
        "effective_on": form.cleaned_data["effective_on"],
        "note": form.cleaned_data["note"],
        "actor": request.user,
        "at": now(),
        "read": kind.read,
    }
    try:
        if policy is None:
            services.draft_policy(kind=kind.key, **said)
        else:
            services.change_draft(policy=policy, **said)
    except services.PolicyDatePast as error:
        form.add_error("effective_on", str(error))
        return False
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


@roles(*EDITORS)
@require_POST
def policy_submit(request: HttpRequest, kind: str, version: int) -> HttpResponse:
    """Ask a second person to approve the draft."""
    try:
        services.submit(policy=_version(kind, version), actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The version is waiting for a second person."))
    return redirect("customers:policy", kind)


@roles(*EDITORS)
@require_POST
def policy_discard(request: HttpRequest, kind: str, version: int) -> HttpResponse:
    """Throw a draft away."""
    try:
        services.discard(policy=_version(kind, version), actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The draft was discarded."))
    return redirect("customers:policy", kind)


@roles(*EDITORS)
@require_POST
def policy_rollback(request: HttpRequest, kind: str, version: int) -> HttpResponse:
    """Draw up a version with the values of an older one, to be dated, submitted and approved like any other."""
    policy, note = _version(kind, version), _("Back to version %(version)s") % {"version": version}
    tomorrow = today() + timedelta(days=1)
    try:
        again = services.roll_back(
            policy=policy, effective_on=tomorrow, note=note, actor=request.user, at=now(), read=_kind(kind).read
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("customers:policy", kind)
    messages.success(request, _("A draft with the values of version %(version)s was made.") % {"version": version})
    return redirect("customers:policy_edit", kind, again.version)


@roles(*EDITORS)
@require_POST
def policy_decide(request: HttpRequest, kind: str, version: int) -> HttpResponse:
    """Approve or send back, as the second person; or take one's own request back."""
    policy = _version(kind, version)
    form = PolicyDecisionForm(request.POST, auto_id=f"id_%s_{version}")
    if form.is_valid():
        try:
            words = _decide(request, policy, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, words)
            return redirect("customers:policy", kind)
    return render(request, "customers/policy.html", _detail(request, _kind(kind), form, version), status=INVALID)


def _decide(request: HttpRequest, policy: Policy, decision: str, digest: str, comment: str) -> str:
    who: dict[str, Any] = {"policy": policy, "actor": request.user, "at": now()}
    if decision == "withdraw":
        services.withdraw(**who)
        return _("Taken back: it is a draft again.")
    approve = decision == "approve"
    services.decide(**who, digest=digest, approve=approve, comment=comment, read=_kind(policy.kind).read)
    if approve:
        return _("Approved: it takes effect on %(day)s.") % {"day": policy.effective_on.isoformat()}
    return _("Sent back: it can be changed and submitted again.")
