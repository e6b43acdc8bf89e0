"""Named choices of templates, offers and the library."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ContentState(TextChoices):
    """Where a version of a template, an offer or a piece of the library stands."""

    DRAFT = "draft", pgettext_lazy("content", "Draft")
    SUBMITTED = "submitted", _("Waits for a second person")
    APPROVED = "approved", pgettext_lazy("content", "In use")
    RETIRED = "retired", _("No longer used")


class Subject(TextChoices):
    """What a piece of the library is about (M12)."""

    RATES = "rates", _("Rates and terms")
    INTEREST = "interest", _("How interest is reckoned")
    INSURANCE = "insurance", _("Deposit insurance")
    FRAUD = "fraud", _("Protection against fraud")
    SERVICES = "services", _("Services of the bank")


class OfferKind(TextChoices):
    """How an offer is made up (M16)."""

    TERM_BOND = "term_bond", _("Time deposit with treasury bonds")
    NOTICE_WEALTH = "notice_wealth", _("Notice deposit with short wealth products")
    LADDER = "ladder", _("Time deposits in steps")
    LARGE = "large", _("Large deposit, made to measure")
    SINGLE = "single", _("One product")


class Flaw(TextChoices):
    """What keeps words from being sent, with the place for which word, part or number it is."""

    BANNED = "banned", _("Banned words: %(what)s")
    DISCLOSURE = "disclosure", _("Must be said, and is missing: %(what)s")
    VARIABLE = "variable", _("There is no such variable here: %(what)s")
    BRACE = "brace", _("A curly bracket stands alone.")
    EMPTY = "empty", _("There are no words yet.")
    SUBJECT = "subject", _("It needs a subject.")
    LENGTH = "length", _("It is too long: %(what)s text messages.")
    EXPIRED = "expired", _("The material is out of date: %(what)s")
    NOT_IN_USE = "not_in_use", _("No longer in use: %(what)s")


class Outside(TextChoices):
    """What an offer may hold beside the deposits of the product library."""

    BOND = "BOND", _("Treasury bonds")
    WEALTH = "WEALTH", _("Short wealth product")


class OfferFault(TextChoices):
    """Why some pieces make no offer."""

    COUNT = "count", _("An offer has one to six products.")
    SHARES = "shares", _("The shares of the products must be 100 % together.")
    MONTHS = "months", _("A term is 1 to 120 months.")
    PRODUCT = "product", _("One of the products is no longer in the library.")
    BUYERS = "buyers", _("No customer may hold all of these products.")
    KIND_SINGLE = "kind_single", _("Such an offer has one product only.")
    KIND_TERM_BOND = "kind_term_bond", _("Such an offer needs a time deposit and treasury bonds.")
    KIND_NOTICE_WEALTH = "kind_notice_wealth", _("Such an offer needs a notice deposit and a short wealth product.")
    KIND_LADDER = "kind_ladder", _("Such an offer needs time deposits of at least two terms, and nothing else.")
    KIND_LARGE = "kind_large", _("Such an offer needs a time deposit, from 200,000 yuan on.")
