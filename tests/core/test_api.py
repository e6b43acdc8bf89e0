import threading
from decimal import Decimal

import django_filters
import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from rest_framework import exceptions, mixins, routers, serializers, viewsets
from rest_framework.response import Response

from core.api import ApiMixin, PreconditionFailed
from core.errors import DomainError
from core.models import CalendarDay, IdempotencyKey
from core.pages import Column, ListFilter, ListPage
from customers.models import Customer
from depositcrm.api_urls import router as product_router
from depositcrm.urls import handler400, handler403, handler404, handler500
from depositcrm.urls import urlpatterns as product
from tests.factories import make_customer, make_token, make_user

__all__ = ["handler400", "handler403", "handler404", "handler500"]

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Full(DomainError):
    code = "full"
    message = "Nothing fits in any more."


class ThingFilter(ListFilter):
    amount_filters = frozenset({"total"})

    name = django_filters.CharFilter()
    tier = django_filters.NumberFilter(field_name="position__tier")
    total = django_filters.NumberFilter(field_name="position__total", lookup_expr="gte")


class ThingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = ["customer_no", "name"]


class ThingViewSet(ApiMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    scope = "customers"
    lookup_field = "customer_no"
    serializer_class = ThingSerializer
    queryset = Customer.everything.none()
    listing = ListPage(
        filterset=ThingFilter,
        default_order=("customer_no",),
        columns=(
            Column("name", "Name", sort="name"),
            Column("total", "Total", "position__total", kind="money", sort="position__total", amounts=True),
        ),
    )

    def get_queryset(self):
        return Customer.objects.visible_to(self.request.user)

    def shows_amounts(self):
        return self.request.user.role == "manager"


class DaySerializer(serializers.Serializer):
    on = serializers.DateField()
    parts = serializers.ListField(child=serializers.IntegerField(), required=False)


class DayViewSet(ApiMixin, viewsets.GenericViewSet):
    """Writes a row a request; `fail` says how the next one ends."""

    scope = "interactions"
    serializer_class = DaySerializer
    queryset = CalendarDay.objects.none()
    fail = None

    def create(self, request):
        made = DaySerializer(data=request.data)
        made.is_valid(raise_exception=True)
        count = CalendarDay.objects.count()
        CalendarDay.objects.create(on=made.validated_data["on"].replace(year=2000 + count), is_workday=True)
        if DayViewSet.fail:
            raise DayViewSet.fail
        return Response({"made": count + 1, "money": Decimal("1.50")}, status=201)


router = routers.SimpleRouter()
router.register("things", ThingViewSet, basename="things")
router.register("days", DayViewSet, basename="days")
urlpatterns = [path("api/v9/", include(router.urls)), *product]


@pytest.fixture(autouse=True)
def _no_failure():
    DayViewSet.fail = None
    yield
    DayViewSet.fail = None


@pytest.fixture
def manager():
    return make_user(role="manager")


@pytest.fixture
def call(manager):
    token = make_token(manager, "customers:read", "interactions:write")
    return caller(token)


def caller(token):
    def send(method, address, body=None, **headers):
        client = Client(raise_request_exception=False)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(client, method)(
            f"/api/v9/{address}",
            **({} if body is None else {"data": body, "content_type": "application/json"}),
            headers={"Authorization": f"Bearer {token}", **names},
        )

    return send


def test_pages_follow_their_links_to_the_end_and_back(call, manager, monkeypatch):
    monkeypatch.setattr("core.api.keyset_page.__kwdefaults__", {"size": 2, "count": False})
    numbers = [make_customer(manager=manager).customer_no for _ in range(5)]
    seen, address = [], "things/"
    while address:
        page = call("get", address).json()
        assert set(page) == {"next", "previous", "results"}
        seen.append([row["customer_no"] for row in page["results"]])
        address = page["next"] and page["next"].partition("/api/v9/")[2]
    assert seen == [numbers[:2], numbers[2:4], numbers[4:]]
    back = call("get", page["previous"].partition("/api/v9/")[2]).json()
    assert [row["customer_no"] for row in back["results"]] == numbers[2:4]


def test_order_and_filters_are_those_of_the_page(call, manager):
    for name, total in (("乙", 5), ("甲", 50), ("丙", 7)):
        make_customer(manager=manager, name=name, total=total)
    assert [row["name"] for row in call("get", "things/?ordering=-total").json()["results"]] == ["甲", "丙", "乙"]
    assert [row["name"] for row in call("get", "things/?total=7&ordering=total").json()["results"]] == ["丙", "甲"]


@pytest.mark.parametrize("query", ["foo=1", "ordering=phone", "cursor=xyz", "ordering=-total", "total=5", "phone=1"])
def test_unknown_and_forbidden_fields_are_400(query):
    teller = make_user(role="teller")
    response = caller(make_token(teller, "customers:read"))("get", f"things/?{query}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_query")


def test_a_bad_value_is_400_and_names_its_field(call):
    response = call("get", "things/?tier=gold")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid"
    assert [fault["code"] for fault in response.json()["error"]["fields"]["tier"]] == ["invalid"]


def test_field_errors_keep_their_place(call):
    response = call("post", "days/", {"parts": [1, "x", 3]})
    assert response.status_code == 400
    fields = response.json()["error"]["fields"]
    assert {name: [fault["code"] for fault in faults] for name, faults in fields.items()} == {
        "on": ["required"],
        "parts.1": ["invalid"],
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Full(), 400, "full"),
        (Http404(), 404, "not_found"),
        (exceptions.PermissionDenied(), 403, "permission_denied"),
        (PreconditionFailed(), 412, "stale"),
        (exceptions.Throttled(wait=7), 429, "throttled"),
    ],
)
def test_every_error_has_one_shape(call, error, status, code):
    DayViewSet.fail = error
    response = call("post", "days/", {"on": "2026-01-01"})
    assert response.status_code == status
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message", "fields"}
    assert response.json()["error"]["code"] == code
    if status == 429:
        assert response.headers["Retry-After"] == "7"


