"""Named choices of staff."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    """The ten roles; what each may do is decided in `staff.access`."""

    TELLER = "teller", _("Teller")
    LOBBY = "lobby", _("Lobby manager")
    MANAGER = "manager", _("Relationship manager")
    SENIOR_MANAGER = "senior_manager", _("Senior relationship manager")
    EXPERT = "expert", _("Expert")
    BRANCH_HEAD = "branch_head", _("Branch head")
    HEAD_OFFICE = "head_office", _("Head office")
    ADMIN = "admin", _("Administrator")
    COMPLIANCE = "compliance", _("Compliance officer")
    AUDITOR = "auditor", _("Auditor")


class BranchKind(TextChoices):
    """Levels of the branch tree."""

    HEAD_OFFICE = "head_office", _("Head office")
    REGION = "region", _("Region")
    BRANCH = "branch", _("Branch")


class Reach(TextChoices):
    """How far a person's view of customers reaches."""

    NOTHING = "nothing", _("No customers")
    BOOK = "book", _("Own book and shared customers")
    BRANCHES = "branches", _("Customers of some branches")
    BANK = "bank", _("All customers")


class Decision(TextChoices):
    """What became of a request for approval."""

    PENDING = "pending", _("Waiting for a decision")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ExportState(TextChoices):
    """Where a file asked for from a list stands."""

    PENDING = "pending", _("Waiting for a decision")
    QUEUED = "queued", _("In preparation")
    DONE = "done", _("Ready")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


