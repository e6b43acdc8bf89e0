"""Events and who comes (M11)."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.enums import EventKind, EventState, SeatState
from campaigns.models.campaigns import Campaign
from campaigns.models.segments import of_units
from customers.models import Customer, CustomerRows
from servicing.models import FollowUp
from staff.access import COUNTER, has_role
from staff.models import Branch, User


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the units that concern this person; the counter those of its own branch, to check guests in."""
        if has_role(user, *COUNTER) and isinstance(user, User):
            return self.filter(branch_id=user.branch_id).exclude(state=EventState.DRAFT)
        return self.filter(of_units(user))


class Event(models.Model):
    """A salon, lecture or closed meeting. `taken` counts the seats given and never passes `capacity`."""

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=EventKind)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("unit"), related_name="+")
    of_book = models.BooleanField(default=False)
    campaign = models.OneToOneField(Campaign, models.PROTECT, null=True, verbose_name=_("campaign"), related_name="+")
    place = models.CharField(_("place"), max_length=120)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    answer_by = models.DateTimeField(_("answers until"))
    capacity = models.IntegerField(_("seats"))
    taken = models.IntegerField(_("seats given"), default=0)
    about = models.CharField(_("what it is about"), max_length=1000, blank=True)
    host = models.ForeignKey(User, models.PROTECT, verbose_name=_("host"), related_name="+")
    state = models.CharField(_("state"), max_length=9, choices=EventState, default=EventState.DRAFT)
    result = models.CharField(_("what came of it"), max_length=1000, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = EventQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("event")
        indexes = [models.Index(fields=["branch", "-starts_at"], name="event_of_branch")]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__gte=0, capacity__gte=1, taken__lte=F("capacity")), name="event_within_capacity"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), answer_by__lte=F("starts_at")), name="event_times"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of the event."""
        return reverse("campaigns:event", args=[self.pk])


class SeatQuerySet(CustomerRows["Seat"]):
    pass


class Seat(models.Model):
    """A customer invited to an event; the link answers for them until it is over, only its digest is kept.

    `queued_at` is the order of the waiting list; a customer who did not come becomes a follow-up.
    """

    event = models.ForeignKey(Event, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=8, choices=SeatState, default=SeatState.INVITED)
    digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    invited_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)
    came_at = models.DateTimeField(null=True)
    checked_in_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    follow_up = models.ForeignKey(FollowUp, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = SeatQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("guest")
        constraints = [
            models.UniqueConstraint(fields=["event", "customer"], name="seat_once"),
            models.CheckConstraint(condition=~Q(state="came") | Q(came_at__isnull=False), name="seat_came_at_a_time"),
            models.CheckConstraint(condition=~Q(state="waiting") | Q(queued_at__isnull=False), name="seat_in_a_queue"),
        ]
        indexes = [
            models.Index(fields=["event", "state", "queued_at"], name="seat_of_event"),
            models.Index(fields=["customer", "-id"], name="seat_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}: {self.customer_id} {self.state}"
