"""When a referred customer was first spoken to by whoever was asked to."""

from django.db.models import OuterRef, Q, Subquery

from servicing.enums import ReferralState
from servicing.models import Interaction, Referral
from servicing.queries.choices import known_choices


def note_first_contact(interaction: Interaction) -> int:
    """Mark this contact as the first of the referrals it answers; returns how many there are."""
    return Referral.everything.filter(
        ~Q(state=ReferralState.DECLINED),
        customer_id=interaction.customer_id,
        to_user_id=interaction.author_id,
        made_at__lte=interaction.happened_at,
        first_contact_at=None,
    ).update(first_contact=interaction, first_contact_at=interaction.happened_at)


def renew_first_contacts(customer_id: int) -> int:
    """Find the first contacts of a customer's referrals again, after one was corrected or taken back."""
    counting = Interaction.everything.exclude(outcome__in=known_choices().unreached).filter(
        customer=OuterRef("customer"), author=OuterRef("to_user"), happened_at__gte=OuterRef("made_at")
    )
    first = counting.order_by("happened_at", "pk")
    return Referral.everything.filter(customer_id=customer_id).update(
        first_contact=Subquery(first.values("pk")[:1]), first_contact_at=Subquery(first.values("happened_at")[:1])
    )
