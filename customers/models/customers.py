"""The customer: the wide master record, the narrow position beside it, shares and quality flags."""

from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.enums import CustomerKind, FlagKind, IdType, Origin, Sex, Stage
from staff.access import Scope, scope_of
from staff.enums import Reach
from staff.models import Branch, User


def in_scope(scope: Scope, path: str = "") -> Q:
    """The scope as a condition on customers, or on rows whose customer is at `path` (such as "customer__")."""
    if scope.reach == Reach.BANK:
        return Q()
    if scope.reach == Reach.BRANCHES:
        return Q(**{f"{path}branch_id__in": sorted(scope.branch_ids)})
    if scope.reach == Reach.BOOK:
        # Ids, not a subquery: PostgreSQL can then combine three index look-ups instead of reading the table.
        shared = list(CustomerShare.objects.filter(user_id=scope.user_id).values_list("customer_id", flat=True))
        mine = Q(**managed_by(scope, path)) | Q(**{f"{path}backup_id": scope.user_id})
        return mine | Q(**{f"{path}pk__in": shared}) if shared else mine
    return Q(pk__in=[])


def managed_by(scope: Scope, path: str = "") -> dict[str, object]:
    """The condition that the manager is the person themselves, or somebody away for whom they stand in today."""
    if not scope.stood_in:
        return {f"{path}manager_id": scope.user_id}
    return {f"{path}manager_id__in": sorted({scope.user_id, *scope.stood_in})}


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only the customers this person may see, none merged into another; nothing for anybody unknown."""
        return self.filter(in_scope(scope_of(user)), merged_into=None)


class Customer(models.Model):
    """A person or organisation with deposits here.

    Identity number, phone, email, address and WeChat id are kept only as ciphers (`core.crypto`, row key = customer_no)
    and blind indexes; nothing decrypts them by itself.
    """

    customer_no = models.CharField(_("customer number"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_pinyin = models.CharField(max_length=200)
    name_initials = models.CharField(max_length=60)
    name_grams = ArrayField(models.CharField(max_length=2), default=list)
    kind = models.CharField(_("kind"), max_length=12, choices=CustomerKind, default=CustomerKind.PERSON)
    id_type = models.CharField(_("identity document"), max_length=20, choices=IdType, blank=True)
    id_no_cipher = models.BinaryField(null=True)
    id_no_index = models.BinaryField(null=True, max_length=16)
    id_expires_on = models.DateField(_("document valid until"), null=True)
    id_is_long_term = models.BooleanField(_("document without expiry"), default=False)
    phone_cipher = models.BinaryField(null=True)
    phone_index = models.BinaryField(null=True, max_length=16)
    phone_tail_index = models.BinaryField(null=True, max_length=16)
    email_cipher = models.BinaryField(null=True)
    email_index = models.BinaryField(null=True, max_length=16)
    address_cipher = models.BinaryField(null=True)
    wechat_cipher = models.BinaryField(null=True)
    id_issued_by = models.CharField(_("issued by"), max_length=80, blank=True, default="", db_default="")
    contact_name = models.CharField(_("contact person"), max_length=60, blank=True, default="", db_default="")
    origin = models.CharField(_("source"), max_length=12, choices=Origin, blank=True, default="", db_default="")
    sex = models.CharField(_("sex"), max_length=6, choices=Sex, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True)
    occupation = models.CharField(_("occupation"), max_length=60, blank=True)
    employer = models.CharField(_("employer"), max_length=120, blank=True)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"), related_name="+")
    manager = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("manager"), related_name="+")
    backup = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("backup manager"), related_name="+", db_index=False
    )
    opened_on = models.DateField(_("customer since"), null=True)
    risk_grade = models.CharField(_("risk grade"), max_length=20, blank=True)
    feed_fingerprint = models.BinaryField(null=True, max_length=16)
    # Whom the core last named: what was handed over here stays so until it names somebody else.
    fed_manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    # Grows with every write of a profile field, so that of two people who edit at once the second is told.
    version = models.IntegerField(default=1, db_default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = CustomerQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("customer")
        indexes = [
            models.Index(fields=["name_pinyin", "id"], name="customer_by_name"),
            models.Index(fields=["branch", "name_pinyin", "id"], name="customer_branch_name"),
            models.Index(OpClass("name_pinyin", name="varchar_pattern_ops"), name="customer_pinyin_prefix"),
            models.Index(OpClass("name_initials", name="varchar_pattern_ops"), name="customer_initials_prefix"),
            models.Index(OpClass("name", name="varchar_pattern_ops"), name="customer_name_prefix"),
            GinIndex(fields=["name_grams"], name="customer_name_grams", fastupdate=False),
            models.Index(fields=["id_no_index"], name="customer_id_no"),
            models.Index(fields=["phone_index"], name="customer_phone"),
            models.Index(fields=["phone_tail_index"], name="customer_phone_tail"),
            models.Index(fields=["backup"], name="customer_backup", condition=Q(backup__isnull=False)),
            models.Index(
                fields=["name_pinyin", "id"], name="customer_organisations", condition=Q(kind=CustomerKind.ORGANISATION)
            ),
            models.Index(fields=["opened_on"], name="customer_opened"),
            models.Index(fields=["merged_into"], name="customer_merged", condition=Q(merged_into__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.customer_no}"

    def get_absolute_url(self) -> str:
        """The address of the customer page."""
        return reverse("customers:detail", args=[self.customer_no])


Row = TypeVar("Row", bound=models.Model)


class CustomerRows(models.QuerySet[Row]):
    """Rows with a key `customer`."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only rows of customers this person may see, none merged into another."""
        return self.filter(in_scope(scope_of(user), "customer__"), customer__merged_into=None)


