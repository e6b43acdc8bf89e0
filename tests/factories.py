"""Plain makers of real rows. Every one fills what its caller leaves out; numbers never repeat within a run."""

from datetime import date, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import uuid4

from django.apps import apps

from core import crypto, pinyin
from customers.models import (
    Account,
    AccountBalance,
    Consent,
    ConsentWording,
    Customer,
    CustomerAlert,
    CustomerPosition,
    CustomerShare,
    Product,
    Promise,
    Prospect,
)
from servicing.enums import QuoteKind
from servicing.models import FollowUp, FraudCheck, Interaction, Quote, Referral
from servicing.rules.library import BUILT_IN as LIBRARY
from servicing.rules.quotes import answer as quote_answers
from servicing.rules.quotes import replay
from staff.models import Branch, Export, SavedView, User
from staff.services import exports, issue_token
from tests.factories_base import NOW as NOW
from tests.factories_base import PASSWORD as PASSWORD
from tests.factories_base import TODAY as TODAY
from tests.factories_base import make_branch as make_branch
from tests.factories_base import make_user as make_user
from tests.factories_base import number as number
from tests.factories_campaigns import give as give
from tests.factories_campaigns import make_article as make_article
from tests.factories_campaigns import make_campaign as make_campaign
from tests.factories_campaigns import make_content_drafts as make_content_drafts
from tests.factories_campaigns import make_event as make_event
from tests.factories_campaigns import make_member as make_member
from tests.factories_campaigns import make_model as make_model
from tests.factories_campaigns import make_offer as make_offer
from tests.factories_campaigns import make_outreach as make_outreach
from tests.factories_campaigns import make_segment as make_segment
from tests.factories_campaigns import make_template as make_template
from tests.factories_complaints import make_complaint as make_complaint
from tests.factories_complaints import make_decision as make_decision
from tests.factories_week import make_attempt as make_attempt
from tests.factories_week import make_certificate as make_certificate
from tests.factories_week import make_closes as make_closes
from tests.factories_week import make_course as make_course
from tests.factories_week import make_kpi as make_kpi
from tests.factories_week import make_report as make_report
from tests.factories_week import make_report_run as make_report_run
from tests.factories_week import make_session as make_session
from tests.factories_week import make_target as make_target
from tests.factories_week import make_team as make_team
from tests.factories_week import make_warning as make_warning
from tiers.models import Scheme


def make_head_office(**fields: Any) -> Branch:
    """The root of a bank."""
    return make_branch(kind="head_office", **{"name": "总行", **fields})


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


def make_view(owner: User, *, is_shared: bool = False, **fields: Any) -> SavedView:
    """A view of the customers list, shared with the owner's unit if wanted."""
    named = {"list_key": "customers", "name": f"视图{number()}", "query": "", "created_at": NOW, "updated_at": NOW}
    return SavedView.objects.create(owner=owner, branch=owner.branch if is_shared else None, **{**named, **fields})


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
    if confidential := fields.pop("confidential", ""):
        once = fields.setdefault("once", uuid4())
        fields["confidential_cipher"] = crypto.seal("servicing.interaction.confidential", str(once), confidential)
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


def make_referral(
    *, customer: Customer | None = None, from_user: User | None = None, to_user: User | None = None, **fields: Any
) -> Referral:
    """A teller's referral of yesterday to the customer's manager, waiting."""
    customer = customer or make_customer()
    return Referral.everything.create(
        **{
            "customer": customer,
            "branch": customer.branch,
            "from_user": from_user or make_user(branch=customer.branch),
            "to_user": to_user or customer.manager,
            "topic": "deposit",
            "note": "想了解大额存单",
            "made_at": NOW - timedelta(days=1),
            **fields,
        }
    )


def make_fraud_check(*, customer: Customer | None = None, author: User | None = None, **fields: Any) -> FraudCheck:
    """A prompt at the counter with a warning sign and a sealed note."""
    customer, once = customer or make_customer(), uuid4()
    note = fields.pop("note", "对方自称客服")
    return FraudCheck.everything.create(
        **{
            "customer": customer,
            "branch": customer.branch,
            "author": author or make_user(branch=customer.branch),
            "at": NOW,
            "answers": {"version": 0, "given": {"stranger": "yes", "secret": "no"}},
            "signs": 1,
            "outcome": "postponed",
            "note_cipher": crypto.seal("servicing.fraud_check.note", str(once), note),
            "once": once,
            **fields,
        }
    )


