"""Conditions the ORM has no words for."""

import pytest
from django.db.models import Q

from core.sql import any_of
from customers.models import Customer
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def test_any_of_is_an_in_list_in_one_value() -> None:
    one, two, _three = (make_customer() for _n in range(3))
    rows = Customer.everything.order_by("pk")
    assert list(rows.filter(any_of("pk", [two.pk, one.pk, 0]))) == [one, two]
    assert list(rows.filter(any_of("pk", []))) == []
    assert list(rows.filter(Q(any_of("pk", [])) | Q(pk=one.pk))) == [one]
    # What belongs to nobody is nobody's.
    assert list(rows.filter(any_of("backup_id", [one.pk]))) == []
