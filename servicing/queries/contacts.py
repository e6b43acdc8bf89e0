"""Reads of contacts."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import BooleanField, Case, Count, ExpressionWrapper, F, Max, Q, QuerySet, When
from django.db.models.functions import TruncDate

from core.clock import SHANGHAI
from customers.models import Customer
from servicing.models import Interaction, InteractionQuerySet
from servicing.rules import contacts as rules
from staff.access import AMOUNT_ROLES, BOOK_KEEPERS, COUNTER, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User

TALKING = (*COUNTER, *BOOK_KEEPERS, Role.BRANCH_HEAD)
# Who may add a confidential part, and may read those that are theirs to read.
CONFIDENTIAL_WRITERS = (*BOOK_KEEPERS, Role.BRANCH_HEAD)
# A manager's notes are not for the counter.
NOTE_READERS = (*AMOUNT_ROLES, Role.COMPLIANCE)


@dataclass(frozen=True, slots=True)
class ColleagueContacts:
    """How many contacts one colleague had in a period, with how many customers, and the latest one's day."""

    user: User
    contacts: int
    customers: int
    last_on: date | None


def midnight(day: date) -> datetime:
    """The moment `day` begins in Shanghai."""
    return datetime.combine(day, time.min, SHANGHAI)


def contacts_between(contacts: InteractionQuerySet, start: date | None, end: date | None) -> InteractionQuerySet:
    """Contacts that happened on the days start..end, both included; None leaves that end open."""
    if start is not None:
        contacts = contacts.filter(happened_at__gte=midnight(start))
    if end is not None:
        contacts = contacts.filter(happened_at__lt=midnight(end + timedelta(days=1)))
    return contacts


def contacts_of(customer: Customer, viewer: User) -> InteractionQuerySet:
    """The customer's contacts, latest first, with `readable_note`; none when the viewer may not see the customer."""
    mine = Interaction.objects.visible_to(viewer).filter(customer=customer).select_related("author")
    return with_readable_note(mine, viewer).order_by("-happened_at", "-pk")


def contacts_per_colleague(viewer: User, branch: Branch, start: date, end: date) -> list[ColleagueContacts]:
    """Everybody of the branch who talks to customers, and the contacts the viewer may see; busiest first."""
    visible = contacts_between(Interaction.objects.visible_to(viewer).by_people(), start, end)
    visible = visible.filter(author__branch=branch)
    found = visible.values_list("author").annotate(
        n=Count("pk"), people=Count("customer", distinct=True), last=Max("happened_at")
    )
    counts = {author: (n, people, last) for author, n, people, last in found}
    talking = Q(role__in=TALKING, is_active=True)
    rows = []
    for user in User.objects.filter(talking | Q(pk__in=counts), branch=branch).order_by("staff_no"):
        contacts, people, last = counts.get(user.pk, (0, 0, None))
        rows.append(ColleagueContacts(user, contacts, people, last.astimezone(SHANGHAI).date() if last else None))
    return sorted(rows, key=lambda row: -row.contacts)


def contacts_per_day(contacts: InteractionQuerySet, start: date, end: date) -> dict[date, int]:
    """Contacts of each day start..end, zeros included."""
    by_day = TruncDate("happened_at", tzinfo=SHANGHAI)
    found = contacts_between(contacts, start, end).order_by().values_list(by_day).annotate(n=Count("pk"))
    zeros = {start + timedelta(days=n): 0 for n in range((end - start).days + 1)}
    return zeros | dict(found)


def colleagues_of(viewer: User | AnonymousUser) -> QuerySet[User]:
    """Whose contacts the viewer may ask for by name: everybody at the units in scope, by name."""
    scope = scope_of(viewer)
    people = User.objects.filter(role__in=TALKING).order_by("name", "pk")
    return people if scope.reach == Reach.BANK else people.filter(branch__in=scope.branch_ids)


def units_of(viewer: User | AnonymousUser) -> QuerySet[Branch]:
    """The units whose customers the viewer may see, by code."""
    scope, units = scope_of(viewer), Branch.objects.order_by("code")
    return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)


def with_readable_note(contacts: InteractionQuerySet, viewer: User) -> InteractionQuerySet:
    """Contacts with `readable_note`, None where the viewer may not read it: at the counter, what managers wrote.

    `may_open` says whether there is a confidential part the viewer may ask for; its cipher itself is left out.
    """
    sealed = Q(confidential_cipher__isnull=False) & _confidential_to(viewer)
    contacts = contacts.defer("confidential_cipher").annotate(
        may_open=ExpressionWrapper(sealed, output_field=BooleanField())
    )
    if has_role(viewer, *NOTE_READERS):
        return contacts.annotate(readable_note=F("note"))
    is_open = Q(author=viewer) | Q(channel__in=rules.FACE_TO_FACE)
    return contacts.annotate(readable_note=Case(When(is_open, then=F("note")), default=None))


def may_read_confidential(interaction: Interaction, viewer: User) -> bool:
    """Whether the confidential part is this person's: its author's, the customer's manager's or backup's, the head's.

    Of a customer out of the viewer's sight it is nobody's, whoever wrote it.
    """
    seen = Interaction.objects.visible_to(viewer).filter(pk=interaction.pk)
    return seen.filter(_confidential_to(viewer)).exists()


def may_rewrite_confidential(interaction: Interaction, author: User) -> bool:
    """Whether a contact's author may add a confidential part, or change the one there is."""
    if not has_role(author, *CONFIDENTIAL_WRITERS):
        return False
    return not interaction.confidential_cipher or may_read_confidential(interaction, author)


def _confidential_to(viewer: User) -> Q:
    if has_role(viewer, Role.BRANCH_HEAD):
        return Q(pk__isnull=False)
    if not has_role(viewer, *CONFIDENTIAL_WRITERS):
        return Q(pk__in=[])
    return Q(author=viewer) | Q(customer__manager=viewer) | Q(customer__backup=viewer)
