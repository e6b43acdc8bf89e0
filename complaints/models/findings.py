"""Decisions, reviews, evidence, and what is put right afterwards."""

from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from complaints.enums import ActionState, Delivery, Finding, ProblemState, RemedyKind, ReviewOutcome, ReviewState
from complaints.models.cases import CaseRows, Complaint
from staff.access import HEADS, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User


class Decision(models.Model):
    """What is decided in a round: proposed by one, approved by another, and how it reached the complainant.

    Facts and words to the complainant are ciphers (row key = the complaint's `once`, column names with the round).
    `amount` is yuan of refund or compensation.
    """

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    round = models.SmallIntegerField()
    version = models.SmallIntegerField(default=1)
    finding = models.CharField(_("finding"), max_length=10, choices=Finding)
    facts_cipher = models.BinaryField()
    words_cipher = models.BinaryField()
    remedy = models.CharField(_("remedy"), max_length=12, choices=RemedyKind, default=RemedyKind.NONE)
    amount = models.DecimalField(_("amount, yuan"), max_digits=12, decimal_places=2, null=True)
    letter = models.JSONField(default=dict)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    approved_at = models.DateTimeField(null=True)
    delivered_on = models.DateField(_("delivered on"), null=True)
    delivery = models.CharField(_("delivery"), max_length=10, choices=Delivery, blank=True)
    proof = models.CharField(_("proof of delivery"), max_length=200, blank=True)

    objects = CaseRows["Decision"].as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("decision")
        constraints = [
            models.UniqueConstraint(fields=["complaint", "round", "version"], name="decision_version"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")), name="decision_by_a_second_person"
            ),
            models.CheckConstraint(
                condition=Q(delivered_on=None) | (Q(approved_by__isnull=False) & ~Q(delivery="") & ~Q(proof="")),
                name="decision_delivered_with_proof",
            ),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gt=0), name="decision_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.round}.{self.version}"


class Review(models.Model):
    """The upper level looks at a decision again, with its own clock (`due_on`) and its own handler."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="+", db_index=False)
    desk = models.ForeignKey(
        Branch, models.PROTECT, verbose_name=_("unit that reviews"), related_name="+", db_index=False
    )
    asked_on = models.DateField(_("asked on"))
    reason_cipher = models.BinaryField()
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()
    reviewer = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("reviewer"), related_name="+", db_index=False
    )
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=9, choices=ReviewState, default=ReviewState.ASKED)
    outcome = models.CharField(_("outcome"), max_length=8, choices=ReviewOutcome, blank=True)
    words_cipher = models.BinaryField(null=True)
    decided_on = models.DateField(_("decided on"), null=True)
    proof = models.CharField(_("proof of delivery"), max_length=200, blank=True)

    objects = CaseRows["Review"].as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("review")
        constraints = [
            models.UniqueConstraint(fields=["decision"], condition=~Q(state="withdrawn"), name="review_once"),
            models.CheckConstraint(
                condition=~Q(state="decided")
                | (Q(reviewer__isnull=False, decided_on__isnull=False) & ~Q(outcome="") & ~Q(proof="")),
                name="review_decided_by_someone",
            ),
        ]
        indexes = [models.Index(fields=["due_on", "id"], name="review_clock", condition=Q(state="asked"))]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.state}"


class Evidence(models.Model):
    """A file of a case, sealed on the disk under `stored_as`; `sha256` is of the file in clear, `size` its bytes.

    Never changed once there; taken out (`removed_at`) only while the case is open, and the row stays.
    """

    complaint = models.ForeignKey(Complaint, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("type"), max_length=80)
    size = models.BigIntegerField(_("size, bytes"))
    sha256 = models.BinaryField(max_length=32)
    stored_as = models.UUIDField(unique=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    removed_at = models.DateTimeField(null=True)
    remove_reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = CaseRows["Evidence"].as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("evidence")
        indexes = [models.Index(fields=["complaint"], name="evidence_of_complaint")]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "sha256"], condition=Q(removed_at=None), name="evidence_once_a_case"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None) | ~Q(remove_reason=""), name="evidence_removed_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.stored_as}"


class ProblemQuerySet(models.QuerySet["Problem"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Problems of units in scope, for heads and compliance; none made of a case one is recused from."""
        scope = scope_of(user)
        if not has_role(user, *HEADS, Role.COMPLIANCE):
            return self.none()
        same = Complaint.everything.filter(branch=OuterRef("branch"), cause=OuterRef("cause"))
        apart = self.exclude(Exists(same.filter(recused__contains=[scope.user_id])))
        return apart if scope.reach == Reach.BANK else apart.filter(branch_id__in=sorted(scope.branch_ids))

    def open(self) -> Self:
        """Those nobody has solved."""
        return self.filter(state=ProblemState.OPEN)


