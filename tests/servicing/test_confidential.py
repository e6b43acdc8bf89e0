"""The confidential part of a contact on the pages: asked for, never there by itself."""

from uuid import uuid4

import pytest
from django.urls import reverse

from core import crypto
from core.clock import now
from core.models import TrailEntry
from servicing.models import Interaction
from tests.factories import make_customer, make_interaction, make_user
from tests.servicing.english import client_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_the_confidential_part_is_shown_on_asking_and_never_by_itself() -> None:
    manager = make_user(role="manager")
    customer = make_customer(manager=manager)
    client = client_of(manager)
    form = {
        "channel": "phone",
        "direction": "out",
        "topic": "rate",
        "outcome": "call_back",
        "once": uuid4(),
        "happened_at": now().strftime("%Y-%m-%dT%H:%M"),
        "note": "下周再谈",
        "confidential": "家里有人住院",
        "next_step": "月底再谈",
        "minutes": "20",
        "mood": "worried",
    }
    client.post(reverse("servicing:log", args=[customer.customer_no]), form, headers=HTMX)
    contact = Interaction.everything.get()
    assert (contact.next_step, contact.minutes, contact.mood) == ("月底再谈", 20, "worried")
    url = reverse("servicing:confidential", args=[contact.pk])
    pages = [reverse("insights:timeline", args=[customer.customer_no]), reverse("servicing:contacts")]
    for page in pages:
        assert "家里有人住院" not in client.get(page, headers=HTMX).content.decode()
    assert url in client.get(pages[0], headers=HTMX).content.decode()
    shown = client.post(url, headers=HTMX)
    assert "家里有人住院" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert client.get(url).status_code == 405
    teller = client_of(make_user(branch=customer.branch))
    assert teller.post(url, headers=HTMX).status_code == 403
    assert url not in teller.get(pages[0], headers=HTMX).content.decode()
    colleague = client_of(make_user(role="manager", branch=customer.branch))
    assert colleague.post(url, headers=HTMX).status_code == 404
    form = teller.get(reverse("servicing:log", args=[customer.customer_no])).context["form"]
    assert "confidential" not in form.fields


def test_its_author_corrects_the_confidential_part_and_the_trail_keeps_that_it_was_opened() -> None:
    manager, teller = make_user(role="manager"), make_user()
    customer = make_customer(manager=manager)
    client, fresh = client_of(manager), {"recorded_at": now(), "channel": "phone", "topic": "rate"}
    contact = make_interaction(customer=customer, author=manager, confidential="家里有人住院", **fresh)
    url = reverse("servicing:change", args=[contact.pk])

    shown = client.get(url, headers=HTMX)
    assert shown.context["form"]["confidential"].value() == "家里有人住院"
    assert shown["Cache-Control"] == "no-store"
    assert TrailEntry.objects.filter(action="read_confidential", actor_no=manager.staff_no).count() == 1
    said = {"topic": "rate", "outcome": "call_back", "note": contact.note, "confidential": "家里有人出院"}
    for text in ("家里有人出院", "家里有人出院", ""):
        assert client.post(url, {**said, "confidential": text}, headers=HTMX).status_code == 200
        contact.refresh_from_db()
        kept = contact.confidential_cipher
        assert (crypto.unseal("servicing.interaction.confidential", str(contact.once), kept) if kept else "") == text
    changes = TrailEntry.objects.filter(action="change").order_by("pk").values_list("changes", flat=True)
    assert [each.get("confidential_cipher") for each in changes] == [[6, 6], None, [6, 0]]
    assert "出院" not in str(list(changes))

    plain = make_interaction(customer=make_customer(branch=teller.branch), author=teller, **fresh)
    form = client_of(teller).get(reverse("servicing:change", args=[plain.pk]), headers=HTMX).context["form"]
    assert "confidential" not in form.fields
