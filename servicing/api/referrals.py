"""The API of referrals."""

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
from servicing.filters.referrals import REFERRALS
from servicing.models import Referral
from servicing.queries import referrals as queries
from servicing.serializers.referrals import (
    DeclineSerializer,
    FinishSerializer,
    NewReferralSerializer,
    ReferralSerializer,
)
from servicing.services import referrals as services


class ReferralViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Referral]):
    """Referrals that are the caller's business: sent by them, sent to them, for heads those of their units."""

    scope = "referrals"
    listing = REFERRALS
    serializer_class = ReferralSerializer
    queryset = Referral.objects.none()

    def get_queryset(self) -> QuerySet[Referral]:
        return queries.referrals_of(self.request.user)

    @extend_schema(request=NewReferralSerializer, responses={201: ReferralSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send a customer on. A customer or colleague out of reach is 404, as one that does not exist."""
        form = NewReferralSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        visible = Customer.objects.visible_to(request.user).select_related("manager", "branch")
        customer = get_object_or_404(visible, customer_no=form.validated_data["customer_no"])
        number, to_user = form.validated_data["to_no"], None
        if number:
            to_user = get_object_or_404(queries.takers_for(customer, request.user), staff_no=number)
        made = services.make_referral(
            actor=request.user,
            customer=customer,
            to_user=to_user,
            topic=form.validated_data["topic"],
            note=form.validated_data["note"],
            at=now(),
        )
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ReferralSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Take the customer on."""
        return self._answer(services.accept_referral(referral=self._row(pk), actor=request.user, at=now()))

    @extend_schema(request=DeclineSerializer, responses=ReferralSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Send it back with the reason."""
        row, form = self._row(pk), DeclineSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        reason = form.validated_data["reason"]
        return self._answer(services.decline_referral(referral=row, actor=request.user, reason=reason, at=now()))

    @extend_schema(request=FinishSerializer, responses=ReferralSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """Say what came of it."""
        row, form = self._row(pk), FinishSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self._answer(services.close_referral(referral=row, actor=request.user, at=now(), **form.validated_data))

    def _row(self, pk: str) -> Referral:
        return get_object_or_404(self.get_queryset(), pk=pk if pk.isdecimal() and len(pk) < 19 else 0)

    def _answer(self, row: Referral, code: int = status.HTTP_200_OK) -> Response:
        """As it stands now for the caller: whoever took it sees the customer."""
        return Response(ReferralSerializer(self.get_queryset().get(pk=row.pk)).data, status=code)
