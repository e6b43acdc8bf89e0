"""Plain makers of real rows. Every one fills what its caller leaves out; numbers never repeat within a run."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import count
from typing import Any

from django.apps import apps

from core import crypto, pinyin
from core.clock import SHANGHAI
from customers.models import Account, AccountBalance, Customer, CustomerPosition, CustomerShare, Product
from servicing.models import Interaction
from staff.models import Branch, User
from staff.services import issue_token
from tiers.models import Scheme

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=SHANGHAI)
PASSWORD = "correct horse battery"

_numbers = count(1)


def number() -> int:
    """A number nobody had before."""
    return next(_numbers)


def make_branch(*, parent: Branch | None = None, kind: str = "branch", **fields: Any) -> Branch:
    """A unit under `parent`, with its path; without a parent a root of its own."""
    n = number()
    branch = Branch.objects.create(
        **{"code": f"B{n:04}", "name": f"第{n}支行", "kind": kind, "parent": parent, **fields}
    )
    branch.path = f"{parent.path if parent else '/'}{branch.pk}/"
    branch.save(update_fields=["path"])
    return branch


def make_head_office(**fields: Any) -> Branch:
    """The root of a bank."""
    return make_branch(kind="head_office", **{"name": "总行", **fields})


def make_user(*, role: str = "teller", branch: Branch | None = None, password: str = PASSWORD, **fields: Any) -> User:
    """A member of staff with PASSWORD as password, unless another or none ("") is given."""
    n = number()
    user = User(
        **{
            "username": f"user{n}",
            "staff_no": f"S{n:05}",
            "name": f"员工{n}",
            "role": role,
            "branch": branch or make_branch(),
            **fields,
        }
    )
    if password:
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save()
    return user


def make_token(user: User, *scopes: str, days: int = 30) -> str:
    """The text of a new interface token of a person."""
    text, _token = issue_token(user=user, scopes=scopes, days=days, label="test", actor=user.actor, at=NOW)
    return text


def make_customer(
    *,
    branch: Branch | None = None,
    manager: User | None = None,
    tier: int = 1,
    total: Decimal | int | str = 0,
    phone: str = "",
    id_no: str = "",
    position: dict[str, Any] | None = None,
    **fields: Any,
) -> Customer:
    """A customer with its position; phone and identity number sealed and indexed as an import does it."""
    n = number()
    branch = branch or (manager.branch if manager else make_branch())
    name = fields.pop("name", f"客户{n}")
    customer_no = fields.pop("customer_no", f"C{n:08}")
    spoken = pinyin.reading(name)
    customer = Customer.everything.create(
        customer_no=customer_no,
        name=name,
        name_pinyin=spoken.full,
        name_initials=spoken.initials,
        name_grams=sorted({*name, *(name[i : i + 2] for i in range(len(name) - 1))}),
        branch=branch,
        manager=manager,
        **{"created_at": NOW, "updated_at": NOW, **_sealed(customer_no, phone, id_no), **fields},
    )
    CustomerPosition.everything.create(
        customer=customer,
        branch=branch,
        manager=manager,
        **{"tier": tier, "tier_since": TODAY, "total": Decimal(total), "on": TODAY, **(position or {})},
    )
    return customer


def _sealed(customer_no: str, phone: str, id_no: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if phone:
        fields["phone_cipher"] = crypto.seal("customers.customer.phone", customer_no, phone)
        fields["phone_index"] = crypto.blind_index("customers.customer.phone", phone)
        fields["phone_tail_index"] = crypto.blind_index("customers.customer.phone_tail", phone[-4:])
    if id_no:
        fields["id_type"] = fields.get("id_type", "resident_id")
        fields["id_no_cipher"] = crypto.seal("customers.customer.id_no", customer_no, id_no)
        fields["id_no_index"] = crypto.blind_index("customers.customer.id_no", id_no)
    return fields


def share_customer(customer: Customer, user: User) -> CustomerShare:
    """Open a customer to one more member of staff."""
    return CustomerShare.objects.create(
        customer=customer, user=user, reason="joint visit", granted_by=user, granted_at=NOW
    )


def make_product(**fields: Any) -> Product:
    """A deposit product; a demand deposit unless said otherwise."""
    n = number()
    return Product.objects.create(**{"code": f"P{n:04}", "name": f"产品{n}", "kind": "demand", **fields})


def make_account(
    *, customer: Customer | None = None, balance: Decimal | int | str = 0, on: date = TODAY, **fields: Any
) -> Account:
    """An account with a balance since `on`, added to its customer's total."""
    customer = customer or make_customer()
    product = fields.pop("product", None) or make_product()
    account = Account.everything.create(
        **{"account_no": f"6222{number():012}", "customer": customer, "product": product, "opened_on": on, **fields}
    )
    amount = Decimal(balance)
    AccountBalance.objects.create(
        account=account, customer=customer, balance=amount, value=amount, on=on, day_sum=amount, first_on=on
    )
    position = CustomerPosition.everything.get(customer=customer)
    position.total += amount
    position.on = on
    position.save(update_fields=["total", "on"])
    return account


def make_term_account(*, matures_in: int = 7, balance: Decimal | int | str = 100_000, **fields: Any) -> Account:
    """A time deposit maturing `matures_in` days after TODAY."""
    product = fields.pop("product", None) or make_product(kind="term", term_months=12)
    matures_on = TODAY + timedelta(days=matures_in)
    began_on = matures_on - timedelta(days=365)
    return make_account(
        balance=balance,
        product=product,
        **{"value_date": began_on, "matures_on": matures_on, "principal": Decimal(balance), "rate": "1.45", **fields},
    )


def first_scheme() -> Scheme:
    """The scheme the product starts with; a test that empties tables loses it for those after it."""
    scheme = Scheme.objects.filter(version=1).first()
    if scheme is None:
        import_module("tiers.migrations.0002_first_scheme").create(apps, None)
        scheme = Scheme.objects.get(version=1)
    return scheme


def make_interaction(*, customer: Customer | None = None, author: User | None = None, **fields: Any) -> Interaction:
    """A counter contact of a quarter of an hour ago."""
    customer = customer or make_customer()
    author = author or make_user(branch=customer.branch)
    return Interaction.everything.create(
        **{
            "customer": customer,
            "author": author,
            "branch": customer.branch,
            "channel": "counter",
            "topic": "deposit",
            "outcome": "done",
            "note": "询问存款利率",
            "happened_at": NOW - timedelta(minutes=15),
            "recorded_at": NOW,
            **fields,
        }
    )
