"""The API of follow-ups."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import ApiMixin
from core.clock import now
from customers.models import Customer
from customers.queries.care import promise_owners
from servicing.filters.follow_ups import FOLLOW_UPS
from servicing.models import FollowUp, Interaction
from servicing.queries import follow_ups as queries
from servicing.serializers.follow_ups import (
    CompleteSerializer,
    FollowUpSerializer,
    NewFollowUpSerializer,
    PostponeSerializer,
)
from servicing.services import follow_ups as services


class FollowUpViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[FollowUp]):
    """Follow-ups the caller may read: open ones and their own, unless `state` and `whose` say otherwise."""

    scope = "follow-ups"
    listing = FOLLOW_UPS
    serializer_class = FollowUpSerializer
    queryset = FollowUp.objects.none()

    def get_queryset(self) -> QuerySet[FollowUp]:
        user = self.request.user
        return queries.readable_by(queries.with_people(FollowUp.objects.visible_to(user)), user)

    @extend_schema(request=NewFollowUpSerializer, responses={201: FollowUpSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Write a follow-up down. A customer or owner out of sight is 404, as one that does not exist."""
        form = NewFollowUpSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = {**form.validated_data}
        visible = Customer.objects.visible_to(request.user)
        customer = get_object_or_404(visible, customer_no=values.pop("customer_no"))
        number = values.pop("owner_no", request.user.staff_no)
        owner = request.user
        if number != request.user.staff_no:
            owner = get_object_or_404(promise_owners(customer), staff_no=number)
        made = services.create_follow_up(customer=customer, owner=owner, actor=request.user, at=now(), **values)
        return Response(FollowUpSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CompleteSerializer, responses=FollowUpSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Mark it as done."""
        row, form = self._row(pk), CompleteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        key, interaction = form.validated_data["interaction_id"], None
        if key is not None:
            interaction = get_object_or_404(Interaction.objects.visible_to(request.user), pk=key)
        done = services.complete_follow_up(
            follow_up=row,
            outcome=form.validated_data["outcome"],
            interaction=interaction,
            actor=request.user,
            at=now(),
        )
        return Response(FollowUpSerializer(done).data)

    @extend_schema(request=PostponeSerializer, responses=FollowUpSerializer)
    @action(detail=True, methods=["post"])
    def postpone(self, request: Request, pk: str) -> Response:
        """Put it off to a later day."""
        row, form = self._row(pk), PostponeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        moved = services.snooze_follow_up(
            follow_up=row, until=form.validated_data["until"], actor=request.user, at=now()
        )
        return Response(FollowUpSerializer(moved).data)

    def _row(self, pk: str) -> FollowUp:
        return get_object_or_404(self.get_queryset(), pk=pk if pk.isdecimal() and len(pk) < 19 else 0)
