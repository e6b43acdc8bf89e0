"""Taking complaints in, by every way, and saying that two are the same matter."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Required, TypedDict, Unpack
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from complaints.enums import Complainant, Move
from complaints.models import Complaint, Recusal
from complaints.queries.cases import may_work_on
from complaints.queries.choices import intake_choices
from complaints.queries.clocks import clock_rules_on, day_of
from complaints.queries.intake import desk_for, is_joined_to, phone_index
from complaints.rules.clocks import first_clocks
from complaints.rules.intake import FORWARDED, MIN_TEXT, WITH_AUTHORITY, case_number, intake_fault
from complaints.services.alerts import keep_alert
from complaints.services.escalation import escalate_case
from complaints.services.states import locked_case, record_case, write_move
from core import crypto
from core.calendar import bank_calendar
from core.errors import DomainError
from customers.models import Customer
from servicing.services.feedback import one_at_a_time
from staff.access import HEADS
from staff.enums import Event
from staff.models import Branch, User
from staff.services.notices import notify

COLUMN = "complaint."
SEALED = ("account", "wanted", "name", "phone", "address")


class IntakeRefused(DomainError):
    """What is wrong with it is in its code."""

    code = "intake_refused"


class TextMissing(IntakeRefused):
    """Words are what it is about."""

    code = "text"
    message = _("Say in a few words what it is about, and what happened (at least %(least)s characters each).")


class ReceivedDayImpossible(IntakeRefused):
    """Received in the future, or more than a year ago."""

    code = "received_on"
    message = _("It can have been received within the last year, not later than today.")


class SenderNumberMissing(IntakeRefused):
    """The regulator's number is what it is asked for by."""

    code = "source_no"
    message = _("Write the number the regulator gave it.")


class SenderDayMissing(IntakeRefused):
    """The regulator's own day is kept beside the bank's."""

    code = "source_on"
    message = _("Write the day the regulator received it.")


class SenderDayImpossible(IntakeRefused):
    """Nobody passes on what they do not have."""

    code = "source_day"
    message = _("The sender cannot have received it after the bank did.")


class AuthorityMissing(IntakeRefused):
    """Who speaks for another shows a paper."""

    code = "authority"
    message = _("Say which paper shows the authority of the agent or heir.")


class AnonymousCustomer(IntakeRefused):
    """Who is known is not anonymous."""

    code = "anonymous_customer"
    message = _("An anonymous complaint names no customer.")


class UnknownChoice(IntakeRefused):
    """A category or product the rules do not have."""

    code = "unknown_choice"
    message = _("This category or product does not exist any more; choose another one.")


class SentBefore(IntakeRefused):
    """One case for one number of a sender."""

    code = "sent_before"
    message = _("A case with this number of the sender is registered already.")


class NotTheSame(IntakeRefused):
    """A case is not the same matter as itself or as one that was joined to it."""

    code = "not_the_same"
    message = _("These two cannot be joined.")


class NotYoursToJoin(IntakeRefused):
    """Whoever works on a case says what it belongs to."""

    code = "not_yours_to_join"
    message = _("Only the handler, the heads of the unit that decides and compliance do this.")


FAULTS: Mapping[str, type[IntakeRefused]] = {
    error.code: error
    for error in (
        TextMissing,
        ReceivedDayImpossible,
        SenderNumberMissing,
        SenderDayMissing,
        SenderDayImpossible,
        AuthorityMissing,
        AnonymousCustomer,
    )
}


class Said(TypedDict, total=False):
    """What is said of a complaint when it comes in; days as they are on the paper, texts in clear."""

    source: Required[str]
    complainant: Required[str]
    category: Required[str]
    summary: Required[str]
    account: Required[str]
    received_on: Required[date]
    customer: Customer | None
    name: str
    phone: str
    address: str
    authority: str
    source_no: str
    source_on: date | None
    product: str
    grade: int
    wanted: str


@transaction.atomic
def register_complaint(
    *,
    actor: User | None,
    branch: Branch,
    at: datetime,
    named: Sequence[User] = (),
    same_as: Complaint | None = None,
    once: UUID | None = None,
    **said: Unpack[Said],
) -> Complaint:
    """Register a complaint about a unit: number, desk, clocks from `received_on`, recusals and the customer's alert.

    `actor` None = over the web. Colleagues in `named` see nothing of it from the first moment; where a head is among
    them, the unit above decides. With `once`, sending it again finds the first. Raises IntakeRefused.
    """
    once = once or uuid4()
    one_at_a_time(once)
    if first := Complaint.everything.filter(once=once).first():
        return first
    said = _cleaned(said)
    _check(said, day_of(at))
    case = Complaint(
        once=once,
        branch=branch,
        same_as=_first_of(same_as),
        registered_by=actor,
        registered_at=at,
        **{name: value for name, value in said.items() if name not in SEALED},
        **_sealed(once, {name: str(said.get(name, "")) for name in SEALED}),
    )
    return _begin(case, named, actor, at)


