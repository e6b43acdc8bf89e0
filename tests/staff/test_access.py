import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from customers.models import Account, Customer, CustomerPosition
from servicing.models import Interaction
from staff.access import AMOUNT_ROLES, CUSTOMER_ROLES, SCOPES_BY_ROLE, has_role, roles, scope_of
from staff.enums import Reach, Role
from tests.factories import (
    make_account,
    make_branch,
    make_customer,
    make_head_office,
    make_interaction,
    make_user,
    share_customer,
)
from tiers.models import TierChange

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    """Head office over a region over branches A and B, and C outside the region."""
    top = make_head_office()
    region = make_branch(parent=top, kind="region")
    return {
        "top": top,
        "region": region,
        "A": make_branch(parent=region),
        "B": make_branch(parent=region),
        "C": make_branch(parent=top),
    }


@pytest.fixture
def customers(bank):
    return {name: make_customer(branch=bank[name], name=name) for name in "ABC"}


def seen(user):
    return sorted(Customer.objects.visible_to(user).values_list("name", flat=True))


@pytest.mark.parametrize(
    ("role", "unit", "sees"),
    [
        ("teller", "A", ["A"]),
        ("lobby", "B", ["B"]),
        ("branch_head", "A", ["A"]),
        ("branch_head", "region", ["A", "B"]),
        ("head_office", "region", ["A", "B"]),
        ("head_office", "top", ["A", "B", "C"]),
        ("compliance", "top", ["A", "B", "C"]),
        ("compliance", "C", ["C"]),
        ("manager", "A", []),
        ("senior_manager", "A", []),
        ("expert", "A", []),
        ("admin", "top", []),
        ("auditor", "top", []),
    ],
)
def test_whom_a_role_sees(bank, customers, role, unit, sees):
    assert seen(make_user(role=role, branch=bank[unit])) == sees


@pytest.mark.parametrize("role", ["manager", "senior_manager", "expert"])
def test_managers_see_their_book_what_they_stand_in_for_and_what_is_shared(bank, customers, role):
    user = make_user(role=role, branch=bank["A"])
    make_customer(manager=user, name="own")
    make_customer(branch=bank["B"], backup=user, name="stand-in")
    share_customer(customers["C"], user)
    assert seen(user) == ["C", "own", "stand-in"]


def test_nobody_unknown_sees_anything(customers):
    assert seen(AnonymousUser()) == []
    assert seen(make_user(role="head_office", branch=make_head_office(), is_active=False)) == []


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("model", [Account, CustomerPosition, Interaction])
def test_every_table_of_customers_agrees(bank, customers, role, model):
    user = make_user(role=role, branch=bank["A"])
    mine = make_customer(manager=user, branch=bank["A"])
    for customer in (*customers.values(), mine):
        make_account(customer=customer)
        make_interaction(customer=customer)
    allowed = set(Customer.objects.visible_to(user).values_list("pk", flat=True))
    assert set(model.objects.visible_to(user).values_list("customer_id", flat=True)) == allowed
    assert not TierChange.objects.visible_to(user).exists()


def test_amounts_are_for_managers_and_heads_only(bank):
    shown = {role for role in Role.values if scope_of(make_user(role=role, branch=bank["top"])).amounts}
    assert shown == set(AMOUNT_ROLES) == {"manager", "senior_manager", "expert", "branch_head", "head_office"}


def test_the_scope_is_looked_up_once_a_request(bank, django_assert_num_queries):
    user = make_user(role="branch_head", branch=bank["region"])
    with django_assert_num_queries(1):
        assert scope_of(user) is scope_of(user)


def test_a_root_that_is_no_head_office_is_not_the_bank():
    stray = make_branch(kind="branch")
    assert scope_of(make_user(role="branch_head", branch=stray)).reach == Reach.BRANCHES


def gate(user, *allowed):
    request = RequestFactory().get("/page/?q=1")
    request.user = user
    return roles(*allowed)(lambda request: HttpResponse("in"))(request)


def test_the_gate_lets_in_redirects_or_refuses():
    assert gate(make_user(role="teller"), Role.TELLER).content == b"in"
    assert gate(AnonymousUser(), Role.TELLER).headers["Location"] == "/accounts/login/?next=/page/%3Fq%3D1"
    assert gate(make_user(role="teller", is_active=False), Role.TELLER).status_code == 302
    with pytest.raises(PermissionDenied):
        gate(make_user(role="teller"), Role.MANAGER)


def test_a_gate_without_roles_is_shut():
    with pytest.raises(PermissionDenied):
        gate(make_user(role="admin"))


def test_roles_without_customers_have_no_scope_over_them():
    for role in Role.values:
        may = any(scope.startswith(("customers:", "interactions:")) for scope in SCOPES_BY_ROLE[role])
        assert may is (role in CUSTOMER_ROLES)


def test_has_role():
    assert has_role(make_user(role="teller"), "teller", "lobby")
    assert not has_role(make_user(role="teller", is_active=False), "teller")
    assert not has_role(AnonymousUser(), "teller")
