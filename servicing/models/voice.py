"""What customers say of us: feedback with its loop closed, and surveys over single-use links."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, CustomerRows, in_scope
from servicing.enums import FeedbackKind, FeedbackSource, FeedbackState, InvitationState, SurveyChannel, WaveState
from servicing.models.contacts import Interaction
from staff.access import BOOK_KEEPERS, HEADS, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User


class WaveQuerySet(models.QuerySet["Wave"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Waves of units in scope and of units above them, which ask customers of the units in scope too."""
        scope = scope_of(user)
        if scope.reach == Reach.BANK:
            return self
        if scope.reach != Reach.BRANCHES or not has_role(user, *HEADS, Role.COMPLIANCE):
            return self.none()
        paths = Branch.objects.filter(pk__in=scope.branch_ids).values_list("path", flat=True)
        above = {int(part) for path in paths for part in path.strip("/").split("/") if part}
        return self.filter(branch_id__in=above | scope.branch_ids)

    def running(self) -> Self:
        """Those that invite and take answers."""
        return self.filter(state=WaveState.RUNNING)


class Wave(models.Model):
    """A round of surveys: whom it samples (`percent` of those contacted in its days, by `seed`), how, and until when.

    `questions` are the words and questions asked, as they were when it began. `left_out` counts by day and reason the
    customers who were contacted and not asked.
    """

    name = models.CharField(_("name"), max_length=80)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    channels = ArrayField(models.CharField(max_length=8, choices=SurveyChannel), verbose_name=_("channels"))
    percent = models.SmallIntegerField(_("sample, %"), default=10)
    seed = models.BigIntegerField()
    questions = models.JSONField(default=dict)
    left_out = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=8, choices=WaveState, default=WaveState.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = WaveQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("survey")
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=100), name="wave_percent"),
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="wave_ends_after_it_starts"),
        ]

    def __str__(self) -> str:
        return self.name


class InvitationQuerySet(CustomerRows["Invitation"]):
    def to_send(self) -> Self:
        """Those a worker may take up."""
        return self.filter(state=InvitationState.WAITING)


class Invitation(models.Model):
    """One customer asked once in a wave. The link works once; only its digest is kept.

    `about` is the colleague the contact was with, `sent_at` when the gateway was handed the link.
    """

    wave = models.ForeignKey(Wave, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+", db_index=False)
    about = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    channel = models.CharField(_("channel"), max_length=8, choices=SurveyChannel)
    digest = models.BinaryField(max_length=32, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=InvitationState, default=InvitationState.WAITING)
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("survey invitation")
        constraints = [models.UniqueConstraint(fields=["wave", "customer"], name="invitation_once")]
        indexes = [
            models.Index(fields=["customer", "-made_at"], name="invitation_of_customer"),
            models.Index(fields=["id"], name="invitation_open", condition=Q(state__in=["waiting", "sending"])),
        ]

    def __str__(self) -> str:
        return f"{self.wave_id} {self.customer_id}"


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Feedback about customers in sight, and anonymous words said at units in scope, as far as the work needs it.

        Heads and compliance see all of that; managers what was said by their customers; everybody else, and managers
        of what was said anonymously, only what they own or wrote down.
        """
        scope = scope_of(user)
        if scope.reach == Reach.NOTHING:
            return self.none()
        named = in_scope(scope, "customer__") & Q(customer__isnull=False, customer__merged_into=None)
        unnamed = Q(customer=None) if scope.reach == Reach.BANK else Q(customer=None, branch_id__in=scope.branch_ids)
        if not has_role(user, *HEADS, Role.COMPLIANCE):
            theirs = Q(owner_id=scope.user_id) | Q(recorded_by_id=scope.user_id)
            unnamed &= theirs
            if not has_role(user, *BOOK_KEEPERS):
                named &= theirs
        return self.filter(named | unnamed)

    def open(self) -> Self:
        """Those whose loop is not closed."""
        return self.filter(state__in=[FeedbackState.OPEN, FeedbackState.ANSWERED])


class Feedback(models.Model):
    """A customer's word with its owner, answer and the day the customer was told; anonymous without a customer."""

    customer = models.ForeignKey(Customer, models.PROTECT, null=True, related_name="+", db_index=False)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(_("where"), max_length=8, choices=FeedbackSource)
    kind = models.CharField(_("kind"), max_length=10, choices=FeedbackKind)
    text = models.CharField(_("what was said"), max_length=1000)
    product_tag = models.CharField(_("product"), max_length=30, blank=True)
    process_tag = models.CharField(_("process"), max_length=30, blank=True)
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("owner"), related_name="+", db_index=False
    )
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=8, choices=FeedbackState, default=FeedbackState.OPEN)
    answer = models.CharField(_("answer"), max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True)
    told_on = models.DateField(_("customer told on"), null=True)
    closed_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()
    once = models.UUIDField(null=True, unique=True)

    objects = FeedbackQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("feedback")
        indexes = [
            models.Index(fields=["branch", "-recorded_at"], name="feedback_of_branch"),
            models.Index(fields=["customer", "-recorded_at"], name="feedback_of_customer"),
            models.Index(fields=["owner", "due_on"], name="feedback_open", condition=Q(state__in=["open", "answered"])),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(state="told") | Q(told_on__isnull=False), name="feedback_told_on_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind} {self.state}"


class SurveyAnswerQuerySet(models.QuerySet["SurveyAnswer"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Answers given about units in scope, for those who may see waves."""
        scope = scope_of(user)
        if scope.reach == Reach.BANK:
            return self
        if scope.reach != Reach.BRANCHES or not has_role(user, *HEADS, Role.COMPLIANCE):
            return self.none()
        return self.filter(branch_id__in=scope.branch_ids)


class SurveyAnswer(models.Model):
    """An answered survey: one mark from 0 to 10, further marks by question, and a free word.

    Without an invitation it was given anonymously at a kiosk.
    """

    wave = models.ForeignKey(Wave, models.PROTECT, related_name="+", db_index=False)
    invitation = models.OneToOneField(Invitation, models.PROTECT, null=True, related_name="answer")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(_("channel"), max_length=8, choices=SurveyChannel)
    score = models.SmallIntegerField(_("recommendation, 0 to 10"))
    marks = models.JSONField(default=dict)
    comment = models.CharField(_("comment"), max_length=1000, blank=True)
    answered_at = models.DateTimeField()
    feedback = models.ForeignKey(Feedback, models.SET_NULL, null=True, related_name="+", db_index=False)
    # The key of the form it was given with, so that a page sent twice counts once.
    once = models.UUIDField(null=True, unique=True)

    objects = SurveyAnswerQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        indexes = [models.Index(fields=["wave", "branch"], name="answer_of_wave")]
        constraints = [models.CheckConstraint(condition=Q(score__gte=0, score__lte=10), name="survey_score")]

    def __str__(self) -> str:
        return f"{self.wave_id}: {self.score}"
