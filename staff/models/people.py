"""The bank's people: branch tree, users, interface tokens, approvals."""

from datetime import date
from typing import Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core.enums import ActorKind
from core.trail import Actor
from staff.enums import BranchKind, Decision, Role


class BranchQuerySet(models.QuerySet["Branch"]):
    def below(self, branch: "Branch") -> Self:
        """The branch itself and all units under it."""
        return self.filter(path__startswith=branch.path)


class Branch(models.Model):
    """A unit of the bank. `path` is the ids from the root down to itself, as /1/5/."""

    code = models.CharField(_("unit code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=BranchKind, default=BranchKind.BRANCH)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=200, db_index=True, default="")

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch")
        indexes = [models.Index(fields=["path"], name="branch_path_prefix", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Creates users by their sign-in name, as Django's tools expect it."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A member of staff. One role and one branch each; both decide what they see (`staff.access`)."""

    username = models.CharField(_("sign-in name"), max_length=40, unique=True)
    staff_no = models.CharField(_("staff number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    role = models.CharField(_("role"), max_length=16, choices=Role)
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name=_("branch"), related_name="users")
    language = models.CharField(_("language"), max_length=8, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    # Raised whenever sessions and tokens are ended, so that no old session comes back to life.
    access_epoch = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["staff_no", "name"]

    class Meta:
        verbose_name = _("user")
        indexes = [models.Index(fields=["branch", "role"], name="user_branch_role")]

    def __str__(self) -> str:
        return self.name

    # Not a column: how the present request came in (`staff.tokens` says TOKEN).
    acts_as: ActorKind = ActorKind.USER

    @property
    def actor(self) -> Actor:
        """This person as the author of a trail entry."""
        return Actor(self.pk, self.staff_no, self.acts_as)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Sessions are bound to the rights they began with: whoever is moved or disabled, by whatever way, is out.
        rights = f"{self.password}|{self.role}|{self.branch_id}|{self.is_active}|{self.access_epoch}"
        return salted_hmac("staff.models.User.session", rights, secret=secret, algorithm="sha256").hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid_on(self, day: date) -> Self:
        return self.filter(expires_on__gte=day, revoked_at=None, user__is_active=True)


class ApiToken(models.Model):
    """A scoped, expiring key to the API. Only its digest is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    label = models.CharField(_("label"), max_length=60, blank=True)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name=_("scopes"))
    expires_on = models.DateField(_("expires on"))
    created_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user} {self.label}"


class Approval(models.Model):
    """A request for a second pair of eyes on exactly one state (`digest`) of one thing."""

    kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    summary = models.CharField(max_length=300)
    details = models.JSONField(default=dict)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.PENDING)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(decision=Decision.WITHDRAWN) | ~Q(decided_by=F("requested_by")),
                name="approval_needs_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(decision=Decision.PENDING, decided_at=None)
                | (~Q(decision=Decision.PENDING) & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="approval_decided_by_someone",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(decision=Decision.PENDING), name="approval_one_pending"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id} {self.decision}"
