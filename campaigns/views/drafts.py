"""Drawing a campaign up: one page for each kind, with what it would reach and cost beside it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.enums import CampaignKind, CampaignState
from campaigns.forms.campaigns import KINDS, CampaignForm, EstimateForm, initial_of
from campaigns.models import Campaign
from campaigns.queries import approval as content
from campaigns.queries import campaigns as queries
from campaigns.queries.audience import reach_of
from campaigns.queries.wording import word_rules
from campaigns.rules.wording import sms_parts, typical
from campaigns.services import campaigns as services
from campaigns.services import drafts
from campaigns.views.parts import INVALID, crumbs
from core.clock import now, today
from core.errors import DomainError
from customers.enums import ConsentChannel
from staff.access import roles

KIND_WORDS = {
    CampaignKind.MESSAGE: gettext_lazy("Text messages, e-mails, WeCom or the app, to everybody of a segment at once."),
    CampaignKind.CALL: gettext_lazy("Managers call their own customers, so many a workday, with your words at hand."),
    CampaignKind.TRIGGER: gettext_lazy("A message when something happens: a maturity, a birthday, a large inflow."),
    CampaignKind.EVENT: gettext_lazy("Messages with a link by which each guest answers; the answers fill the seats."),
}


@roles(*queries.MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Draw a campaign up; its kind is said in the address."""
    kind = _kind(request)
    form = CampaignForm(request.POST or None, kind=kind, user=request.user, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = drafts.draft_campaign(
                facts=form.facts(), actor=request.user, at=now(), once=form.cleaned_data["once"]
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _saved(request, made)
    return _page(request, form, _("New campaign"), crumbs())


@roles(*queries.MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft of one's own."""
    mine = queries.campaigns_of(request.user).filter(created_by=request.user, state=CampaignState.DRAFT)
    campaign = get_object_or_404(mine, pk=pk)
    digest = content.digest_of(content.content_of(campaign))
    initial = initial_of(campaign, digest=digest)
    form = CampaignForm(request.POST or None, kind=campaign.kind, user=request.user, campaign=campaign, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            facts, read = form.facts(), form.cleaned_data["read"]
            made = drafts.change_campaign(campaign=campaign, facts=facts, actor=request.user, at=now(), read=read)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _saved(request, made)
    return _page(request, form, campaign.name, crumbs(campaign))


@roles(*queries.MAKERS)
@require_POST
def campaign_estimate(request: HttpRequest) -> HttpResponse:
    """What the form, as far as it is filled in, would reach and cost; nothing while something is missing."""
    form, kind = EstimateForm(request.POST, user=request.user), _kind(request)
    context: dict[str, Any] = {"kind": kind, "is_ready": form.is_valid() and kind != CampaignKind.TRIGGER}
    if context["is_ready"]:
        draft = form.draft(kind, request.user)
        reach = reach_of(draft, request.user, today())
        context |= {"reach": reach, "cost": reach.treated * draft.cost if reach else None}
    template = form.cleaned_data.get("template")
    if template is not None and template.channel == ConsentChannel.SMS:
        rules = word_rules(today())
        context["parts"] = sms_parts(typical(template.body), rules.sms_single, rules.sms_part)
    return render(request, "campaigns/_estimate.html", context)


def _kind(request: HttpRequest) -> CampaignKind:
    asked = request.GET.get("kind", "")
    return CampaignKind(asked) if asked in KINDS else CampaignKind.MESSAGE


def _initial(request: HttpRequest) -> dict[str, Any]:
    found: dict[str, Any] = {"branch": request.user.branch.code, "starts_on": today()}
    given = {name: request.GET.get(name, "") for name in ("segment", "event")}
    return found | {name: key for name, key in given.items() if key.isdecimal() and len(key) < 19}


def _saved(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Saved; with "submit" pressed it is submitted at once, and stays a draft where that is refused."""
    if "submit" in request.POST:
        try:
            services.submit(campaign=campaign, actor=request.user, at=now())
            messages.success(request, _("Submitted: the heads of the unit were told."))
        except DomainError as error:
            messages.error(request, str(error))
    else:
        messages.success(request, _("Saved as a draft."))
    return redirect("campaigns:detail", campaign.pk)


def _page(request: HttpRequest, form: CampaignForm, title: str, way: list[dict[str, str]]) -> HttpResponse:
    url = reverse("campaigns:new")
    context = {
        "form": form,
        "kind": CampaignKind(form.kind),
        "kinds": [(kind, kind.label, KIND_WORDS[kind], f"{url}?kind={kind}") for kind in KINDS],
        "estimate_url": f"{reverse('campaigns:estimate')}?kind={form.kind}",
        "page_title": title,
        "crumbs": [*way, {"label": title}] if way[-1]["label"] != title else way,
    }
    return render(request, "campaigns/form.html", context, status=INVALID if form.errors else 200)