class Problem(models.Model):
    """The same root cause again and again in one unit: `count` complaints in `days` days up to `found_on`."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    cause = models.CharField(_("root cause"), max_length=30)
    found_on = models.DateField(_("found on"))
    count = models.IntegerField(_("complaints"))
    days = models.SmallIntegerField(_("within days"))
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name=_("owner"), related_name="+", db_index=False
    )
    state = models.CharField(_("state"), max_length=8, choices=ProblemState, default=ProblemState.OPEN)
    solved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    solved_on = models.DateField(_("solved on"), null=True)
    words = models.CharField(_("what was done"), max_length=500, blank=True)

    objects = ProblemQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("problem")
        constraints = [
            models.UniqueConstraint(fields=["branch", "cause"], condition=Q(state="open"), name="problem_open_once"),
            models.CheckConstraint(
                condition=~Q(state="solved") | (Q(solved_by__isnull=False, solved_on__isnull=False) & ~Q(words="")),
                name="problem_solved_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id} {self.cause}"


class ActionQuerySet(models.QuerySet["CorrectiveAction"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Actions of units in scope for heads and compliance, and one's own; never of a case one is recused from,
        nor of a problem made of such a case."""
        scope = scope_of(user)
        if scope.reach == Reach.NOTHING:
            return self.none()
        same = Complaint.everything.filter(branch=OuterRef("branch"), cause=OuterRef("cause"))
        apart = self.exclude(complaint__recused__contains=[scope.user_id]).exclude(
            Exists(same.filter(recused__contains=[scope.user_id])), problem__isnull=False
        )
        if not has_role(user, *HEADS, Role.COMPLIANCE):
            return apart.filter(owner_id__in=sorted({scope.user_id, *scope.stood_in}))
        if scope.reach == Reach.BANK:
            return apart
        return apart.filter(Q(branch_id__in=sorted(scope.branch_ids)) | Q(owner_id=scope.user_id))

    def open(self) -> Self:
        """Those still to be done."""
        return self.filter(state=ActionState.OPEN)


class CorrectiveAction(models.Model):
    """Something to be put right after a case or for a problem: who, until when, and the evidence that it was."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", db_index=False)
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, related_name="+", db_index=False)
    problem = models.ForeignKey(Problem, models.PROTECT, null=True, related_name="+", db_index=False)
    cause = models.CharField(_("root cause"), max_length=30)
    text = models.CharField(_("what to put right"), max_length=300)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), related_name="+", db_index=False)
    due_on = models.DateField(_("due on"))
    state = models.CharField(_("state"), max_length=8, choices=ActionState, default=ActionState.OPEN)
    evidence = models.CharField(_("evidence"), max_length=500, blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True)
    once = models.UUIDField(null=True, unique=True)

    objects = ActionQuerySet.as_manager()
    everything = models.Manager()

    class Meta:
        verbose_name = _("corrective action")
        indexes = [
            models.Index(fields=["branch", "due_on", "id"], name="action_open_of_branch", condition=Q(state="open")),
            models.Index(fields=["owner", "due_on", "id"], name="action_open_of_owner", condition=Q(state="open")),
            models.Index(fields=["complaint"], name="action_of_complaint"),
            models.Index(fields=["problem"], name="action_of_problem", condition=Q(problem__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(state="done") | ~Q(evidence=""), name="action_done_with_evidence"),
            models.CheckConstraint(
                condition=Q(complaint__isnull=False) | Q(problem__isnull=False), name="action_of_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch_id} {self.text[:40]}"
