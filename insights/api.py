"""What the API answers across apps: a customer's timeline, and key figures."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.api import ApiMixin
from core.clock import now
from core.pages import BadQuery
from customers.models import Customer
from customers.services.openings import note_opening
from insights.enums import EntryKind
from insights.filters.kpis import KPIS
from insights.models import Kpi
from insights.queries.timeline import timeline
from insights.serializers import EntrySerializer, KpiSerializer, TimelineSerializer

KIND, CURSOR = "kind", "cursor"
PARAMETERS = [
    OpenApiParameter(KIND, str, enum=EntryKind.values, description="Entries of this kind only."),
    OpenApiParameter(CURSOR, str, description="From next."),
]


class CustomerTimelineView(ApiMixin):
    """A customer's contacts, tier changes and balance jumps, latest first, as far as the caller may see them."""

    scope = "customers"

    @extend_schema(parameters=PARAMETERS, responses=TimelineSerializer)
    def get(self, request: Request, customer_no: str) -> Response:
        customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
        asked = request.query_params
        kind = asked.get(KIND, "")
        if kind not in ("", *EntryKind.values) or set(asked) - {KIND, CURSOR}:
            raise BadQuery()
        if request.method == "GET":
            note_opening(person=request.user, customer=customer, at=now())
        page = timeline(customer, request.user, kind=kind, after=asked.get(CURSOR, ""))
        following = replace_query_param(request.build_absolute_uri(), CURSOR, page.next) if page.next else None
        return Response({"next": following, "previous": None, "results": EntrySerializer(page.entries, many=True).data})


class KpiViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Kpi]):
    """Key figures per unit, day and measure, as each night left them; rows that would be nought are not there."""

    scope = "kpis"
    listing = KPIS
    serializer_class = KpiSerializer
    queryset = Kpi.objects.none()

    def get_queryset(self) -> QuerySet[Kpi]:
        return Kpi.objects.visible_to(self.request.user)
