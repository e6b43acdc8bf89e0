"""Links by which customers leave, made and read with the product's own secret."""

from django.conf import settings
from django.urls import reverse

from campaigns.rules.opt_out import Leaving, read_token, token_of
from customers.models import Customer


def _key(secret: str | bytes) -> bytes:
    return f"campaigns.opt_out:{secret!s}".encode()


def leaving_of(token: str) -> Leaving | None:
    """Who leaves what by a link, signed with this secret or one it replaced; None for any other text."""
    return read_token(token, [_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def link_of(leaving: Leaving) -> str:
    """The whole address for a message."""
    path = reverse("campaigns:opt_out", args=[token_of(leaving, _key(settings.SECRET_KEY))])
    return settings.PUBLIC_URL.rstrip("/") + path


def customer_of(leaving: Leaving) -> Customer | None:
    """Whom a link speaks for now: of a record that was merged the one it became."""
    customer = Customer.everything.filter(pk=leaving.customer_id).first()
    while customer is not None and customer.merged_into_id is not None:
        customer = Customer.everything.filter(pk=customer.merged_into_id).first()
    return customer
