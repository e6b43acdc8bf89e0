"""Named choices of the model that ranks whom to call."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ModelKind(TextChoices):
    """How a model reckons."""

    LOGISTIC = "logistic", _("Logistic regression")
    BOOSTING = "boosting", _("Gradient boosting")


class ModelState(TextChoices):
    """Whether a trained model is in use."""

    CANDIDATE = "candidate", _("Trained, waits for a second person")
    ACTIVE = "active", pgettext_lazy("model", "In use")
    RETIRED = "retired", pgettext_lazy("model", "Replaced")


class CallFact(TextChoices):
    """What a model may know of a customer before a call. Never sex, alerts, fraud or complaints (domain.md 5)."""

    TIER = "tier", _("Tier")
    ADB = "adb", _("Average balance of the last 30 days")
    CHANGE = "change", _("Change of the average balance")
    KIND = "kind", _("Person or organisation")
    AGE = "age", _("Age")
    SINCE = "since", _("Customer since")
    PRODUCTS = "products", _("Products held")
    MATURING = "maturing", _("Deposit matures within 30 days")
    CONTACT = "contact", _("Days since the last talk")
    EARLIER = "earlier", _("Earlier calls")


class CallReason(TextChoices):
    """A fact of a customer as a reason for or against a call."""

    TIER = "tier", pgettext_lazy("reason", "tier %(value)s")
    NO_TIER = "no_tier", pgettext_lazy("reason", "no tier yet")
    ADB_HIGH = "adb_high", pgettext_lazy("reason", "higher balance than most customers called")
    ADB_LOW = "adb_low", pgettext_lazy("reason", "lower balance than most customers called")
    ROSE = "rose", pgettext_lazy("reason", "balance rose over the last 30 days")
    FELL = "fell", pgettext_lazy("reason", "balance fell over the last 30 days")
    STEADY = "steady", pgettext_lazy("reason", "balance stayed as it was over the last 30 days")
    PERSON = "person", pgettext_lazy("reason", "a person")
    ORGANISATION = "organisation", pgettext_lazy("reason", "an organisation")
    AGE = "age", pgettext_lazy("reason", "%(value)s years old")
    AGE_UNKNOWN = "age_unknown", pgettext_lazy("reason", "age not known")
    SINCE = "since", pgettext_lazy("reason", "customer for %(value)s years")
    SINCE_NEW = "since_new", pgettext_lazy("reason", "customer for less than a year")
    SINCE_UNKNOWN = "since_unknown", pgettext_lazy("reason", "not known since when a customer")
    HOLDS = "holds", pgettext_lazy("reason", "holds: %(value)s")
    HOLDS_NOTHING = "holds_nothing", pgettext_lazy("reason", "holds no open deposit")
    MATURING = "maturing", pgettext_lazy("reason", "a deposit matures within 30 days")
    NOT_MATURING = "not_maturing", pgettext_lazy("reason", "no deposit matures within 30 days")
    CONTACT = "contact", pgettext_lazy("reason", "last talked to %(value)s days ago")
    NEVER_TALKED = "never_talked", pgettext_lazy("reason", "never talked to")
    AGREED = "agreed", pgettext_lazy("reason", "agreed in the last call")
    REFUSED = "refused", pgettext_lazy("reason", "not interested in the last call")
    NOT_REACHED = "not_reached", pgettext_lazy("reason", "not reached in the last call")
    CALLED = "called", pgettext_lazy("reason", "called %(value)s times within a year")
    NOT_CALLED = "not_called", pgettext_lazy("reason", "not called within a year")
