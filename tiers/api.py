"""The API of tiers: the policy in force, its versions and their approval, simulations, a customer's history."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, generics, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import ApiMixin
from core.clock import now, today
from customers.models import Customer
from customers.queries import ledger_day
from staff.access import has_role, scope_of
from staff.enums import Role
from tiers import queries, services
from tiers.models import Scheme, TierChange
from tiers.rules import BandsError
from tiers.serializers import (
    DecisionSerializer,
    NewSchemeSerializer,
    SchemeSerializer,
    SimulatedSerializer,
    SimulationSerializer,
    TierChangeSerializer,
)

PK = r"schemes/(?P<pk>[0-9]{1,18})"


class TierViewSet(ApiMixin, viewsets.GenericViewSet[Scheme]):
    """The tier policy."""

    scope = "tiers"
    serializer_class = SchemeSerializer
    queryset = Scheme.objects.none()
    order = ("-version",)

    def get_queryset(self) -> QuerySet[Scheme]:
        return queries.versions().order_by()

    @extend_schema(summary="The scheme in force", responses=forced_singular_serializer(SchemeSerializer), filters=False)
    def list(self, request: Request) -> Response:
        """The version in force today."""
        scheme = Scheme.objects.in_force_on(today())
        if scheme is None:
            raise exceptions.NotFound()
        return self._show(scheme.pk)

    @extend_schema(methods=["GET"], summary="All versions", responses=SchemeSerializer(many=True))
    @extend_schema(
        methods=["POST"], summary="Draft a version", request=NewSchemeSerializer, responses={201: SchemeSerializer}
    )
    @action(detail=False, methods=["get", "post"])
    def schemes(self, request: Request) -> Response:
        """Versions, newest first; a POST drafts one, which changes nothing until a second person approves it."""
        if request.method == "GET":
            page = self.paginate_queryset(self.get_queryset())
            return self.get_paginated_response(SchemeSerializer(page, many=True).data)
        form = NewSchemeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        scheme = services.draft_scheme(content=form.content(), actor=request.user, at=now())
        return self._show(scheme.pk, status.HTTP_201_CREATED)

    @extend_schema(summary="Ask for approval", request=None, responses=SchemeSerializer)
    @action(detail=False, methods=["post"], url_path=f"{PK}/submit")
    def submit(self, request: Request, pk: str) -> Response:
        """Ask a second person to approve the draft as it stands."""
        services.submit_scheme(scheme=self._scheme(pk), actor=request.user, at=now())
        return self._show(pk)

    @extend_schema(summary="Approve", request=DecisionSerializer, responses=SchemeSerializer)
    @action(detail=False, methods=["post"], url_path=f"{PK}/approve")
    def approve(self, request: Request, pk: str) -> Response:
        """Let the version take effect on its date, as a second person."""
        scheme = self._scheme(pk)
        services.approve_scheme(scheme=scheme, actor=request.user, at=now(), **self._decision(request, scheme))
        return self._show(pk)

    @extend_schema(summary="Send back", request=DecisionSerializer, responses=SchemeSerializer)
    @action(detail=False, methods=["post"], url_path=f"{PK}/reject")
    def reject(self, request: Request, pk: str) -> Response:
        """Send the version back to its author."""
        scheme = self._scheme(pk)
        services.reject_scheme(scheme=scheme, actor=request.user, at=now(), **self._decision(request, scheme))
        return self._show(pk)

    @extend_schema(summary="Simulate bounds", request=SimulationSerializer, responses=SimulatedSerializer)
    @action(detail=False, methods=["post"])
    def simulations(self, request: Request) -> Response:
        """Who would be in which tier under other bounds: of the customers one may see, for administrators of all."""
        form = SimulationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        day = asked.get("on") or ledger_day() or today()
        # Administrators see no customer, but set the policy for all of them.
        scope = None if has_role(request.user, Role.ADMIN) else scope_of(request.user)
        try:
            found = queries.simulate(asked["bounds"], asked["measure"], day, scope)
        except BandsError as error:
            raise exceptions.ValidationError({"bounds": [services.band_words(error)]}, code=error.code) from error
        answer = {**asked, "on": day, "by_tier": found.by_tier, "matrix": found.nested}
        answer |= {"up": found.up, "down": found.down, "watch": found.watched}
        return Response(SimulatedSerializer(answer).data)

    def _scheme(self, pk: str | int) -> Scheme:
        return get_object_or_404(queries.versions(), pk=pk)

    def _show(self, pk: str | int, code: int = status.HTTP_200_OK) -> Response:
        return Response(SchemeSerializer(self._scheme(pk)).data, status=code)

    def _decision(self, request: Request, scheme: Scheme) -> dict[str, Any]:
        form = DecisionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        # Without a digest the decision is about what was submitted; that it still stands is checked in any case.
        return {"digest": queries.content_of(scheme).digest, **form.validated_data}


class CustomerTiersView(ApiMixin, generics.ListAPIView[TierChange]):
    """A customer's changes of tier, newest first."""

    scope = "customers"
    serializer_class = TierChangeSerializer
    queryset = TierChange.objects.none()
    order = ("-on",)

    def get_queryset(self) -> QuerySet[TierChange]:
        if getattr(self, "swagger_fake_view", False):
            return TierChange.objects.none()
        visible = Customer.objects.visible_to(self.request.user)
        customer = get_object_or_404(visible, customer_no=self.kwargs["customer_no"])
        return queries.tier_history(self.request.user, customer).order_by()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "amounts": scope_of(self.request.user).amounts}
