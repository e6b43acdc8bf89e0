"""The API of customers and of feeds."""

import hashlib
import json
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, PermissionDenied, ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from core import crypto
from core.api import ApiMixin, PreconditionFailed, PreconditionRequired, error_response
from core.clock import now, today
from core.errors import DomainError
from core.identity import RESIDENT_ID, IdentityError, check_id_no
from core.phones import PhoneError, normalise_phone
from core.trail import Actor
from customers import queries
from customers.enums import FeedKind
from customers.exports import rejects_file
from customers.filters import API_CUSTOMERS, CONSENTS, FEEDS
from customers.forms.profile import fault_words
from customers.models import Consent, Customer, CustomerPosition, Feed
from customers.queries.lists import listed, with_stage
from customers.queries.merges import find_in_sight
from customers.rules.cells import narrow
from customers.rules.profile import DATES, default_source
from customers.serializers import (
    BalancesSerializer,
    ConsentSerializer,
    CustomerSerializer,
    DetailSerializer,
    FeedSerializer,
    FindSerializer,
    FoundSerializer,
    HoldingSerializer,
    NewConsentSerializer,
    NewFeedSerializer,
    NewRecordSerializer,
    RecordSerializer,
    RevealedSerializer,
    RevealSerializer,
    WindowSerializer,
)
from customers.services import consents, duplicates, intake, profile, records
from customers.services.feeds import Controls
from customers.services.openings import note_opening
from staff.access import SERVING, has_role, scope_of

WINDOW_DAYS = 90
FOUND = 50
# A program that reads one of these opens the customer's page as a person does.
OPENS = frozenset({"retrieve", "accounts", "balances"})
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of the customer as it was read."
)
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

    def get_queryset(self) -> QuerySet[CustomerPosition]:
        return listed(CustomerPosition.objects.visible_to(self.request.user), queries.ledger_day())

    def get_serializer_context(self) -> dict[str, Any]:
        names = {} if getattr(self, "swagger_fake_view", False) else self.tier_names(today())
        return {**super().get_serializer_context(), "amounts": self.shows_amounts(), "tier_names": names}

    def customer(self) -> Customer:
        """The customer of the address; 404 out of scope. Reads of a merged number are sent on."""
        return self._found(Customer.objects.visible_to(self.request.user), self.kwargs["customer_no"])

    def _found(self, visible: QuerySet[Customer], customer_no: str) -> Customer:
        try:
            return _noted(self, find_in_sight(self.request.user, visible, customer_no))
        except Customer.DoesNotExist:
            raise Http404 from None

    @extend_schema(responses=DetailSerializer, filters=False)
    def retrieve(self, request: Request, customer_no: str) -> Response:
        """One customer with its record, and an ETag: its first part is the version a PATCH must name."""
        shown, headers = self._shown(customer_no)
        tags = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
        if headers["ETag"] in tags:
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(shown, headers=headers)

    def _shown(self, customer_no: str) -> tuple[dict[str, Any], dict[str, str]]:
        visible = Customer.objects.visible_to(self.request.user).select_related("branch", "manager", "backup")
        customer = self._found(with_stage(queries.with_figures(visible, queries.ledger_day())), customer_no)
        context = {**self.get_serializer_context(), "today": today()}
        shown = DetailSerializer(customer, context=context).data
        digest = hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:32]
        return shown, {"ETag": f'"{customer.version}.{digest}"', "Cache-Control": "private, no-cache"}

    @extend_schema(request=NewRecordSerializer, responses={201: DetailSerializer}, filters=False)
    def create(self, request: Request) -> Response:
        """A new customer of the caller's branch, numbered by the product until the core's number arrives."""
        values = self._values(NewRecordSerializer, request)
        kind, source = values.pop("kind"), values.pop("source")
        try:
            saved = profile.create_customer(
                kind=kind, values=values, source=source, actor=request.user, at=now(), branch=None
            )
        except profile.ProfileRefused as error:
            raise _faulty(error) from error
        except duplicates.ExistsElsewhere as error:
            return _refused(error)
        shown, headers = self._shown(saved.customer.customer_no)
        return Response(shown, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=RecordSerializer, responses=DetailSerializer, parameters=[IF_MATCH], filters=False)
    def partial_update(self, request: Request, customer_no: str) -> Response:
        """Change fields of the record; the version read must be named. A stale one gets the present record, masked."""
        values = self._values(RecordSerializer, request)
        customer = self.customer()
        version, source = _version(request), values.pop("source")
        try:
            profile.edit_customer(
                customer=customer, values=values, version=version, source=source, actor=request.user, at=now()
            )
        except profile.StaleRecord:
            return self._stale(customer_no)
        except profile.ProfileRefused as error:
            raise _faulty(error) from error
        shown, headers = self._shown(customer_no)
        return Response(shown, headers=headers)

    def _values(self, serializer: type[RecordSerializer], request: Request) -> dict[str, Any]:
        if not has_role(request.user, *SERVING):
            raise PermissionDenied()
        asked = serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = {
            name: "" if value is None and name not in DATES else value for name, value in asked.validated_data.items()
        }
        return {"source": default_source(request.user.role), **given}

    def _stale(self, customer_no: str) -> Response:
        shown, headers = self._shown(customer_no)
        answer = error_response(PreconditionFailed(), {})
        answer.data["current"] = shown
        return Response(answer.data, status=answer.status_code, headers=headers)

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


