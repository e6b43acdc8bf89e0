"""The API of contacts."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import ApiMixin
from core.clock import now
from customers.models import Customer
from servicing.filters.contacts import CONTACTS
from servicing.models import Interaction
from servicing.queries import contacts as queries
from servicing.serializers.contacts import InteractionSerializer, NewInteractionSerializer
from servicing.services import contacts as services


class InteractionViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Interaction]):
    """Contacts with customers the caller may see."""

    scope = "interactions"
    listing = CONTACTS
    serializer_class = InteractionSerializer
    queryset = Interaction.objects.none()

    def get_queryset(self) -> QuerySet[Interaction]:
        rows = Interaction.objects.visible_to(self.request.user).select_related("customer", "author")
        return queries.with_readable_note(rows, self.request.user)

    @extend_schema(request=NewInteractionSerializer, responses={201: InteractionSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Log a contact. A customer out of sight is 404, as one that does not exist."""
        form = NewInteractionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values, at = {**form.validated_data}, now()
        visible = Customer.objects.visible_to(request.user)
        customer = get_object_or_404(visible, customer_no=values.pop("customer_no"))
        happened_at = values.pop("happened_at", at)
        contact = services.log_interaction(
            actor=request.user, customer=customer, happened_at=happened_at, at=at, **values
        )
        contact.readable_note = contact.note  # its author's own
        return Response(InteractionSerializer(contact).data, status=status.HTTP_201_CREATED)