def test_errors_of_the_framework_have_the_shape_too(call):
    assert call("delete", "days/").json()["error"]["code"] == "method_not_allowed"
    assert call("post", "days/", "{").json()["error"]["code"] == "parse_error"
    anonymous = Client().get("/api/v9/things/")
    assert (anonymous.status_code, anonymous.json()["error"]["code"]) == (401, "not_authenticated")
    assert anonymous.headers["WWW-Authenticate"] == "Bearer"


def test_what_nobody_foresaw_is_a_500_without_detail(call):
    DayViewSet.fail = RuntimeError("secret detail")
    response = call("post", "days/", {"on": "2026-01-01"})
    assert (response.status_code, response.json()["error"]["code"]) == (500, "server_error")
    assert "secret" not in response.content.decode()


def test_throttling_counts_a_persons_requests(call, settings, monkeypatch):
    monkeypatch.setattr("rest_framework.throttling.UserRateThrottle.THROTTLE_RATES", {"user": "3/min"})
    statuses = [call("get", "things/").status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert int(call("get", "things/").headers["Retry-After"]) > 0


def test_a_repeated_post_acts_once_and_answers_the_same(call):
    first = call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc")
    again = call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc")
    assert (first.status_code, first.json()) == (201, {"made": 1, "money": "1.50"})
    assert (again.status_code, again.json()) == (201, {"made": 1, "money": "1.50"})
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert CalendarDay.objects.count() == 1


def test_without_a_key_every_post_acts(call):
    for _ in range(2):
        call("post", "days/", {"on": "2026-01-01"})
    assert CalendarDay.objects.count() == 2


def test_a_key_belongs_to_its_person(call):
    other = caller(make_token(make_user(role="teller"), "interactions:write"))
    call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc")
    assert other("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc").json()["made"] == 2


def test_one_key_for_two_different_requests_is_refused(call):
    call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc")
    response = call("post", "days/", {"on": "2026-01-02"}, Idempotency_Key="abc")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "idempotency_key_reused")
    assert CalendarDay.objects.count() == 1


@pytest.mark.parametrize("error", [RuntimeError("transient"), Full(), exceptions.Throttled()])
def test_a_failed_post_leaves_nothing_and_can_be_retried(call, error):
    DayViewSet.fail = error
    assert call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc").status_code >= 400
    assert not CalendarDay.objects.exists()
    assert not IdempotencyKey.objects.exists()
    DayViewSet.fail = None
    assert call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 101, "a\tb"])
def test_an_unusable_key_is_refused(call, key):
    response = call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key=key)
    assert response.status_code == 400
    assert not CalendarDay.objects.exists()


def test_a_key_gives_no_right(manager):
    reader = caller(make_token(manager, "customers:read"))
    assert reader("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc").status_code == 403
    assert not IdempotencyKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_posts_with_one_key_make_one_row():
    call = caller(make_token(make_user(role="manager"), "interactions:write"))
    answers, start = [], threading.Barrier(50)

    def post():
        start.wait()
        try:
            answers.append(call("post", "days/", {"on": "2026-01-01"}, Idempotency_Key="abc"))
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 50
    assert {answer.json()["made"] for answer in answers} == {1}
    assert CalendarDay.objects.count() == 1


def test_the_schema_documents_every_error_of_every_operation():
    schema = SchemaGenerator().get_schema(public=True)
    operations = [(p, m, o) for p, methods in schema["paths"].items() for m, o in methods.items()]
    assert any(p.startswith("/api/v9/things") for p, _m, _o in operations)
    for address, method, operation in operations:
        for status in ("400", "401", "403", "404", "412", "429"):
            assert status in operation["responses"], (address, method, status)
        names = {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ("Idempotency-Key" in names) is (method == "post")
    listed = schema["paths"]["/api/v9/things/"]["get"]
    assert {"cursor", "ordering", "name", "tier", "total"} <= {p["name"] for p in listed["parameters"]}
    page = schema["components"]["schemas"]["PaginatedThingList"]
    assert set(page["properties"]) == {"next", "previous", "results"}


def test_every_post_of_the_api_honours_the_key():
    for _prefix, viewset, _name in product_router.registry:
        assert issubclass(viewset, ApiMixin), viewset