def _version(request: Request) -> int:
    """The version named by If-Match: the part of the ETag before the point."""
    named = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"').partition(".")[0]
    if not named:
        raise PreconditionRequired()
    return int(named) if named.isascii() and named.isdigit() and len(named) < 10 else 0  # no record's version


def _faulty(error: profile.ProfileRefused) -> ValidationError:
    found: dict[str, list[ErrorDetail]] = {}
    for fault in error.faults:
        found.setdefault(fault.field, []).append(ErrorDetail(fault_words(fault.code), code=fault.code))
    return ValidationError(found)


def _refused(error: DomainError) -> Response:
    """A refusal that is an answer, not an error: what was written down about it must stay."""
    answer = error_response(error, {})
    return Response(answer.data, status=answer.status_code)


def _noted(view: CustomerViewSet, customer: Customer) -> Customer:
    if view.request.method == "GET" and view.action in OPENS:
        note_opening(person=view.request.user, customer=customer, at=now())
    return customer


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
            stored_as=file.stored_as,
            business_date=values["business_date"],
            controls=Controls(values.get("control_rows"), values.get("control_total"), values["max_rejected"]),
            dry_run=values["dry_run"],
            actor=_actor(request),
            at=now(),
        )
        file.keep()  # a refused one goes with the request
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


@extend_schema_view(list=extend_schema(summary="Statements of consent, the latest recorded first"))
class ConsentViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Consent]):
    """The consent ledger of customers the caller may see; statements are added, never changed."""

    scope = "consents"
    listing = CONSENTS
    serializer_class = ConsentSerializer
    queryset = Consent.objects.none()

    def get_queryset(self) -> QuerySet[Consent]:
        return Consent.objects.visible_to(self.request.user).select_related("customer", "wording", "recorded_by")

    @extend_schema(request=NewConsentSerializer, responses={201: ConsentSerializer})
    def create(self, request: Request) -> Response:
        """Add a statement; it holds from the answer on. A customer out of sight is 404, as one that does not exist."""
        asked = NewConsentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        at = now()
        values = {"stated_at": at, **asked.validated_data}
        visible = Customer.objects.visible_to(request.user)
        customer = get_object_or_404(visible, customer_no=values.pop("customer_no"))
        made = consents.record_consent(customer=customer, actor=request.user, at=at, **values)
        return Response(ConsentSerializer(made).data, status=status.HTTP_201_CREATED)
