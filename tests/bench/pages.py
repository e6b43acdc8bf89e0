"""Pages, searches and the API through the real web server: milliseconds as a browser waits, and queries."""

import http.client
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

from django.db import connection
from django.db.models import Count
from django.middleware.csrf import CSRF_SESSION_KEY
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from core import crypto
from core.clock import today
from customers.models import Customer, CustomerPosition
from staff.models import User
from tests.bench import servers
from tests.bench.feeds import Say
from tests.bench.measuring import Figure, percentile

PAGE_MS, BANK_MS, LIST_MS, SEARCH_MS = 100, 300, 300, 50
LIST_QUERIES = 12
# Tables that no page may read from end to end.
WIDE = ("customers_customer", "customers_account", "customers_accountbalance")
ROLES = ("teller", "manager", "branch_head", "head_office")
SECRET = "b" * 32
WARM = 2
OK = 200

Visits = Callable[[str, User], Iterator["Visit"]]


@dataclass(frozen=True, slots=True)
class Visit:
    """One address somebody opens; a search has a goal of its own, and so has whoever sees the whole bank."""

    role: str
    name: str
    paths: Sequence[str]
    form: Mapping[str, str] | None = None
    is_search: bool = False
    is_list: bool = False
    limit: int = 0

    @property
    def goal(self) -> int:
        """Milliseconds its p95 may take."""
        if self.limit:
            return self.limit
        if self.is_search:
            return SEARCH_MS
        if self.is_list:
            return LIST_MS
        return BANK_MS if self.role == "head_office" else PAGE_MS


@dataclass(slots=True)
class Reader:
    """Somebody signed in, at the web server and in this process."""

    user: User
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __post_init__(self) -> None:
        self.client.force_login(self.user)
        session = self.client.session
        session[CSRF_SESSION_KEY] = SECRET
        session.save()

    @property
    def headers(self) -> dict[str, str]:
        """What a browser with this session sends."""
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in self.client.cookies.items())
        return {"Cookie": cookies, "X-CSRFToken": SECRET}


def readers() -> dict[str, Reader]:
    """For each role the person who sees most; without one the role is left out."""
    found = {}
    for role in ROLES:
        people = User.objects.filter(role=role, is_active=True)
        column = "manager" if role == "manager" else "branch"
        busy = CustomerPosition.everything.values(column).annotate(n=Count("pk")).order_by("-n")
        places = [row[column] for row in busy[:200]]
        key = "pk" if role == "manager" else "branch_id"
        ranked = [user for place in places for user in people.filter(**{key: place})[:1]]
        if person := next(iter(ranked), people.order_by("pk").first()):
            found[role] = Reader(person)
    return found


def measure_pages(folder: Path, requests: int, say: Say, visited: Visits | None = None) -> list[Figure]:
    """p95 of each visit, and how many queries it takes; `visited` says what each role opens."""
    figures = []
    people = readers()
    with servers.web_server(folder) as port:
        for role, reader in people.items():
            say(f"pages of a {role}")
            for visit in (visited or visits)(role, reader.user):
                figures.append(_measure(visit, reader, port, requests))
    return figures


def _measure(visit: Visit, reader: Reader, port: int, requests: int) -> Figure:
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    milliseconds: list[float] = []
    refused: set[int] = set()
    for n in range(WARM + requests):
        path = visit.paths[n % len(visit.paths)]
        began = time.perf_counter()
        refused |= {_ask(server, reader, visit, path)} - {OK}
        if n >= WARM:
            milliseconds.append((time.perf_counter() - began) * 1000)
    server.close()
    p50, p95 = percentile(milliseconds, 0.5), percentile(milliseconds, 0.95)
    with CaptureQueriesContext(connection) as queries:
        _inside(reader, visit)
    said = f"p50 {p50:.0f} ms, {len(queries)} queries" + "".join(f", status {one}" for one in sorted(refused))
    if visit.is_list and len(queries) > LIST_QUERIES:
        said += f" (over {LIST_QUERIES})"
    said += "".join(f", reads all of {table}" for table in _read_whole(queries) if visit.is_list)
    # However fast a page says that it cannot be shown, that is no figure of it.
    bound = 0 if refused else visit.goal
    return Figure(f"{visit.role}: {visit.name}", "ms", p95, None, bound, f"p95 ≤ {visit.goal} ms", note=said)


def _read_whole(queries: CaptureQueriesContext) -> list[str]:
    """Wide tables that a statement's plan reads from end to end."""
    found = set()
    for query in queries.captured_queries:
        if query["sql"].startswith("SELECT") and any(table in query["sql"] for table in WIDE):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (COSTS OFF) " + query["sql"].replace("%", "%%"), [])
                plan = "\n".join(row[0] for row in cursor.fetchall())
            found |= {table for table in WIDE if re.search(rf"Seq Scan on {table}( |$)", plan, re.MULTILINE)}
    return sorted(found)


