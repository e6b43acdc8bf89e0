"""Templates: the list, one version with its preview, drawing one up, and its steps."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import ContentState
from campaigns.filters.content import TEMPLATES
from campaigns.forms.content import TemplateForm
from campaigns.models import Template
from campaigns.queries.content import DECIDERS, MAKERS
from campaigns.queries.previews import Preview, preview
from campaigns.queries.wording import word_rules
from campaigns.rules.wording import missing_in
from campaigns.services import templates as services
from campaigns.views.content import INVALID, crumbs, people_facts, shown, taken
from core.clock import now, today
from core.errors import DomainError
from core.wording import listed
from staff.access import CUSTOMER_ROLES, has_role, roles

LIST = "campaigns:templates"
WRITERS = tuple(dict.fromkeys((*MAKERS, *DECIDERS)))


def _rows(request: HttpRequest) -> Any:
    return Template.objects.visible_to(request.user).select_related("created_by__branch", "approved_by")


@roles(*CUSTOMER_ROLES)
@require_GET
def template_list(request: HttpRequest) -> HttpResponse:
    """Every version of every template, the latest first."""
    listing = TEMPLATES.show(request, _rows(request))
    may_make = has_role(request.user, *MAKERS)
    context = {"listing": listing, "may_make": may_make, "page_title": _("Templates")}
    return render(request, "campaigns/templates.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def template_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its words, as a real customer would read them, and where it stands."""
    row = get_object_or_404(_rows(request), pk=pk)
    found = _preview(request, row.subject, row.body, row.channel, row.disclosures)
    context = {
        **shown(request, row),
        "facts": [*_facts(row), *people_facts(row)],
        "preview": found,
        "next_url": f"?place={found.following}",
        "page_title": row.name,
        "crumbs": crumbs(_("Templates"), reverse(LIST), str(row)),
    }
    return render(request, "campaigns/template.html", context)


def _facts(row: Template) -> Iterator[dict[str, Any]]:
    language, names = get_language() or "", {one.code: one for one in word_rules(today()).disclosures}
    yield {"label": _("Channel"), "value": row.get_channel_display()}
    yield {"label": pgettext("content", "Version"), "value": row.version}
    if row.disclosures:
        said = listed(names[code].name(language) if code in names else code for code in row.disclosures)
        yield {"label": _("Must also be said"), "value": said}


def _preview(request: HttpRequest, subject: str, body: str, channel: str, disclosures: list[str]) -> Preview:
    asked = request.POST.get("place") or request.GET.get("place") or ""
    place = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
    return preview(subject, body, channel, request.user, today(), disclosures=disclosures, place=place)


@roles(*WRITERS)
@require_POST
def template_preview(request: HttpRequest) -> HttpResponse:
    """How words not yet saved read for a customer, and what is wrong with them."""
    body, subject = request.POST.get("body", "")[:2000], request.POST.get("subject", "")[:120]
    channel, disclosures = request.POST.get("channel", ""), request.POST.getlist("disclosures")
    found = _preview(request, subject, body, channel, disclosures)
    return render(request, "campaigns/_template_preview.html", {"preview": found})


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def template_new(request: HttpRequest) -> HttpResponse:
    """Draw up a template."""
    form = TemplateForm(request.POST or None)
    if request.method == "POST" and (filled := _filled(form)) is not None:
        form = filled
    elif request.method == "POST" and form.is_valid():
        try:
            facts = services.TemplateFacts(**form.cleaned_data)
            row = services.draft_template(facts=facts, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect(row.get_absolute_url())
    return _form(request, form, _("New template"), reverse(LIST))


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def template_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own draft."""
    row = get_object_or_404(_rows(request), pk=pk, created_by=request.user, state=ContentState.DRAFT)
    initial = {name: getattr(row, name) for name in ("name", "channel", "subject", "body", "disclosures")}
    form = TemplateForm(request.POST or None, initial=initial, version=row.version)
    if request.method == "POST" and (filled := _filled(form, row.version)) is not None:
        form = filled
    elif request.method == "POST" and form.is_valid():
        try:
            facts = services.TemplateFacts(**form.cleaned_data)
            services.change_template(template=row, facts=facts, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(row.get_absolute_url())
    return _form(request, form, str(row), row.get_absolute_url())


def _filled(form: TemplateForm, version: int = 1) -> TemplateForm | None:
    """The form as typed with what must be said added to its words, when that was asked for."""
    if form.data.get("change") != "add_missing":
        return None
    rules = word_rules(today())
    values = {name: form[name].value() for name in form.fields}
    needed = [*rules.needed(values["channel"] or ""), *(values["disclosures"] or [])]
    missing = missing_in(f"{values['subject'] or ''}\n{values['body'] or ''}", needed, rules)
    said = [
        f"{one.name('zh')}：{one.text}" if one.text.startswith("{") else one.text
        for one in rules.disclosures
        if one.code in missing
    ]
    values["body"] = "\n".join([values["body"] or "", *said]).strip()
    return TemplateForm(initial=values, version=version)


def _form(request: HttpRequest, form: TemplateForm, title: str, back: str) -> HttpResponse:
    context = {"form": form, "back": back, "page_title": title, "crumbs": crumbs(_("Templates"), reverse(LIST), title)}
    return render(request, "campaigns/template_form.html", context, status=INVALID if form.errors else 200)


@roles(*WRITERS)
@require_POST
def template_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Submit, decide, take back, put away or throw away a version, or begin its next one."""
    row = get_object_or_404(_rows(request), pk=pk)
    if step != "version":
        return taken(request, row, step, LIST)
    try:
        made = services.next_template(template=row, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(row.get_absolute_url())
    return redirect("campaigns:template_edit", made.pk)
