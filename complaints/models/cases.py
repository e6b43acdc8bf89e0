"""Complaints, what was done to them, and who must keep away from them."""

from datetime import date
from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Least
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.enums import CaseState, Complainant, Grade, Move, Source
from complaints.rules.moves import DECIDED, LIVE, OPEN
from core.memo import once_a_request
from core.sql import any_of
from customers.models import Customer, in_scope
from staff.access import BOOK_KEEPERS, COUNTER, HEADS, Scope, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User

Row = TypeVar("Row", bound=models.Model)


def case_scope(user: User | AnonymousUser, path: str = "") -> Q:
    """The complaints a person may see, as a condition on them or on rows whose complaint is at `path`.

    Heads and compliance those of their units and those their desk decides; managers those of their customers and
    those they handle or wrote down; the counter those it wrote down or handles. Never one they are recused from, and
    the customer's own managers none from the web form before it was accepted: it may be about them.
    """
    scope = scope_of(user)
    if scope.reach == Reach.NOTHING:
        return Q(pk__in=[])
    mine = Q(**{f"{path}handler_id__in": sorted({scope.user_id, *scope.stood_in})}) | Q(
        **{f"{path}registered_by_id": scope.user_id}
    )
    apart = ~Q(**{f"{path}recused__contains": [scope.user_id]})
    if has_role(user, *HEADS, Role.COMPLIANCE):
        if scope.reach == Reach.BANK:
            return apart
        units = sorted(scope.branch_ids)
        return apart & (Q(**{f"{path}branch_id__in": units}) | Q(**{f"{path}desk_id__in": units}) | mine)
    if has_role(user, *BOOK_KEEPERS):
        accepted = ~Q(**{f"{path}source": Source.WEB, f"{path}state": CaseState.REGISTERED})
        return apart & (mine | (Q(any_of(f"{path}customer_id", _book(scope))) & accepted))
    return apart & mine if has_role(user, *COUNTER) else Q(pk__in=[])


@once_a_request
def _book(scope: Scope) -> list[int]:
    # Keys, not a join: PostgreSQL can then combine index look-ups instead of reading every case.
    return list(Customer.everything.filter(in_scope(scope)).order_by().values_list("pk", flat=True))


