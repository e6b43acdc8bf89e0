"""Reads of who opened a customer's page."""

from django.db.models import Q, QuerySet

from customers.models import Customer, PageOpening
from staff.models import User

LATELY = 50


def openings_of(customer: Customer, viewer: User) -> QuerySet[PageOpening]:
    """The latest openings of a customer's page, and of those merged into it, as far as this person reads them."""
    rows = PageOpening.objects.visible_to(viewer).filter(Q(customer=customer) | Q(customer__merged_into=customer))
    rows = rows.select_related("person", "branch").order_by("-on", "-last_at", "-pk")
    return rows[:LATELY]
