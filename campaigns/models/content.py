"""What a campaign says and offers: templates, offers, the library."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ContentState, OfferKind, Subject
from customers.enums import ConsentChannel
from customers.models import Customer, CustomerRows
from servicing.enums import RiskGrade
from staff.access import CUSTOMER_ROLES, has_role
from staff.models import User


class SharedContent(models.QuerySet):  # type: ignore[type-arg]  # one queryset for three tables of content
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The bank's own words and offers: everybody who serves customers may read them, drafts too."""
        return self if has_role(user, *CUSTOMER_ROLES) else self.none()

    def in_use(self) -> Self:
        """Versions a campaign may take."""
        return self.filter(state=ContentState.APPROVED)


class Template(models.Model):
    """A version of a message: words with {variables}; a version in use never changes, a change is the next one (M05).

    `disclosures` are codes of the dated rules that its words must hold.
    """

    name = models.CharField(_("name"), max_length=80)
    version = models.SmallIntegerField(_("version"), default=1)
    channel = models.CharField(_("channel"), max_length=8, choices=ConsentChannel)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    body = models.CharField(_("words"), max_length=2000)
    disclosures = ArrayField(models.CharField(max_length=30), default=list)
    state = models.CharField(_("state"), max_length=9, choices=ContentState, default=ContentState.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = SharedContent.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("template")
        constraints = [
            models.UniqueConstraint(fields=["name", "channel", "version"], name="template_version_once"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")), name="template_needs_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(state=ContentState.APPROVED) | Q(approved_by__isnull=False), name="template_approved_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def get_absolute_url(self) -> str:
        """The page of the template."""
        return reverse("campaigns:template", args=[self.pk])


class Offer(models.Model):
    """A combination of products for customers a `rule` finds eligible; nobody else receives it (M16).

    `pieces` = [{"product": code, "months": n, "share": per cent}]; amounts in yuan; `risk` the lowest risk grade it
    suits, "" = any. `is_new` = compliance has a say in campaigns with it.
    """

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=13, choices=OfferKind, default=OfferKind.SINGLE)
    text = models.CharField(_("in words"), max_length=500)
    pieces = models.JSONField(default=list)
    rule = models.JSONField(default=dict)
    risk = models.CharField(_("risk grade, at least"), max_length=20, blank=True)
    least = models.DecimalField(_("smallest amount, yuan"), max_digits=18, decimal_places=2, default=0)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    is_new = models.BooleanField(_("a new product"), default=False)
    state = models.CharField(_("state"), max_length=9, choices=ContentState, default=ContentState.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = SharedContent.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("offer")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="offer_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(least__gte=0), name="offer_least_is_an_amount"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")), name="offer_needs_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(state=ContentState.APPROVED) | Q(approved_by__isnull=False), name="offer_approved_by"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The page of the offer."""
        return reverse("campaigns:offer", args=[self.pk])


class RiskTolerance(models.Model):
    """What risk a customer bears, as the bank's own questionnaire found it; the latest counts, until `valid_until`.

    Not the core's grade, which is about money laundering. Without a valid one only the lowest risk is offered.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    grade = models.CharField(_("bears a risk up to"), max_length=2, choices=RiskGrade)
    assessed_on = models.DateField(_("asked on"))
    valid_until = models.DateField(_("valid until"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()

    objects = CustomerRows.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("risk the customer bears")
        indexes = [models.Index(fields=["customer", "-id"], name="tolerance_of_customer")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("assessed_on")), name="tolerance_valid_after_it_was_asked"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.grade} {self.valid_until}"


class Article(models.Model):
    """A version of a piece of the library for customers: reviewed, until a day, for some tiers (M12).

    `tiers` are ranks, empty = everybody. What is past `expires_on` cannot be sent; `review_on` is its next review.
    """

    title = models.CharField(_("title"), max_length=80)
    version = models.SmallIntegerField(_("version"), default=1)
    subject = models.CharField(_("about"), max_length=10, choices=Subject)
    body = models.TextField(_("words"), max_length=8000)
    tiers = ArrayField(models.SmallIntegerField(), default=list, verbose_name=_("for tiers"))
    state = models.CharField(_("state"), max_length=9, choices=ContentState, default=ContentState.DRAFT)
    expires_on = models.DateField(_("valid until"))
    review_on = models.DateField(_("next review on"))
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("reviewer"), related_name="+")
    approved_at = models.DateTimeField(null=True)

    objects = SharedContent.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("piece of the library")
        constraints = [
            models.UniqueConstraint(fields=["title", "version"], name="article_version_once"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("created_by")), name="article_needs_a_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(state=ContentState.APPROVED) | Q(approved_by__isnull=False), name="article_approved_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

    def get_absolute_url(self) -> str:
        """The page of the piece."""
        return reverse("campaigns:article", args=[self.pk])


class ArticleUseQuerySet(CustomerRows["ArticleUse"]):
    pass


class ArticleUse(models.Model):
    """A piece of the library given or sent to a customer: its usage count is counted from these."""

    article = models.ForeignKey(Article, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField()
    way = models.CharField(_("channel"), max_length=8)

    objects = ArticleUseQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["article", "-at"], name="article_use_of_article"),
            models.Index(fields=["customer", "-at"], name="article_use_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} to {self.customer_id}"
