"""The API of customers and of feeds."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import crypto
from core.api import ApiMixin
from core.clock import now, today
from core.identity import RESIDENT_ID, IdentityError, check_id_no
from core.phones import PhoneError, normalise_phone
from core.trail import Actor
from customers import queries
from customers.enums import FeedKind
from customers.exports import rejects_file
from customers.filters import API_CUSTOMERS, FEEDS
from customers.models import Customer, Feed
from customers.queries.lists import listed
from customers.rules.cells import narrow
from customers.serializers import (
    BalancesSerializer,
    CustomerSerializer,
    FeedSerializer,
    FindSerializer,
    FoundSerializer,
    HoldingSerializer,
    NewFeedSerializer,
    RevealedSerializer,
    RevealSerializer,
    WindowSerializer,
)
from customers.services import intake, records
from customers.services.feeds import Controls
from staff.access import scope_of

WINDOW_DAYS = 90
FOUND = 50
WINDOW = [
    OpenApiParameter(name, date, description=text)
    for name, text in (("from", "First day; 90 days by default."), ("to", "Last day; by default that of the figures."))
]


@extend_schema_view(list=extend_schema(summary="Customers in scope, with figures"))
class CustomerViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Customer]):
    """Customers the caller may see. Amounts are null for roles that see tiers only."""

    scope = "customers"
    # Finding reads; a reveal writes an access row.
    scope_by_action = {"find": "customers:read", "reveal": "customers:write"}
    listing = API_CUSTOMERS
    serializer_class = CustomerSerializer
    lookup_field = "customer_no"
    lookup_value_regex = "[^/]{1,32}"
    queryset = Customer.objects.none()

    def shows_amounts(self) -> bool:
        return scope_of(self.request.user).amounts

    def tier_names(self, day: date) -> dict[int, str]:
        """Names of the ranks on a day; known above this app only, where this is overridden."""
        return {}

    def get_queryset(self) -> QuerySet[Customer]:
        return listed(Customer.objects.visible_to(self.request.user), queries.ledger_day())

    def get_serializer_context(self) -> dict[str, Any]:
        names = {} if getattr(self, "swagger_fake_view", False) else self.tier_names(today())
        return {**super().get_serializer_context(), "amounts": self.shows_amounts(), "tier_names": names}

    def customer(self) -> Customer:
        """The customer of the address; 404 out of scope."""
        visible = Customer.objects.visible_to(self.request.user)
        return get_object_or_404(visible, customer_no=self.kwargs["customer_no"])

    @extend_schema(responses=CustomerSerializer, filters=False)
    def retrieve(self, request: Request, customer_no: str) -> Response:
        """One customer, with an ETag."""
        shown = self.get_serializer(get_object_or_404(self.get_queryset(), customer_no=customer_no)).data
        digest = hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:32]
        headers = {"ETag": f'"{digest}"', "Cache-Control": "private, no-cache"}
        if digest in {tag.strip().removeprefix("W/").strip('"') for tag in _tags(request)}:
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(shown, headers=headers)

    @extend_schema(responses=HoldingSerializer(many=True), filters=False)
    @action(detail=True)
    def accounts(self, request: Request, customer_no: str) -> Response:
        """All accounts of a customer, open ones first."""
        found = queries.holdings(self.customer().pk)
        rows = HoldingSerializer(found, many=True, context=self.get_serializer_context()).data
        return Response({"next": None, "previous": None, "results": rows})

    @extend_schema(parameters=WINDOW, responses=BalancesSerializer, filters=False)
    @action(detail=True)
    def balances(self, request: Request, customer_no: str) -> Response:
        """Daily totals and the average daily balance over a window."""
        customer = self.customer()
        asked = WindowSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        start, end = _window(asked.validated_data)
        average = queries.average_balance(customer.pk, start, end)
        shows = self.shows_amounts()
        totals = [
            {"on": day.on, "total": day.total if shows else None, "carried": day.carried}
            for day in queries.daily_totals(customer.pk, start, end)
        ]
        answer = {"from": start, "to": end, "days": average.days, "carried_days": average.carried_days}
        return Response(BalancesSerializer({**answer, "adb": average.adb if shows else None, "totals": totals}).data)

    @extend_schema(request=RevealSerializer, responses=RevealedSerializer, filters=False)
    @action(detail=True, methods=["post"])
    def reveal(self, request: Request, customer_no: str) -> Response:
        """A hidden value in clear; an access row with the reason is written first."""
        customer = self.customer()
        asked = RevealSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        value = records.reveal(customer=customer, actor=request.user, at=now(), **asked.validated_data)
        answer = RevealedSerializer({"field": asked.validated_data["field"], "value": value}).data
        return Response(answer, headers={"Cache-Control": "no-store"})

    @extend_schema(request=FindSerializer, responses=FoundSerializer, filters=False)
    @action(detail=False, methods=["post"])
    def find(self, request: Request) -> Response:
        """Numbers of the customers in scope with exactly this identity number or phone."""
        asked = FindSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ((field, text),) = asked.validated_data.items()
        index = crypto.blind_index(f"customers.customer.{field}", READERS[field](text))
        visible = Customer.objects.visible_to(request.user)
        found = visible.filter(**{f"{field}_index": index}).order_by("customer_no")[:FOUND]
        return Response(FoundSerializer({"customer_nos": [row.customer_no for row in found]}).data)


def _phone(text: str) -> str:
    try:
        return normalise_phone(text)
    except PhoneError as error:
        raise ValidationError({"phone": [_("Not a telephone number.")]}, code=error.code) from error


def _id_no(text: str) -> str:
    plain = "".join(narrow(text).split()).upper()
    try:
        return check_id_no(RESIDENT_ID, plain, today(), expand_old=True)
    except IdentityError:
        return plain  # a passport, a permit, a credit code


READERS = {"phone": _phone, "id_no": _id_no}


def _tags(request: Request) -> list[str]:
    return request.headers.get("If-None-Match", "").split(",")


def _window(asked: dict[str, date]) -> tuple[date, date]:
    end = asked.get("to") or queries.ledger_day() or today()
    start = asked.get("from") or end - timedelta(days=WINDOW_DAYS - 1)
    if not 0 <= (end - start).days < WindowSerializer.MAX_DAYS:
        WindowSerializer().validate({"from": start, "to": end})
    return start, end


@extend_schema_view(
    list=extend_schema(summary="Feed files, latest first"), retrieve=extend_schema(filters=False, summary="A feed file")
)
class FeedViewSet(ApiMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Feed]):
    """Feed files of the core banking system, by the same engine as `import_feed`."""

    scope = "feeds"
    # The rejected rows hold personal data in clear: not for readers of figures.
    scope_by_action = {"rejects": "feeds:write"}
    listing = FEEDS
    serializer_class = FeedSerializer
    parser_classes = [MultiPartParser]
    lookup_value_regex = "[0-9]{1,18}"
    queryset = Feed.objects.select_related("job")

    @extend_schema(request=NewFeedSerializer, responses={202: FeedSerializer})
    def create(self, request: Request) -> Response:
        """Take a file in and import it in the background; with `dry_run` only check it, and `commit` imports it."""
        asked = NewFeedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        file = values["file"]
        feed = intake.receive_feed(
            kind=FeedKind(values["kind"]) if "kind" in values else None,
            upload_name=file.name,
            stored_as=file.path.name,
            business_date=values["business_date"],
            controls=Controls(values.get("control_rows"), values.get("control_total"), values["max_rejected"]),
            dry_run=values["dry_run"],
            actor=_actor(request),
            at=now(),
        )
        file.stored_as  # noqa: B018  asking is what keeps the file; a refused one goes with the request
        return Response(self.get_serializer(feed).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={202: FeedSerializer}, filters=False)
    @action(detail=True, methods=["post"], parser_classes=[JSONParser, MultiPartParser])
    def commit(self, request: Request, pk: str) -> Response:
        """Import a file that was checked."""
        feed = intake.commit_feed(feed=self._feed(pk), actor=_actor(request), at=now())
        return Response(self.get_serializer(feed).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses={(200, "text/csv"): str}, filters=False)
    @action(detail=True)
    def rejects(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The rows that could not be used, as a CSV to correct and send again."""
        return rejects_file(self._feed(pk), actor=_actor(request), at=now())

    def _feed(self, pk: str) -> Feed:
        return get_object_or_404(Feed, pk=pk)


def _actor(request: Request) -> Actor:
    actor: Actor = request.user.actor
    return actor
