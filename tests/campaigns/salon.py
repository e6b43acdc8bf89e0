"""What tests of events share: a bank with a salon."""

from datetime import timedelta

from campaigns.models import Seat
from campaigns.queries import events as queries
from campaigns.services import seats
from servicing.models import FollowUp
from tests import factories as make
from tests.campaigns.outbox import Bank
from tests.factories import NOW


class Salon(Bank):
    """A bank with a salon of three seats and a manager."""

    def __init__(self, **fields):
        super().__init__()
        self.manager = make.make_user(role="manager", branch=self.branch)
        self.event = make.make_event(branch=self.branch, created_by=self.head, **fields)

    def guest(self, **fields):
        customer = self.customer(**{"manager": self.manager, **fields})
        digest = queries.new_digest(self.event.pk, customer.pk)
        return Seat.everything.create(event=self.event, customer=customer, digest=digest, invited_at=NOW)

    def says(self, seat, says, minutes=0):
        return seats.answer(seat=seat, says=says, at=NOW + minutes * timedelta(minutes=1)).state

    def states(self):
        rows = Seat.everything.filter(event=self.event).order_by("pk")
        self.event.refresh_from_db()
        given = sum(state in ("coming", "came", "missed") for state in rows.values_list("state", flat=True))
        assert given == self.event.taken <= self.event.capacity
        return [str(state) for state in rows.values_list("state", flat=True)]

    def calls(self, why):
        rows = FollowUp.everything.filter(facts__why=why, facts__event=self.event.pk, state="open").order_by("pk")
        return [(row.customer_id, row.owner) for row in rows]