class CaseRows(models.QuerySet[Row]):
    """Rows with a key `complaint`."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only rows of complaints this person may see."""
        return self.filter(case_scope(user, "complaint__"))


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only complaints this person may see; nobody sees one they are recused from."""
        return self.filter(case_scope(user))

    def open(self) -> Self:
        """Those still to be decided: their clocks run."""
        return self.filter(state__in=OPEN)

    def due_by(self, day: date) -> Self:
        """Those whose statutory clock ends on the day or before."""
        return self.open().filter(due_on__lte=day)


class Complaint(models.Model):
    """A case. `branch` is the unit complained of, `desk` the unit that decides: the one above where need be.

    Days: `received_on` is day 0 of the statutory clock in `due_on` (natural days, `due_days` of them);
    `internal_due_on` of the internal one (workdays, pauses added; null while it pauses); `contact_due_on` of the first
    contact; `next_due_on`, which the database keeps, is the first of them while the case is open. `source_no` and
    `source_on` are the regulator's own number and day. `recused` repeats `Recusal`: whoever is in it sees nothing of
    the case. Names, numbers and the account itself are ciphers (row key = `once`).
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    once = models.UUIDField(unique=True)
    round = models.SmallIntegerField(default=1)
    branch = models.ForeignKey(
        Branch, models.PROTECT, verbose_name=_("unit complained of"), related_name="+", db_index=False
    )
    desk = models.ForeignKey(
        Branch, models.PROTECT, verbose_name=_("unit that decides"), related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, verbose_name=_("customer"), related_name="+", db_index=False
    )
    tier = models.SmallIntegerField(_("tier"), default=0)
    source = models.CharField(_("way in"), max_length=10, choices=Source)
    source_no = models.CharField(_("number given by the sender"), max_length=40, blank=True)
    source_on = models.DateField(_("received by the sender on"), null=True)
    complainant = models.CharField(_("complainant"), max_length=10, choices=Complainant)
    name_cipher = models.BinaryField(null=True)
    phone_cipher = models.BinaryField(null=True)
    phone_index = models.BinaryField(null=True, max_length=16)
    address_cipher = models.BinaryField(null=True)
    authority = models.CharField(_("authority"), max_length=120, blank=True)
    category = models.CharField(_("category"), max_length=30)
    product = models.CharField(_("product"), max_length=30, blank=True)
    cause = models.CharField(_("root cause"), max_length=30, blank=True)
    grade = models.SmallIntegerField(_("how serious"), choices=Grade, default=Grade.ORDINARY)
    summary = models.CharField(_("in a few words"), max_length=120)
    account_cipher = models.BinaryField()
    wanted_cipher = models.BinaryField(null=True)
    same_as = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name=_("same matter as"), related_name="+", db_index=False
    )
    state = models.CharField(_("state"), max_length=13, choices=CaseState, default=CaseState.REGISTERED)
    state_at = models.DateTimeField()
    handler = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("handler"), related_name="+", db_index=False
    )
    registered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    registered_at = models.DateTimeField()
    received_on = models.DateField(_("received on"))
    due_on = models.DateField(_("statutory deadline"))
    due_days = models.SmallIntegerField(_("days of the statutory clock"))
    internal_days = models.SmallIntegerField(_("workdays of the internal clock"))
    internal_due_on = models.DateField(_("internal deadline"), null=True)
    paused_at = models.DateTimeField(null=True)
    contact_due_on = models.DateField(_("first contact by"))
    contacted_on = models.DateField(_("first contact on"), null=True)
    answered_on = models.DateField(_("answered on"), null=True)
    closed_on = models.DateField(_("closed on"), null=True)
    quiet_until = models.DateField(_("no marketing until"), null=True)
    recused = ArrayField(models.BigIntegerField(), default=list)
    next_due_on = models.GeneratedField(
        expression=Case(
            When(
                state__in=OPEN,
                then=Least(
                    "due_on",
                    "internal_due_on",
                    Case(
                        When(~Q(complainant=Complainant.ANONYMOUS), contacted_on=None, then=F("contact_due_on")),
                    ),
                ),
            )
        ),
        output_field=models.DateField(_("next deadline"), null=True),
        db_persist=True,
    )

    objects = ComplaintQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("complaint")
        indexes = [
            models.Index(fields=["branch", "-received_on", "-id"], name="complaint_of_branch"),
            models.Index(fields=["-received_on", "-id"], name="complaint_received"),
            models.Index(fields=["customer", "-received_on"], name="complaint_of_customer"),
            models.Index(fields=["desk", "-received_on", "-id"], name="complaint_of_desk"),
            models.Index(fields=["handler", "-received_on"], name="complaint_of_handler"),
            models.Index(fields=["due_on", "id"], name="complaint_clock", condition=Q(state__in=OPEN)),
            models.Index(fields=["next_due_on", "-id"], name="complaint_next"),
            models.Index(fields=["desk", "next_due_on"], name="complaint_next_of_desk"),
            models.Index(fields=["branch", "next_due_on"], name="complaint_next_of_branch"),
            models.Index(fields=["handler", "next_due_on"], name="complaint_next_of_handler"),
            models.Index(fields=["state", "next_due_on", "-id"], name="complaint_board", condition=Q(state__in=LIVE)),
            models.Index(fields=["registered_by", "-received_on"], name="complaint_written_by"),
            models.Index(fields=["phone_index"], name="complaint_by_phone", condition=Q(phone_index__isnull=False)),
            models.Index(fields=["branch", "closed_on"], name="complaint_closed", condition=Q(closed_on__isnull=False)),
            models.Index(fields=["cause", "branch", "-received_on"], name="complaint_by_cause", condition=~Q(cause="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_no"], condition=~Q(source_no=""), name="complaint_sent_once"
            ),
            models.CheckConstraint(
                condition=~Q(source=Source.REGULATOR) | (~Q(source_no="") & Q(source_on__isnull=False)),
                name="complaint_keeps_the_regulators_number_and_day",
            ),
            models.CheckConstraint(
                condition=~Q(complainant__in=[Complainant.AGENT, Complainant.HEIR]) | ~Q(authority=""),
                name="complaint_agent_has_authority",
            ),
            models.CheckConstraint(
                condition=~Q(complainant=Complainant.ANONYMOUS) | Q(name_cipher=None, phone_cipher=None),
                name="complaint_anonymous_has_no_name",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("received_on")), name="complaint_due_after_received"),
            models.CheckConstraint(
                condition=~Q(state__in=DECIDED) | Q(answered_on__isnull=False), name="complaint_answered_on_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CaseState.CLOSED, CaseState.WITHDRAWN]) | Q(closed_on__isnull=False),
                name="complaint_closed_on_a_day",
            ),
            models.CheckConstraint(
                condition=Q(handler=None) | ~Q(recused__contains=[F("handler")]), name="complaint_handler_not_recused"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("complaints:detail", args=[self.number])


class CaseMove(models.Model):
    """One move of a case, never changed: what, from where to where, who, when and why."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    move = models.CharField(_("move"), max_length=12, choices=Move)
    from_state = models.CharField(max_length=13, choices=CaseState, blank=True)
    to_state = models.CharField(max_length=13, choices=CaseState)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    note = models.CharField(_("note"), max_length=500, blank=True)
    due_on = models.DateField(_("statutory deadline"))

    objects = CaseRows["CaseMove"].as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["complaint", "id"], name="move_of_complaint")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.move}"


class Recusal(models.Model):
    """Somebody who must keep away from a case: complained of (`is_named`), or with an interest in it."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, verbose_name=_("who"), related_name="+", db_index=False)
    is_named = models.BooleanField(_("complained of"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()

    objects = CaseRows["Recusal"].as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complaint", "user"], name="recusal_once")]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.user_id}"
