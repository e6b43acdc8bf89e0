"""Named choices of referrals, fraud prompts, feedback, surveys and quotes."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ReferralState(TextChoices):
    """How a referral stands."""

    WAITING = "waiting", _("Waiting to be taken")
    ACCEPTED = "accepted", _("Taken")
    DECLINED = "declined", _("Declined")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Without result")


class FraudOutcome(TextChoices):
    """How a fraud prompt at the counter ended."""

    CLEAR = "clear", _("No sign of fraud, served")
    PERSUADED = "persuaded", _("Customer gave it up")
    POSTPONED = "postponed", _("Postponed")
    FAMILY = "family", _("Family was called")
    POLICE = "police", _("Police was called")
    INSISTED = "insisted", _("Customer insisted, served after a warning")


class FeedbackKind(TextChoices):
    """What sort of word it is."""

    PRAISE = "praise", _("Praise")
    SUGGESTION = "suggestion", _("Suggestion")
    PROBLEM = "problem", _("Problem")
    QUESTION = "question", _("Question")


class FeedbackState(TextChoices):
    """How far the loop is closed."""

    OPEN = "open", _("To be answered")
    ANSWERED = "answered", _("Answered, customer not told")
    TOLD = "told", _("Customer was told")
    CLOSED = "closed", _("Closed without telling")


class FeedbackSource(TextChoices):
    """Where it was said."""

    COUNTER = "counter", _("Counter")
    PHONE = "phone", _("Phone")
    KIOSK = "kiosk", _("Kiosk at the counter")
    SURVEY = "survey", _("Survey")
    LETTER = "letter", _("Letter")
    ONLINE = "online", _("Online")


class WaveState(TextChoices):
    """How a wave of surveys stands."""

    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    CLOSED = "closed", _("Closed")


class SurveyChannel(TextChoices):
    """How a survey reaches a customer."""

    SMS = "sms", _("Text message")
    EMAIL = "email", _("E-mail")
    WECOM = "wecom", _("WeCom")
    KIOSK = "kiosk", _("Kiosk at the counter")


class InvitationState(TextChoices):
    """How far a survey's link got."""

    WAITING = "waiting", _("To be sent")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    UNKNOWN = "unknown", _("Sent or not, nobody knows")
    FAILED = "failed", _("Refused by the gateway")
    DROPPED = "dropped", _("No longer permitted")


class QuoteKind(TextChoices):
    """What was worked out."""

    HOLD = "hold", _("Held to maturity")
    EARLY = "early", _("Early withdrawal")
    NEW = "new", _("New deposit")
