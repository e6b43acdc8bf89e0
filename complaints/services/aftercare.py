"""What the night does after complaints: repeated causes become problems, late actions are told of, files looked at."""

from datetime import date, datetime

from complaints.queries.limits import limits_on
from complaints.services import actions, evidence, problems
from core.jobs import Counts
from core.trail import Actor


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Find problems, remind of actions, check the files whose turn it is. Called by the night; safe twice."""
    limits = limits_on(business_day)
    found = problems.find_problems(business_day=business_day, actor=actor, at=at)["rows"]
    reminded = actions.remind(business_day=business_day, at=at)["rows"]
    looked = evidence.check_files(turn=limits.turn(business_day), turns=limits.check_days, actor=actor, at=at)
    counts = {"problems": found, "reminded": reminded, "checked": looked["rows"]}
    return {"rows": sum(counts.values()), **counts, "damaged": looked["damaged"]}
