"""Named choices of consents."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ConsentPurpose(TextChoices):
    """What personal data or a message may be used for; each needs its own consent (PIPL 13-17, 23, 24)."""

    MARKETING = "marketing", _("Marketing messages")
    PROFILING = "profiling", _("Personal recommendations")
    PARTNERS = "partners", _("Passing to a named partner")
    SURVEY = "survey", _("Satisfaction surveys")
    ONLINE = "online", _("Use of online behaviour")


class ConsentChannel(TextChoices):
    """Over which channel a purpose is consented to."""

    PHONE = "phone", _("Telephone")
    SMS = "sms", _("Text message")
    EMAIL = "email", _("E-mail")
    WECOM = "wecom", _("WeCom")
    MAIL = "mail", _("By post")
    APP = "app", _("In the app")


class ConsentDecision(TextChoices):
    """What was stated."""

    GIVEN = "given", _("Given")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ConsentProof(TextChoices):
    """What proves the statement."""

    SIGNED_FORM = "signed_form", _("Signed form")
    RECORDED_CALL = "recorded_call", _("Recorded call")
    ONLINE_FORM = "online_form", _("Online form")
    SMS_REPLY = "sms_reply", _("Reply by text message")
    AT_COUNTER = "at_counter", _("Stated at the counter")
    IMPORTED = "imported", _("Taken over from an earlier system")
