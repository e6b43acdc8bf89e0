"""Named choices of insights."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class UnitKind(TextChoices):
    """Whose figures a row of key figures holds."""

    BANK = "bank", _("Bank")
    REGION = "region", _("Region")
    BRANCH = "branch", _("Branch")
    TEAM = "team", _("Team")
    PERSON = "person", _("Person")


class EntryKind(TextChoices):
    """Kinds of entries on a customer's timeline."""

    CONTACT = "contact", _("Contacts")
    TIER = "tier", _("Tier changes")
    BALANCE = "balance", _("Balance jumps")
    COMPLAINT = "complaint", _("Complaints")
    FOLLOW_UP = "follow_up", _("Follow-ups done")
    QUOTE = "quote", _("Quotes")
    REFERRAL = "referral", _("Referrals")
    FEEDBACK = "feedback", _("Feedback")
    CONSENT = "consent", _("Consents")


class Direction(TextChoices):
    """Which way a customer's deposits moved."""

    UP = "up", _("Rises")
    DOWN = "down", _("Falls")
    GAINED = "gained", _("From nothing")
    EMPTIED = "emptied", _("To nothing")


class NightStep(TextChoices):
    """Steps of the night, by the names of their jobs, in words."""

    IMPORT_FEEDS = "import_feeds", _("Import feeds")
    ROLL_BALANCES = "roll_balances", _("Roll balances")
    RETIER = "retier", _("Re-tier customers")
    LIFECYCLE = "lifecycle", _("Decide life-cycle stages")
    QUALITY = "quality", _("Check data quality")
    KYC = "kyc", _("Find papers and reviews that fall due")
    MATURITIES = "maturities", _("Follow maturing deposits and measure what stayed")
    FOLLOW_UPS = "follow_ups", _("Plan follow-ups")
    VOICES = "voices", _("Invite to surveys, remind of feedback")
    COMPLAINT_CLOCKS = "complaint_clocks", _("Tell of complaints whose time runs out")
    COMPLAINT_CAUSES = "complaint_causes", _("Find repeated causes of complaints and check evidence")
    OUTREACH = "outreach", _("Launch, end and measure campaigns")
    WARNINGS = "warnings", _("Warn of deposits about to leave")
    ROLL_UP = "roll_up", _("Roll up figures")
    PEOPLE = "people", _("Remind of certificates, findings and targets")
    REPORTS = "reports", _("Make the reports that are due")
    SIMULATOR = "simulator", _("Prepare the simulator")
    TIDY = "tidy", _("Delete what is past its time")
    SEAL = "seal", _("Seal the trail")


class JobName(TextChoices):
    """Jobs outside the night, by their names, in words."""

    CHECK_FEED = "customers.check_feed", _("Check a feed")
    IMPORT_FEED = "customers.import_feed", _("Import a feed")
    HAND_OVER = "depositcrm.hand_over", _("Hand customers over")
    HAND_BACK = "depositcrm.hand_back", _("Take a hand-over back")
    MERGE = "depositcrm.merge_customers", _("Merge two customers")
    UNMERGE = "depositcrm.unmerge_customers", _("Undo a merge")
    EXPORT = "depositcrm.export_list", _("Write an export file")
    COMPLAINT_CLOCKS = "complaints.clocks", _("Tell of complaints whose time runs out")
    COUNT_SEGMENT = "campaigns.count_segment", _("Count a segment")
    LAUNCH_CAMPAIGN = "campaigns.launch", _("Launch a campaign")
    TRAIN_MODEL = "campaigns.train_call_model", _("Train a model of whom to call")
    SEND_SURVEYS = "servicing.send_surveys", _("Send survey invitations")
    MAIL_NOTICES = "staff.mail_notices", _("Send notifications by mail")
    RETIER = "tiers.retier", _("Re-tier customers")
    RETIER_HELP = "tiers.retier_help", _("Help to re-tier customers")
    SPREAD = "tiers.spread", _("Prepare the simulator")
    BACKTEST = "tiers.backtest", _("Try two rules on the past")
    BACKTEST_HELP = "tiers.backtest_help", _("Help to try two rules on the past")
