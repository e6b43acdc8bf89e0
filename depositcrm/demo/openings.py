"""Pages the demo branches opened in the last weeks: those customers came up, and what a curious colleague looked at."""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from core.clock import SHANGHAI
from customers.models import Customer, PageOpening
from customers.services.openings import note_opening
from servicing.models import Interaction
from staff.access import COUNTER
from staff.enums import Role
from staff.models import User

DAYS = timedelta(days=45)
OF_CONTACTS = 400
# Of the last days: pages of colleagues' customers that nobody had anything to do with, most of them in the evening.
CURIOUS = 9


def seed_openings(*, rng: random.Random, end: date, at: datetime) -> None:
    """Whoever had a contact opened the page before it; one teller looked at customers of the branch at night."""
    since = max(at - DAYS, datetime.combine(end - DAYS, time(0), SHANGHAI))
    contacts = Interaction.objects.by_people().filter(happened_at__gte=since, happened_at__lt=at)
    for contact in contacts.select_related("author__branch", "customer").order_by("-happened_at", "-pk")[:OF_CONTACTS]:
        looked = contact.happened_at - timedelta(minutes=rng.randint(1, 25))
        note_opening(person=contact.author, customer=contact.customer, at=looked)
        if rng.random() < 0.2:
            note_opening(person=contact.author, customer=contact.customer, at=contact.happened_at)
    for person, customer, moment in _curious(rng, end):
        note_opening(person=person, customer=customer, at=moment)
    officer = User.objects.filter(role=Role.COMPLIANCE, is_active=True).order_by("staff_no").first()
    if officer is not None:
        for opening in PageOpening.everything.select_related("customer").order_by("-pk")[:3]:
            note_opening(person=officer, customer=opening.customer, at=at - timedelta(hours=3))


def _curious(rng: random.Random, end: date) -> Iterator[tuple[User, Customer, datetime]]:
    tellers = User.objects.filter(role__in=COUNTER, is_active=True).order_by("staff_no").select_related("branch")
    for person in tellers[:2]:
        known = list(Customer.everything.filter(branch=person.branch, merged_into=None).order_by("pk")[:200])
        for customer in rng.sample(known, min(CURIOUS, len(known))):
            day = end - timedelta(days=rng.randint(1, 6))
            yield person, customer, datetime.combine(day, time(rng.choice((12, 20, 21)), rng.randint(0, 59)), SHANGHAI)
