"""What each tier brings: the catalogue, and what a customer has of it today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import today
from customers.models import Customer
from staff.access import CUSTOMER_ROLES, EVERYONE, HEADS, has_role, roles
from staff.enums import Role
from tiers.enums import EntitlementKind
from tiers.queries import bands_for_display, catalogue, standards
from tiers.rules import Band
from tiers.rules.catalogue import Entitlement, yearly_cost

# Who reads the rules reads what they cost.
COST_ROLES = (Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR)
EDITORS = (Role.ADMIN, Role.HEAD_OFFICE)


@dataclass(frozen=True, slots=True)
class Row:
    """An entitlement as the table of the catalogue shows it: whether each tier has it, highest first."""

    name: str
    kind: str
    text: str
    tiers: list[tuple[str, bool]]
    item: Entitlement
    is_coming: bool


@roles(*EVERYONE)
@require_GET
def catalogue_page(request: HttpRequest) -> HttpResponse:
    """Tiers by entitlements, as the catalogue stands today; what is over is left out, what is to come is marked."""
    day, language = today(), get_language() or ""
    items = [item for item in catalogue.catalogue_on(day) if item.until is None or item.until >= day]
    bands = list(reversed(bands_for_display(day)))
    costs = yearly_cost(items, day)
    context = {
        "tiers": bands,
        "rows": [_row(item, bands, day, language) for item in items],
        "costs": [(band, costs.get(band.letter, 0)) for band in bands] if has_role(request.user, *COST_ROLES) else [],
        "may_edit": has_role(request.user, *EDITORS),
        "kind": catalogue.KIND,
        "page_title": _("Entitlements"),
    }
    return render(request, "tiers/catalogue.html", context)


def _row(item: Entitlement, bands: Sequence[Band], day: date, language: str) -> Row:
    return Row(
        name=item.name(language),
        kind=str(EntitlementKind(item.kind).label),
        text=item.text(language),
        tiers=[(band.name(language), band.letter in item.letters) for band in bands],
        item=item,
        is_coming=item.since is not None and item.since > day,
    )


@roles(*CUSTOMER_ROLES)
@require_GET
def entitlements_of(request: HttpRequest, customer_no: str) -> HttpResponse:
    """What the customer has today by its tier in effect, and when the next contact is due (not with ?counter=)."""
    visible = Customer.objects.visible_to(request.user).select_related("position")
    customer = get_object_or_404(visible, customer_no=customer_no)
    day, language, rank = today(), get_language() or "", customer.position.tier
    letter = next((band.letter for band in bands_for_display(day) if band.rank == rank), "")
    items = [(item.name(language), item.text(language), item) for item in catalogue.entitlements_of(letter, day)]
    at_counter = "counter" in request.GET  # the card there fits a screen
    context = {
        "customer": customer,
        "rank": rank,
        "items": items,
        "rhythm": None if at_counter else standards.rhythm_of(customer.position, letter, day),
    }
    return render(request, "tiers/entitlements_of.html", context)