class PolicyStatus(TextChoices):
    """Where a version of a set of rules stands."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for a second person")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Digest(TextChoices):
    """How often notifications are sent by mail."""

    NONE = "none", _("No mail")
    DAILY = "daily", _("Once a day")
    AT_ONCE = "at_once", _("At once")


class Event(TextChoices):
    """What somebody may be told of; the words of one are in `EVENT_WORDS`."""

    FOLLOW_UP_DUE = "follow_up_due", _("Follow-ups due")
    REFERRAL_RECEIVED = "referral_received", _("A customer is referred to me")
    REFERRAL_DECIDED = "referral_decided", _("A referral of mine is taken or declined")
    REFERRAL_RESULT = "referral_result", _("A referral of mine has a result")
    FEEDBACK_ASSIGNED = "feedback_assigned", _("Feedback is given to me")
    FEEDBACK_OVERDUE = "feedback_overdue", _("Feedback of mine is overdue")
    HANDOVER_RECEIVED = "handover_received", _("Customers are handed over to me")
    APPROVAL_WAITING = "approval_waiting", _("Something waits for my decision")
    APPROVAL_DECIDED = "approval_decided", _("A request of mine is decided")
    JOB_DONE = "job_done", _("A file of mine is ready or failed")
    REPORT_READY = "report_ready", _("A report I get is ready")
    CASE_RECEIVED = "case_received", _("A complaint for my unit to decide came in")
    CASE_WITHDRAWN = "case_withdrawn", _("A complaint of my unit was withdrawn")
    CASE_ASSIGNED = "case_assigned", _("A complaint is given to me")
    PROBLEM_FOUND = "problem_found", _("Complaints of one cause come again and again")
    ACTION_ASSIGNED = "action_assigned", _("A corrective action is given to me")
    ACTION_OVERDUE = "action_overdue", _("A corrective action of mine is overdue")
    EVIDENCE_DAMAGED = "evidence_damaged", _("A file of a complaint is damaged")
    CASE_LATE = "case_late", _("A complaint goes up: its time runs out, or it is serious")
    CASE_TIME_ASKED = "case_time_asked", _("More time for a complaint waits for my decision")
    CASE_TIME_DECIDED = "case_time_decided", _("More time for a complaint of mine is decided")
    CASE_REVIEW_DUE = "case_review_due", _("A review of a complaint is mine to decide")
    CAMPAIGN_HELD = "campaign_held", _("A campaign of mine could not be launched")
    TARGET_SET = "target_set", _("A target of mine is set or changed")
    ABSENCE_ENTERED = "absence_entered", _("Leave that concerns me is entered or cancelled")
    CERTIFICATE_ENDS = "certificate_ends", _("A certificate of mine runs out")
    CERTIFICATE_REVOKED = "certificate_revoked", _("A certificate of mine is withdrawn")
    SESSION_CHANGED = "session_changed", _("My place in a course changes")
    CHECKS_TO_SCORE = "checks_to_score", _("Checks of supervision are mine to score")
    CHECK_DIFFERS = "check_differs", _("Marks of a check differ, and I may decide")
    FINDING_ISSUED = "finding_issued", _("A finding of supervision concerns me")
    FINDING_STEP = "finding_step", _("A finding I have to do with moved on")
    FINDING_LATE = "finding_late", _("A finding of supervision is overdue")
    OUTFLOW_WARNED = "outflow_warned", _("There are new outflow warnings of my customers")
    SCORER_GONE = "scorer_gone", _("A scorer of a plan I oversee has left")
    NIGHT_FAILED = "night_failed", _("The night failed")


# In the reader's language and without anybody's name, number or amount: they also go out by mail.
EVENT_WORDS = {
    Event.FOLLOW_UP_DUE: _("Follow-ups to do: %(count)s, the earliest due on %(day)s"),
    Event.REFERRAL_RECEIVED: _("A customer was referred to you"),
    Event.REFERRAL_DECIDED: _("A referral of yours was decided: %(state)s"),
    Event.REFERRAL_RESULT: _("A referral of yours has a result: %(state)s"),
    Event.FEEDBACK_ASSIGNED: _("Feedback no. %(number)s is yours to answer by %(day)s"),
    Event.FEEDBACK_OVERDUE: _("Feedback no. %(number)s should have been answered by %(day)s"),
    Event.HANDOVER_RECEIVED: _("Customers were handed over to you: %(count)s"),
    Event.APPROVAL_WAITING: _("Waiting for your decision: %(subject)s"),
    Event.APPROVAL_DECIDED: _("Decided: %(subject)s, %(state)s"),
    Event.JOB_DONE: _("File no. %(number)s: %(state)s"),
    Event.REPORT_READY: _("Your report of %(day)s is ready, file no. %(number)s"),
    Event.CASE_RECEIVED: _("Complaint %(number)s came in, to be decided by %(day)s"),
    Event.CASE_WITHDRAWN: _("Complaint %(number)s was withdrawn by the complainant"),
    Event.CASE_ASSIGNED: _("Complaint %(number)s is yours, to be decided by %(day)s"),
    Event.PROBLEM_FOUND: _("Problem no. %(number)s: %(count)s complaints of one cause within %(days)s days"),
    Event.ACTION_ASSIGNED: _("Corrective action no. %(number)s is yours, due on %(day)s"),
    Event.ACTION_OVERDUE: _("Corrective action no. %(number)s was due on %(day)s"),
    Event.EVIDENCE_DAMAGED: _("A file of complaint %(number)s is missing or no longer the one that was added"),
    Event.CASE_LATE: _("Complaint %(number)s, %(clock)s: %(rung)s; deadline %(day)s"),
    Event.CASE_TIME_ASKED: _("More time is asked for complaint %(number)s; decide before %(day)s"),
    Event.CASE_TIME_DECIDED: _("More time for complaint %(number)s: %(state)s"),
    Event.CASE_REVIEW_DUE: _("The review of complaint %(number)s is to be decided by %(day)s"),
    Event.CAMPAIGN_HELD: _("Campaign no. %(number)s could not be launched; its page says why"),
    Event.TARGET_SET: _("A target for you from %(first)s to %(last)s was set or changed"),
    Event.ABSENCE_ENTERED: _("%(absence)s, %(first)s to %(last)s"),
    Event.CERTIFICATE_ENDS: _("Certificate %(number)s holds until %(day)s; renew it in time"),
    Event.CERTIFICATE_REVOKED: _("Certificate %(number)s was withdrawn; its page says why"),
    Event.SESSION_CHANGED: _("Course on %(day)s: %(seat)s"),
    Event.CHECKS_TO_SCORE: _("Checks to score: %(count)s"),
    Event.CHECK_DIFFERS: _("The marks of check no. %(number)s differ; a third person decides"),
    Event.FINDING_ISSUED: _("Finding no. %(number)s of supervision, to be corrected by %(day)s"),
    Event.FINDING_STEP: _("Finding no. %(number)s: %(step)s"),
    Event.SCORER_GONE: _("Somebody who scores by plan no. %(number)s has left; another person is needed"),
    Event.FINDING_LATE: _("Finding no. %(number)s was to be corrected by %(day)s"),
    Event.OUTFLOW_WARNED: _("New outflow warnings: %(count)s"),
    Event.NIGHT_FAILED: _("The night of %(day)s stopped at the step %(step)s"),
}
# Parameters that are codes, in words.
EVENT_CODES = {
    "seat": {
        "entered": _("you are entered"),
        "waiting": _("you are on the waiting list"),
        "moved_up": _("you have a seat now"),
        "cancelled": _("it does not take place"),
    },
    "absence": {
        "own": _("You are entered as away"),
        "deputy": _("You stand in for a colleague"),
        "unit": _("A colleague of your unit is entered as away"),
        "own_off": _("Your leave was cancelled"),
        "deputy_off": _("You no longer stand in for a colleague"),
        "unit_off": _("A colleague's leave was cancelled"),
    },
    "subject": {
        "staff.policy": _("a version of rules"),
        "tiers.scheme": _("a version of the tiers"),
        "tiers.override": _("another tier for a customer"),
        "handover": _("a hand-over"),
        "target": _("a target"),
        "export": _("a file from a list"),
        "complaint.decision": _("the decision of a complaint"),
        "complaint.review": _("a decision looked at by the upper level"),
        "campaigns.check": _("a campaign to check"),
        "campaigns.compliance": _("a campaign to judge"),
        "campaigns.template": _("words of a template"),
        "campaigns.offer": _("an offer for customers"),
        "campaigns.article": _("a piece of the library"),
    },
    "state": {
        "approved": _("approved"),
        "rejected": pgettext_lazy("decision", "rejected"),
        "accepted": _("taken"),
        "declined": _("declined"),
        "succeeded": _("succeeded"),
        "failed": _("without result"),
        "ready": _("ready"),
        "broken": _("it could not be made"),
        "refused": pgettext_lazy("decision", "refused"),
    },
    "step": {
        "appeal": _("appealed; waits for an answer"),
        "upheld": _("the appeal was answered, it stands"),
        "withdrawn": _("the appeal was answered, it is taken back"),
        "corrected": _("corrected; waits for the re-check"),
        "passed": _("the re-check passed"),
        "failed": _("the re-check failed"),
    },
    "clock": {
        "statutory": _("statutory clock"),
        "internal": _("internal clock"),
        "contact": _("first contact"),
        "review": _("review clock"),
    },
    "rung": {
        "0": _("how serious it is"),
        "50": _("half of the time is used"),
        "80": _("most of the time is used"),
        "100": _("no time is left"),
    },
}
# What an entry of the trail is about, in words.
SUBJECTS = {
    "approval.campaigns.check": _("Check of a campaign"),
    "approval.campaigns.compliance": _("Judgement of a campaign by compliance"),
    "approval.campaigns.article": _("Approval of a piece of the library"),
    "approval.campaigns.offer": _("Approval of an offer"),
    "approval.campaigns.template": _("Approval of a template"),
    "approval.complaint.decision": _("Approval of a decision on a complaint"),
    "approval.complaint.review": _("Approval of a review of a complaint"),
    "approval.export": _("Approval of a file"),
    "approval.handover": _("Approval of a hand-over"),
    "approval.staff.policy": _("Approval of a version of rules"),
    "approval.target": _("Approval of a target"),
    "approval.tiers.override": _("Approval of another tier"),
    "approval.tiers.scheme": _("Approval of a version of the tiers"),
    "campaigns.article": _("Piece of the library"),
    "campaigns.campaign": _("Campaign"),
    "campaigns.event": pgettext_lazy("salon", "Event"),
    "campaigns.offer": _("Offer"),
    "campaigns.segment": _("Segment"),
    "campaigns.template": _("Template"),
    "campaigns.winback": _("Win-back"),
    "complaints.action": _("Corrective action"),
    "complaints.complaint": _("Complaint"),
    "complaints.escalation": _("Escalation of complaints"),
    "complaints.evidence": _("Evidence of a complaint"),
    "complaints.problem": _("Problem"),
    "complaints.statistics": _("Statistics of complaints"),
    "core.calendarday": _("Working calendar"),
    "core.job": _("Job"),
    "customers.alert": _("Alert"),
    "customers.consent": _("Consent"),
    "customers.consentwording": _("Wording of consents"),
    "customers.customer": _("Customer"),
    "customers.feed": _("Feed file"),
    "customers.handover": _("Hand-over"),
    "customers.kyc": _("Due diligence"),
    "customers.lifecyclechange": _("Stage of a customer"),
    "customers.merge": _("Merge"),
    "customers.preference": _("Preference"),
    "customers.promise": _("Promise"),
    "customers.prospect": _("Prospect"),
    "customers.qualityflag": _("Finding of data quality"),
    "insights.report": _("Report"),
    "insights.boardlayout": _("Order of a board"),
    "insights.outflowtrial": _("Trial of the rules of warnings"),
    "insights.outflowwarning": _("Outflow warning"),
    "servicing.daymark": _("Proposal of the day"),
    "servicing.feedback": _("Feedback"),
    "servicing.followup": _("Follow-up"),
    "servicing.fraud_check": _("Fraud prompt"),
    "servicing.interaction": _("Contact"),
    "servicing.interaction.confidential": _("Confidential part of a contact"),
    "servicing.kiosk": _("Kiosk"),
    "servicing.maturity": _("Maturity"),
    "servicing.planning": _("Planning of follow-ups"),
    "servicing.playbookrun": _("Playbook"),
    "servicing.quote": _("Quote"),
    "servicing.referral": _("Referral"),
    "servicing.series": _("Recurring follow-up"),
    "servicing.wave": _("Survey"),
    "staff.absence": _("Absence"),
    "staff.apitoken": _("Interface token"),
    "staff.branch": _("Unit"),
    "staff.certificate": _("Certificate"),
    "staff.course": _("Course"),
    "staff.attempt": _("Try at a course"),
    "staff.session": _("Date of a course"),
    "staff.checkplan": _("Supervision plan"),
    "staff.draw": _("Draw of supervision"),
    "staff.export": _("File from a list"),
    "staff.finding": _("Finding of supervision"),
    "staff.spotcheck": _("Check of supervision"),
    "staff.policy": _("Version of rules"),
    "staff.savedview": _("Saved view"),
    "staff.target": _("Target"),
    "staff.team": _("Team"),
    "staff.user": _("Member of staff"),
    "tiers.backtest": _("Back-test"),
    "tiers.override": _("Another tier"),
    "tiers.retierrun": _("Re-tiering"),
    "tiers.scheme": _("Version of the tiers"),
}