def _cleaned(said: Said) -> Said:
    """What was said without what does not belong to it: an anonymous name, a number nobody gave, a needless paper."""
    found, is_forwarded = Said(**said), said["source"] in FORWARDED
    if found["complainant"] == Complainant.ANONYMOUS:
        found |= {"name": "", "phone": "", "address": ""}
    found["summary"] = said["summary"].strip()
    found["authority"] = said.get("authority", "").strip() if said["complainant"] in WITH_AUTHORITY else ""
    found["source_no"] = said.get("source_no", "").strip() if is_forwarded else ""
    found["source_on"] = said.get("source_on") if is_forwarded else None
    return found


def _check(said: Said, day: date) -> None:
    fault = intake_fault(
        source=said["source"],
        complainant=said["complainant"],
        has_customer=said.get("customer") is not None,
        texts=(said["summary"], said["account"]),
        authority=said["authority"],
        received_on=said["received_on"],
        source_no=said["source_no"],
        source_on=said["source_on"],
        day=day,
    )
    if fault:
        raise FAULTS[fault](least=MIN_TEXT)
    _check_choices(said["category"], said.get("product", ""), day)
    _check_number(said["source"], said["source_no"])


def _first_of(case: Complaint | None) -> Complaint | None:
    """The case others of one matter are joined to."""
    return (case.same_as or case) if case else None


def _check_choices(category: str, product: str, day: date) -> None:
    choices = intake_choices(day)
    if category not in {one.code for one in choices.categories}:
        raise UnknownChoice()
    if product and product not in {one.code for one in choices.products}:
        raise UnknownChoice()


def _check_number(source: str, source_no: str) -> None:
    if not source_no:
        return
    # Of two who type in one letter at once the second one finds the first's.
    one_at_a_time(uuid5(NAMESPACE_OID, f"{source} {source_no}"))
    if Complaint.everything.filter(source=source, source_no=source_no).exists():
        raise SentBefore()


def _sealed(once: UUID, words: Mapping[str, str]) -> dict[str, Any]:
    """Columns of what a person said or left, as ciphers; what is empty stays empty."""
    kept = {name: text.strip() for name, text in words.items() if text.strip()}
    columns: dict[str, Any] = {
        f"{name}_cipher": crypto.seal(COLUMN + name, str(once), text) for name, text in kept.items()
    }
    return {"phone_index": phone_index(kept.get("phone", "")), **columns}


def _begin(case: Complaint, named: Sequence[User], actor: User | None, at: datetime) -> Complaint:
    """Give a case its desk, clocks and number, and write down that it began."""
    people = {user.pk: user for user in named}
    tier = case.customer.position.tier if case.customer else 0
    clocks = first_clocks(
        received_on=case.received_on,
        tier=tier,
        grade=case.grade,
        calendar=bank_calendar(),
        rules=clock_rules_on(case.received_on),
    )
    case.pk = _next_key()
    case.number = case_number(day_of(at).year, case.pk)
    case.desk = desk_for(case.branch, frozenset(people))
    case.tier, case.recused, case.state_at = tier, sorted(people), at
    case.due_on, case.due_days, case.contact_due_on = clocks.due_on, clocks.due_days, clocks.contact_due_on
    case.internal_due_on, case.internal_days = clocks.internal_due_on, clocks.internal_days
    case.save(force_insert=True)
    Recusal.everything.bulk_create(
        Recusal(complaint=case, user=user, is_named=True, by=actor, at=at) for user in people.values()
    )
    write_move(case=case, move=Move.REGISTER, before="", actor=actor, at=at)
    changes = {"source": case.source, "category": case.category, "grade": case.grade, "desk": case.desk.code}
    record_case(case=case, action=Move.REGISTER, actor=actor, at=at, changes=changes)
    keep_alert(case=case, actor=actor, at=at)
    escalate_case(complaint=case, at=at)
    _tell_desk(case, actor, at)
    return case


def _tell_desk(case: Complaint, actor: User | None, at: datetime) -> None:
    """Tell the heads who decide that a case came in, but for whoever is kept away or wrote it down."""
    apart = {*case.recused, actor.pk if actor else 0}
    heads = User.objects.filter(branch_id=case.desk_id, role__in=HEADS, is_active=True).exclude(pk__in=apart)
    what = {"number": case.number, "day": case.due_on.isoformat()}
    url = case.get_absolute_url()
    notify(users=heads, event=Event.CASE_RECEIVED, once=f"{case.number} received", at=at, url=url, params=what)


def _next_key() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('complaints_complaint', 'id'))")
        return int(cursor.fetchone()[0])


@transaction.atomic
def join_cases(*, complaint: Complaint, same_as: Complaint | None, actor: User, at: datetime) -> Complaint:
    """Say that a case is the same matter as an earlier one (None = it is not after all); both keep their clocks.

    Raises NotYoursToJoin, NotTheSame, Recused.
    """
    case = locked_case(complaint, actor)
    if not may_work_on(actor, case):
        raise NotYoursToJoin()
    first = _first_of(same_as)
    if first is not None and (first.pk == case.pk or is_joined_to(case)):
        raise NotTheSame()
    before, case.same_as = case.same_as_id, first
    case.save(update_fields=["same_as"])
    record_case(case=case, action="join", actor=actor, at=at, changes={"same_as": [before, first and first.pk]})
    return case
