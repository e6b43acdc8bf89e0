"""Named choices of insights."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UnitKind(TextChoices):
    """Whose figures a row of key figures holds."""

    BANK = "bank", _("Bank")
    REGION = "region", _("Region")
    BRANCH = "branch", _("Branch")
    TEAM = "team", _("Team")
    PERSON = "person", _("Person")


class BoardKind(TextChoices):
    """Boards somebody arranges; one layout serves all boards of a kind."""

    MANAGER = "manager", _("My customers")
    BRANCH = "branch", _("Branch")
    REGION = "region", _("Region")
    BANK = "bank", _("Bank")


class ApprovalKind(TextChoices):
    """What waits for somebody's decision, by the kinds of `staff.Approval`, and complaints' own."""

    POLICY = "staff.policy", _("Version of rules")
    SCHEME = "tiers.scheme", _("Version of the tiers")
    OVERRIDE = "tiers.override", _("Another tier")
    HANDOVER = "handover", _("Hand-over")
    EXPORT = "export", _("File from a list")
    TARGET = "target", _("Target")
    CHECK = "campaigns.check", _("Campaign to check")
    COMPLIANCE = "campaigns.compliance", _("Campaign to judge")
    TEMPLATE = "campaigns.template", _("Template")
    OFFER = "campaigns.offer", _("Offer")
    ARTICLE = "campaigns.article", _("Piece of the library")
    DECISION = "complaint.decision", _("Decision of a complaint")
    EXTENSION = "complaint.extension", _("More time for a complaint")
    REVIEW = "complaint.review", _("Review of a decision")


class ReportSchedule(TextChoices):
    """How often a report is made by itself."""

    NEVER = "", _("Not by itself")
    DAILY = "daily", _("Every workday")
    WEEKLY = "weekly", _("Every week")
    MONTHLY = "monthly", _("Every month")


class ReportRunState(TextChoices):
    """What became of a report's file."""

    DONE = "done", _("Ready")
    SKIPPED = "skipped", _("Not made: nothing in sight")
    FAILED = "failed", _("Could not be made")
    EXPIRED = "expired", _("Deleted after its time")


class ReportDimension(TextChoices):
    """What the rows and the columns of a report are by."""

    MEASURE = "measure", _("Measures")
    UNIT = "unit", _("Units")
    TIER = "tier", _("Tiers")
    DAY = "day", _("Days")
    WEEK = "week", _("Weeks")
    MONTH = "month", _("Months")
    QUARTER = "quarter", _("Quarters")


class ReportPeriod(TextChoices):
    """Which days a report is of, counted back from the last day with figures."""

    LAST_DAY = "last_day", _("Last day with figures")
    LAST_7 = "last_7", _("Last 7 days")
    LAST_30 = "last_30", _("Last 30 days")
    THIS_MONTH = "this_month", _("This month so far")
    LAST_MONTH = "last_month", _("Last month")
    THIS_QUARTER = "this_quarter", _("This quarter so far")
    LAST_QUARTER = "last_quarter", _("Last quarter")
    THIS_YEAR = "this_year", _("This year so far")
    LAST_12_MONTHS = "last_12_months", _("Last 12 months")
    FIXED = "fixed", _("From a day to a day")


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
    TRY_OUTFLOW = "insights.try_outflow", _("Try the rules of outflow warnings on the past")
    SEND_SURVEYS = "servicing.send_surveys", _("Send survey invitations")
    MAIL_NOTICES = "staff.mail_notices", _("Send notifications by mail")
    RETIER = "tiers.retier", _("Re-tier customers")
    RETIER_HELP = "tiers.retier_help", _("Help to re-tier customers")
    SPREAD = "tiers.spread", _("Prepare the simulator")
    BACKTEST = "tiers.backtest", _("Try two rules on the past")
    BACKTEST_HELP = "tiers.backtest_help", _("Help to try two rules on the past")


class OutflowSignal(TextChoices):
    """Signs that deposits are about to leave. Core banking feeds no use of the app yet: a sign of it comes with one."""

    FALL = "fall", _("Unusual fall")
    SALARY = "salary", _("Salary stopped")
    CASCADE = "cascade", _("Several withdrawals in a row")
    MATURED = "matured", _("Matured and not renewed")
    COMPLAINT = "complaint", _("Dissatisfied")
    CONTACT = "contact", _("Not spoken to")
    TIER = "tier", _("About to lose the tier")


class OutflowState(TextChoices):
    """How a warning stands."""

    OPEN = "open", pgettext_lazy("warning", "Open")
    JUDGED = "judged", _("Judged")
    EXPIRED = "expired", _("Signs gone")


class OutflowVerdict(TextChoices):
    """What the manager found out."""

    RIGHT = "right", _("Right")
    WRONG = "wrong", _("Wrong")
    UNSURE = "unsure", _("Cannot tell")


class BridgePart(TextChoices):
    """The bars between two months' average daily balances, in their order."""

    OPENING = "opening", pgettext_lazy("bridge", "Before")
    NEW = "new", _("New customers")
    UP = "up", pgettext_lazy("bridge", "Rises")
    DOWN = "down", pgettext_lazy("bridge", "Falls")
    MATURED_LEFT = "matured_left", _("Matured and left")
    LOST = "lost", pgettext_lazy("bridge", "Lost")
    HANDED_IN = "handed_in", _("Handed in")
    HANDED_OUT = "handed_out", _("Handed out")
    CLOSING = "closing", pgettext_lazy("bridge", "After")


class Loss(TextChoices):
    """By what way a customer is lost."""

    CLOSED = "closed", _("All accounts closed")
    FALLEN = "fallen", _("ADB fell")
    INACTIVE = "inactive", pgettext_lazy("churn", "Inactive")


class LossCause(TextChoices):
    """Why a customer is lost, as far as it is known."""

    TOLD = "told", _("Found out in a win-back")
    MATURED = "matured", _("A deposit matured and left")
    COMPLAINT = "complaint", _("Complained before")
    HANDED_OVER = "handed_over", _("Handed over before")
    UNKNOWN = "unknown", _("Not known")