def _ask(server: http.client.HTTPConnection, reader: Reader, visit: Visit, path: str) -> int:
    if visit.form is None:
        server.request("GET", path, headers=reader.headers)
    else:
        headers = {**reader.headers, "Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        server.request("POST", path, urlencode(visit.form), headers)
    answer = server.getresponse()
    answer.read()
    return answer.status


def _inside(reader: Reader, visit: Visit) -> None:
    path = visit.paths[0]
    if visit.form is None:
        reader.client.get(path, headers={"host": "localhost"})
    else:
        headers = {"host": "localhost", "x-csrftoken": SECRET, "hx-request": "true"}
        reader.client.post(path, dict(visit.form), headers=headers)


def visits(role: str, user: User) -> Iterator[Visit]:
    """What a role opens in a day."""
    seen = Customer.objects.visible_to(user).select_related("position", "branch", "manager")
    samples = list(seen.filter(position__tier__gte=2).order_by("pk")[:400:40]) or list(seen.order_by("pk")[:10])
    yield from _lists(role, user)
    yield from _customer_pages(role, samples)
    yield from _searches(role, samples)
    yield from _boards(role)
    yield from _api(role, samples)


def _lists(role: str, user: User) -> Iterator[Visit]:
    customers = reverse("customers:list")
    queries = ["", "tier=3", "tier=2&tier=3", "tier=4", "kind=organisation", "ordering=name", "ordering=-name"]
    queries += ["q=王", "q=明", "q=建国", "q=wang", "stage=lost", "stage=new&stage=growing", "silent=30", "matures=7"]
    queries += [f"opened_since={today() - timedelta(days=200)}", "kind=person&stage=declining&silent=90"]
    if role != "teller":
        queries += [f"{sort}{column}" for sort in ("ordering=", "ordering=-") for column in ("balance", "adb_month")]
        queries += [f"{narrow}&ordering=-balance" for narrow in ("tier=2", "kind=organisation", "matures=30")]
        queries += ["stage=mature&ordering=-adb_month", "columns=name,stage,adb_quarter,adb_year,backup,opened_on"]
    if role != "manager":
        queries += [f"manager={_a_manager(user)}", "manager=none", "manager=none&ordering=-name"]
    if role == "head_office":
        queries += ["branch=B0001", "branch=B001", "branch=B0001&tier=3&ordering=-balance"]
    for query in queries:
        address = f"{customers}?{quote(query, safe='=&,')}"
        yield Visit(role, f"customers ?{query}" if query else "customers", [address], is_list=True)
    for name in ("customers:kyc", "customers:quality", "customers:quality_tiles", "customers:completeness"):
        yield from _named(role, name)
    for name in ("customers:my_promises", "customers:prospects", "customers:handovers", "staff:exports"):
        yield from _named(role, name)
    if role != "teller":
        for name in ("insights:maturities", "insights:moves", "insights:silent", "tiers:movers"):
            yield from _named(role, name)
    yield from _named(role, "servicing:contacts")


def _a_manager(user: User) -> str:
    found = CustomerPosition.objects.visible_to(user).filter(manager__isnull=False).values("manager__staff_no").first()
    return found["manager__staff_no"] if found else "none"


def _named(role: str, name: str) -> Iterator[Visit]:
    """The page of a route; pages that are not there yet are left out."""
    try:
        yield Visit(role, name, [reverse(name)])
    except NoReverseMatch:
        return


def _customer_pages(role: str, samples: Sequence[Customer]) -> Iterator[Visit]:
    tabs = ["customers:detail", "customers:profile", "customers:holdings", "insights:timeline", "tiers:of_customer"]
    tabs += ["customers:consents", "customers:promises", "customers:history", "customers:team"]
    if role != "teller":
        tabs.append("customers:balances")
    else:
        tabs.append("servicing:counter_card")
    for name in tabs:
        try:
            yield Visit(role, name, [reverse(name, args=[row.customer_no]) for row in samples])
        except NoReverseMatch:
            continue


def _searches(role: str, samples: Sequence[Customer]) -> Iterator[Visit]:
    if role not in {"teller", "manager"} or not samples:
        return
    somebody = samples[0]
    phone = crypto.unseal("customers.customer.phone", somebody.customer_no, bytes(somebody.phone_cipher))
    id_no = crypto.unseal("customers.customer.id_no", somebody.customer_no, bytes(somebody.id_no_cipher))
    forms = {
        "name": somebody.name,
        "surname": somebody.name[:1],
        "two characters inside": somebody.name[1:3],
        "pinyin": somebody.name_pinyin[:6],
        "initials": somebody.name_initials,
        "one initial": somebody.name_initials[:1],
        "phone tail": phone[-4:],
        "phone": phone,
        "identity number": id_no,
        "customer number": somebody.customer_no,
        "start of a number": somebody.customer_no[:5],
    }
    for name, text in forms.items():
        yield Visit(role, f"counter search, {name}", [reverse("servicing:counter_search")], {"q": text}, True)


def _boards(role: str) -> Iterator[Visit]:
    if role == "teller":
        yield from _named(role, "servicing:counter")
        return
    yield Visit(role, "board", [reverse("insights:home")])
    yield Visit(role, "board, 90 days", [reverse("insights:home") + "?days=90"])
    if role != "manager":
        yield from _named(role, "tiers:schemes")


def _api(role: str, samples: Sequence[Customer]) -> Iterator[Visit]:
    base = "/api/v1/customers/"
    yield Visit(role, "API customers", [base])
    yield Visit(role, "API customers ?tier=3", [f"{base}?tier=3"])
    for part in ("", "accounts/", "balances/", "tiers/"):
        yield Visit(role, f"API customer/{part}", [f"{base}{row.customer_no}/{part}" for row in samples])
