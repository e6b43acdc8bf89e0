"""Whom the bank leaves alone because of a complaint: read live before each send (product.md P15)."""

from datetime import date

from django.db.models import Q, QuerySet

from complaints.models import Complaint
from complaints.rules.moves import ENDED


def quiet_customers(day: date) -> QuerySet[Complaint, int]:
    """Ids of customers without marketing on `day`: a case has not ended, or its cooling days still run."""
    quiet = ~Q(state__in=ENDED) | Q(quiet_until__gte=day)
    rows = Complaint.everything.filter(quiet, customer__isnull=False).order_by()
    return rows.values_list("customer_id", flat=True)