class CustomerPositionQuerySet(models.QuerySet["CustomerPosition"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only the positions of customers this person may see."""
        scope = scope_of(user)
        # The narrow table's own copies are indexed.
        if scope.reach == Reach.BRANCHES:
            return self.filter(branch_id__in=sorted(scope.branch_ids))
        if scope.reach == Reach.BOOK:
            shared = CustomerShare.objects.filter(user_id=scope.user_id).values_list("customer_id", flat=True)
            others = Customer.everything.filter(backup_id=scope.user_id).values_list("pk", flat=True).union(shared)
            return self.filter(Q(**managed_by(scope)) | Q(pk__in=list(others)))
        return self.filter(in_scope(scope, "customer__"))


class CustomerPosition(models.Model):
    """One slim row a customer: what lists, boards and re-tiering read a million times.

    `total` is the sum of the customer's balances in yuan since `on`; `day_sum` the sum of its end-of-day totals up to
    and including `on`. The marks are that sum at the end of the day before the month, quarter and year of the ledger
    day began. `tier` is the rank of the band in effect (0 = not tiered yet), `ruled_tier` what the rule alone gives
    while an override holds another (else null), `watch_since` the day the customer was first found below the floor of
    a tier that is still held, `near` the sum of 1 = close below the next tier and 2 = close to losing this one. No
    index on any amount: updates stay in place.
    """

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="position")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    manager = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    tier = models.SmallIntegerField(default=0)
    tier_since = models.DateField(null=True)
    ruled_tier = models.SmallIntegerField(null=True)
    watch_since = models.DateField(null=True)
    near = models.SmallIntegerField(default=0, db_default=0)
    stage = models.SmallIntegerField(choices=Stage, default=Stage.NONE, db_default=0)
    total = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    day_sum = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    on = models.DateField(null=True)
    month_mark = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    quarter_mark = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    year_mark = models.DecimalField(max_digits=24, decimal_places=2, default=0)
    last_contact_on = models.DateField(null=True)

    objects = CustomerPositionQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [
            models.Index(fields=["branch", "tier"], name="position_branch_tier"),
            models.Index(fields=["manager", "tier"], name="position_manager_tier"),
        ]
        constraints = [models.CheckConstraint(condition=Q(tier__gte=0), name="position_tier_is_a_rank")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.total}"


class CustomerShare(models.Model):
    """A customer opened to one more member of staff beside owner and backup."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="shares")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "user"], name="share_once")]

    def __str__(self) -> str:
        return f"{self.customer_id} to {self.user_id}"


class QualityFlagQuerySet(models.QuerySet["QualityFlag"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Only findings about customers this person may see, none merged into another."""
        return self.filter(in_scope(scope_of(user), "customer__"), customer__merged_into=None)

    def open(self) -> Self:
        """Findings that still hold and that nobody has dismissed."""
        return self.filter(resolved_on=None, dismissed_on=None)


class QualityFlag(models.Model):
    """A finding of a data-quality rule about one customer; resolved when the rule no longer finds it.

    A dismissed one stays quiet until the rule no longer finds it, or until the rules' days of quiet are over.
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=24, choices=FlagKind)
    found_on = models.DateField()
    resolved_on = models.DateField(null=True)
    dismissed_on = models.DateField(null=True)
    dismissed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    dismiss_reason = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = QualityFlagQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("finding")
        constraints = [models.UniqueConstraint(fields=["customer", "kind"], name="flag_once_per_kind")]
        indexes = [
            models.Index(
                fields=["found_on", "id"],
                name="flag_open_by_age",
                condition=Q(resolved_on__isnull=True, dismissed_on__isnull=True),
            ),
            models.Index(
                fields=["kind", "found_on", "id"],
                name="flag_open_by_kind",
                condition=Q(resolved_on__isnull=True, dismissed_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind}"
