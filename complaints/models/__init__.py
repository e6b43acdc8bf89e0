"""Tables of complaints, by noun."""

from complaints.models.cases import CaseMove, CaseRows, Complaint, Recusal, case_scope
from complaints.models.clocks import ContactAttempt, Escalation, Extension, Pause
from complaints.models.findings import CorrectiveAction, Decision, Evidence, Problem, Review

__all__ = [
    "CaseMove",
    "CaseRows",
    "Complaint",
    "ContactAttempt",
    "CorrectiveAction",
    "Decision",
    "Escalation",
    "Evidence",
    "Extension",
    "Pause",
    "Problem",
    "Recusal",
    "Review",
    "case_scope",
]
