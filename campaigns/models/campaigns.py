"""Campaigns, their frozen audiences, and what they brought."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import Arm, CampaignKind, CampaignMove, CampaignState, Occasion, Verdict
from campaigns.models.content import Article, Offer, Template
from campaigns.models.segments import Segment, of_units
from campaigns.rules.moves import LAUNCHED
from customers.enums import ConsentChannel
from customers.models import Customer, CustomerRows
from staff.models import Branch, User


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Those of the units that concern this person, and their own."""
        return self.filter(of_units(user))

    def running(self) -> Self:
        """Those that send or call."""
        return self.filter(state=CampaignState.RUNNING)


class Campaign(models.Model):
    """Outreach to the customers of a segment, frozen at launch, with some held out to compare with.

    `exclusions` are ids of segments left out. `holdout` is the per cent of each tier that is not contacted, drawn by
    `seed`. `capacity` are calls a manager makes a workday. An occasion campaign waits for `occasion`, `days` of it, and
    amounts from `amount` (yuan). `frozen` holds, from approval on, everything that was approved as it read then, and
    `digest` its fingerprint. `cost` is yuan a contact.
    """

    name = models.CharField(_("name"), max_length=80)
    goal = models.CharField(_("goal"), max_length=200)
    kind = models.CharField(_("kind"), max_length=8, choices=CampaignKind, default=CampaignKind.MESSAGE)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("unit"), related_name="+")
    of_book = models.BooleanField(_("only customers of my own"), default=False)
    segment = models.ForeignKey(Segment, models.PROTECT, verbose_name=_("segment"), related_name="+")
    exclusions = ArrayField(models.BigIntegerField(), default=list, verbose_name=_("exclusions"))
    channel = models.CharField(_("channel"), max_length=8, choices=ConsentChannel, default=ConsentChannel.SMS)
    template = models.ForeignKey(Template, models.PROTECT, null=True, verbose_name=_("template"), related_name="+")
    offer = models.ForeignKey(Offer, models.PROTECT, null=True, verbose_name=_("offer"), related_name="+")
    article = models.ForeignKey(
        Article, models.PROTECT, null=True, verbose_name=_("piece of the library"), related_name="+"
    )
    script = models.CharField(_("what to say"), max_length=1000, blank=True)
    capacity = models.SmallIntegerField(_("calls a manager and workday"), default=8)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(pgettext_lazy("campaign", "until"))
    holdout = models.SmallIntegerField(_("held out, %"), default=10)
    seed = models.BigIntegerField()
    occasion = models.CharField(_("occasion"), max_length=9, choices=Occasion, blank=True)
    days = models.SmallIntegerField(_("days"), default=0)
    amount = models.DecimalField(_("from an amount of, yuan"), max_digits=18, decimal_places=2, default=0)
    cost = models.DecimalField(_("cost of a contact, yuan"), max_digits=10, decimal_places=2, default=0)
    state = models.CharField(_("state"), max_length=9, choices=CampaignState, default=CampaignState.DRAFT)
    state_at = models.DateTimeField()
    digest = models.CharField(max_length=64, blank=True)
    frozen = models.JSONField(default=dict)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    launched_at = models.DateTimeField(null=True)
    launched_on = models.DateField(_("launched on"), null=True)
    ended_on = models.DateField(_("ended on"), null=True)
    once = models.UUIDField(null=True, unique=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = CampaignQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("campaign")
        indexes = [
            models.Index(fields=["branch", "-starts_on"], name="campaign_of_branch"),
            models.Index(fields=["state", "ends_on"], name="campaign_by_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="campaign_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(holdout__gte=0, holdout__lte=50), name="campaign_holdout"),
            models.CheckConstraint(condition=Q(capacity__gte=1, capacity__lte=100), name="campaign_capacity"),
            models.CheckConstraint(condition=Q(cost__gte=0, amount__gte=0), name="campaign_amounts"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")), name="campaign_needs_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CampaignState.APPROVED, *LAUNCHED])
                | (Q(approved_by__isnull=False) & ~Q(digest="")),
                name="campaign_approved_and_frozen",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.ENDED])
                | Q(launched_on__isnull=False),
                name="campaign_launched_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(kind=CampaignKind.TRIGGER) | ~Q(occasion=""), name="campaign_occasion_named"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of the campaign."""
        return reverse("campaigns:detail", args=[self.pk])


class CampaignMoveMade(models.Model):
    """A move of a campaign, who made it and why. Only ever added."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+", db_index=False)
    move = models.CharField(max_length=8, choices=CampaignMove)
    from_state = models.CharField(max_length=9, choices=CampaignState)
    to_state = models.CharField(max_length=9, choices=CampaignState)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["campaign", "id"], name="campaign_move_of_campaign")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.from_state} to {self.to_state}"


class MemberQuerySet(CustomerRows["Member"]):
    def treated(self) -> Self:
        """Those contacted, or meant to be."""
        return self.filter(arm=Arm.TREATED)


class Member(models.Model):
    """A customer of a campaign's audience as frozen at launch: tier, manager and arm of that day. Never changed (M02).

    An occasion campaign adds customers as their occasions come, each with the day `joined_on`.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    tier = models.SmallIntegerField(_("tier"))
    arm = models.CharField(_("part"), max_length=8, choices=Arm)
    joined_on = models.DateField(_("since"))

    objects = MemberQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "customer"], name="member_once")]
        indexes = [models.Index(fields=["customer"], name="member_of_customer")]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.customer_id} {self.arm}"


class Uplift(models.Model):
    """What a campaign brought within `days` of its launch: mean change of ADB in yuan a customer of those treated
    against those held out, over tiers, with its 95 % interval. Reckoned once the days are full."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+")
    days = models.SmallIntegerField(_("days"))
    computed_at = models.DateTimeField()
    treated_count = models.IntegerField()
    held_out_count = models.IntegerField()
    difference = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    low = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    high = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    verdict = models.CharField(max_length=10, choices=Verdict)
    strata = models.JSONField(default=list)
    overlap_count = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "days"], name="uplift_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.days}: {self.verdict}"