def make_export(*, actor: User, rows: int = 10, reason: str = "季度核对", query: str = "") -> Export:
    """A file of the customers list asked for; above 1,000 rows it waits for approval."""
    said = {"zh-hans": ("客户", "搜索"), "en": ("Customers", "Search")}
    words = {
        language: {"list": what, "columns": [what], "filters": [[by, query.removeprefix("q=")]] if query else []}
        for language, (what, by) in said.items()
    }
    asked = exports.Asked("customers", query, (), ("name",), words, rows)
    return exports.request_export(
        asked=asked, file_format="xlsx", language="zh-hans", reason=reason, actor=actor, at=NOW
    )


def first_wordings() -> dict[str, ConsentWording]:
    """The wordings the product starts with, by purpose; a test that empties tables loses them for those after it."""
    if not ConsentWording.objects.filter(version=1).exists():
        import_module("customers.migrations.0016_wordings").create(apps, None)
    return {wording.purpose: wording for wording in ConsentWording.objects.filter(version=1)}


def make_consent(*, customer: Customer | None = None, **fields: Any) -> Consent:
    """A statement of yesterday: marketing by text message given, on a signed form."""
    customer = customer or make_customer()
    purpose = fields.get("purpose", "marketing")
    return Consent.everything.create(
        **{
            "customer": customer,
            "purpose": purpose,
            "channel": "sms",
            "decision": "given",
            "wording": first_wordings()[purpose],
            "proof": "signed_form",
            "proof_ref": f"F-{number()}",
            "stated_at": NOW - timedelta(days=1),
            "recorded_at": NOW - timedelta(days=1),
            **fields,
        }
    )


def make_alert(*, customer: Customer | None = None, **fields: Any) -> CustomerAlert:
    """A warning since TODAY, without an end."""
    customer = customer or make_customer()
    return CustomerAlert.everything.create(
        **{
            "customer": customer,
            "kind": "fraud_risk",
            "severity": "critical",
            "text": "有人冒充客服来电",
            "starts_on": TODAY,
            "raised_by": customer.manager,
            "raised_at": NOW,
            **fields,
        }
    )


def make_promise(*, customer: Customer | None = None, owner: User | None = None, **fields: Any) -> Promise:
    """An open promise for tomorrow."""
    customer = customer or make_customer()
    owner = owner or customer.manager or make_user(branch=customer.branch)
    return Promise.everything.create(
        **{
            "customer": customer,
            "owner": owner,
            "text": "寄送大额存单利率表",
            "due_on": TODAY + timedelta(days=1),
            "made_by": owner,
            "made_at": NOW,
            **fields,
        }
    )


def make_follow_up(*, customer: Customer | None = None, owner: User | None = None, **fields: Any) -> FollowUp:
    """An open task of the customer's manager, due today."""
    customer = customer or make_customer()
    owner = owner or customer.manager or make_user(branch=customer.branch)
    return FollowUp.everything.create(
        **{
            "customer": customer,
            "owner": owner,
            "title": "电话确认到期安排",
            "due_on": TODAY,
            "created_by": owner,
            "created_at": NOW,
            **fields,
        }
    )


def make_prospect(*, branch: Branch | None = None, manager: User | None = None, **fields: Any) -> Prospect:
    """Somebody who asked on the web about deposits, with a phone."""
    n = number()
    branch = branch or (manager.branch if manager else make_branch())
    key = fields.setdefault("number", f"P{n:06}")
    name, phone = fields.pop("name", f"潜客{n}"), fields.pop("phone", "13700137000")
    return Prospect.everything.create(
        **{
            "name": name,
            "name_pinyin": pinyin.reading(name).full,
            "phone_cipher": crypto.seal("customers.prospect.phone", key, phone) if phone else None,
            "phone_index": crypto.blind_index("customers.customer.phone", phone) if phone else None,
            "origin": "web",
            "campaign": "开门红",
            "interest": "三年期存款",
            "branch": branch,
            "manager": manager,
            "first_contact_on": TODAY - timedelta(days=19),
            "created_by": manager or make_user(branch=branch),
            "created_at": NOW,
            **fields,
        }
    )


def make_quote(*, customer: Customer, made_by: User, at_counter: bool = True, **asked: Any) -> Quote:
    """What a year's deposit of 10,000 yuan at 1.5 % pays, as told to a customer."""
    inputs = {
        "amount": "10000.00",
        "since": "2025-03-01",
        "on": "2026-03-01",
        "until": "",
        "rate": "1.50",
        "product": next(item for item in LIBRARY["items"] if item["code"] == "TD12"),
        "products_version": 0,
        "at_counter": at_counter,
        "posted": {},
        **asked,
    }
    result = quote_answers(QuoteKind.HOLD, inputs, replay(inputs))
    return Quote.everything.create(
        customer=customer, kind=QuoteKind.HOLD, inputs=inputs, result=result, made_by=made_by, made_at=NOW
    )
