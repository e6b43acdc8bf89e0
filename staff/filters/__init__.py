"""The lists of people and of the trail: their filters and columns."""

from datetime import date, datetime, time, timedelta

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import SHANGHAI, today
from core.enums import ActorKind
from core.forms import DAY
from core.models import TrailEntry
from core.pages import Cell, Column, ListFilter, ListPage
from staff.enums import SUBJECTS, Event, ExportState, Role
from staff.models import Absence, Export, Notification, User
from staff.queries import ACTIONS

STANDINGS = (("", gettext_lazy("All")), ("true", gettext_lazy("Active")), ("false", gettext_lazy("Disabled")))


class UserFilter(ListFilter):
    """People by name or number, role, unit, and whether they may sign in."""

    q = django_filters.CharFilter(label=gettext_lazy("Name or number"), method="named", max_length=60)
    role = django_filters.ChoiceFilter(
        label=gettext_lazy("Role"), choices=Role.choices, empty_label=gettext_lazy("All")
    )
    branch = django_filters.CharFilter(label=gettext_lazy("Unit code"), field_name="branch__code", max_length=20)
    active = django_filters.BooleanFilter(
        label=gettext_lazy("May sign in"), field_name="is_active", widget=forms.Select(choices=STANDINGS)
    )

    def named(self, people: QuerySet[User], name: str, value: str) -> QuerySet[User]:
        """Any part of the name, or the beginning of a number."""
        text = value.strip()
        return people.filter(Q(name__icontains=text) | Q(username__istartswith=text) | Q(staff_no__istartswith=text))


def _standing(user: User) -> Cell:
    return Cell(_("Active"), "badge", tone="good") if user.is_active else Cell(_("Disabled"), "badge", tone="neutral")


USERS = ListPage(
    caption=gettext_lazy("Members of staff"),
    noun=gettext_lazy("people"),
    filterset=UserFilter,
    default_order=("staff_no",),
    columns=(
        Column("staff_no", gettext_lazy("Staff number"), sort="staff_no"),
        Column("name", gettext_lazy("Name"), kind="main", sort="name"),
        Column("username", gettext_lazy("Sign-in name"), sort="username"),
        Column("role", gettext_lazy("Role"), lambda user: user.get_role_display(), sort="role"),
        Column("branch", gettext_lazy("Unit"), "branch__name", sort="branch__code"),
        Column("active", gettext_lazy("Sign-in"), _standing),
    ),
    empty_title=gettext_lazy("No member of staff fits these filters"),
)


def _edit_url(user: User) -> str:
    return reverse("staff:user_edit", args=[user.staff_no])


USERS_TO_EDIT = ListPage(
    caption=USERS.caption,
    noun=USERS.noun,
    filterset=UserFilter,
    default_order=USERS.default_order,
    columns=tuple(
        Column("name", column.label, lambda user: Cell(user.name, "main", _edit_url(user)), sort="name")
        if column.key == "name"
        else column
        for column in USERS.columns
    ),
    row_url=_edit_url,
    empty_title=USERS.empty_title,
)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)


class TrailFilter(ListFilter):
    """The trail by who, what, which thing and when."""

    who = django_filters.CharFilter(label=gettext_lazy("Staff number"), field_name="actor_no", max_length=40)
    action = django_filters.ChoiceFilter(
        label=gettext_lazy("Action"), choices=sorted(ACTIONS.items()), empty_label=gettext_lazy("All")
    )
    subject = django_filters.ChoiceFilter(
        label=gettext_lazy("Kind of thing"), choices=sorted(SUBJECTS.items()), empty_label=gettext_lazy("All")
    )
    number = django_filters.CharFilter(label=gettext_lazy("Its number"), field_name="subject_id", max_length=64)
    since = django_filters.DateFilter(label=gettext_lazy("From day"), method="from_day", widget=DAY)
    until = django_filters.DateFilter(label=gettext_lazy("To day"), method="to_day", widget=DAY)

    def from_day(self, entries: QuerySet[TrailEntry], name: str, value: date) -> QuerySet[TrailEntry]:
        """Entries of the day and after, on Shanghai's clock."""
        return entries.filter(at__gte=_midnight(value))

    def to_day(self, entries: QuerySet[TrailEntry], name: str, value: date) -> QuerySet[TrailEntry]:
        """Entries of the day and before."""
        return entries.filter(at__lt=_midnight(min(value, date.max - timedelta(days=1)) + timedelta(days=1)))


def _actor(entry: TrailEntry) -> Cell:
    kind = "" if entry.actor_kind == ActorKind.USER else ActorKind(entry.actor_kind).label
    return Cell(entry.actor_no or _("nobody"), "main", hint=str(kind))


def _subject(entry: TrailEntry) -> Cell:
    return Cell(f"{SUBJECTS.get(entry.subject, entry.subject)} {entry.subject_id}".strip(), hint=entry.reason)


def _changes(entry: TrailEntry) -> Cell:
    parts = [
        f"{name}: {pair[0]} → {pair[1]}" if isinstance(pair, list) and len(pair) == 2 else f"{name}: {pair}"
        for name, pair in entry.changes.items()
        if name != "kept_from"
    ]
    return Cell("; ".join(parts), "wrap")


TRAIL = ListPage(
    caption=gettext_lazy("Trail"),
    noun=gettext_lazy("entries"),
    filterset=TrailFilter,
    default_order=("-id",),
    columns=(
        Column("at", gettext_lazy("When"), lambda entry: f"{localtime(entry.at, SHANGHAI):%Y-%m-%d %H:%M:%S}"),
        Column("who", gettext_lazy("Who"), _actor),
        Column("action", gettext_lazy("Action"), lambda entry: ACTIONS.get(entry.action, entry.action)),
        Column("subject", gettext_lazy("What"), _subject),
        Column("changes", gettext_lazy("Details"), _changes),
    ),
    empty_title=gettext_lazy("No entry fits these filters"),
)


class ExportFilter(ListFilter):
    """One's own exports by what became of them."""

    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=ExportState.choices, empty_label=gettext_lazy("All")
    )

    class Meta:
        model = Export
        fields: list[str] = []


EXPORT_TONES = {
    ExportState.PENDING: "warn",
    ExportState.QUEUED: "info",
    ExportState.DONE: "good",
    ExportState.REJECTED: "bad",
    ExportState.WITHDRAWN: "",
    ExportState.FAILED: "bad",
    ExportState.EXPIRED: "",
}


def _export_url(export: Export) -> str:
    return reverse("staff:export_detail", args=[export.pk])


def _decide_url(export: Export) -> str:
    return reverse("staff:export_decide", args=[export.pk])


def _asked_at(export: Export) -> str:
    return f"{localtime(export.requested_at):%Y-%m-%d %H:%M}"


def _list_name(export: Export) -> str:
    return str(export.words.get("list") or export.list_key)


def _taken_list(export: Export) -> Cell:
    return Cell(_list_name(export), "main", _export_url(export), hint=f"{export.pk}")


def _filter_words(export: Export) -> Cell:
    words = "; ".join(f"{label}: {value}" for label, value in export.words.get("filters", []))
    return Cell(words or _("none"), "wrap")


def _export_state(export: Export) -> Cell:
    state = ExportState(export.state)
    return Cell(state.label, "badge", tone=EXPORT_TONES[state])


def _kept_until(export: Export) -> Cell:
    if export.state != ExportState.DONE or export.expires_at is None:
        return Cell(export.message, "wrap")
    until = _("kept until %(day)s") % {"day": f"{localtime(export.expires_at):%Y-%m-%d %H:%M}"}
    return Cell(_("Download"), url=reverse("staff:export", args=[export.pk]), hint=until)


EXPORTS = ListPage(
    caption=gettext_lazy("Exports"),
    noun=gettext_lazy("exports"),
    filterset=ExportFilter,
    default_order=("-requested_at", "-pk"),
    columns=(
        Column("list", gettext_lazy("List"), _taken_list),
        Column("asked", gettext_lazy("Asked for on"), _asked_at),
        Column("reason", gettext_lazy("Reason"), lambda row: Cell(row.reason, "wrap")),
        Column("rows", gettext_lazy("Rows"), lambda row: row.rows or row.expected_rows, kind="num"),
        Column("format", gettext_lazy("Format"), lambda row: row.file_format.upper()),
        Column("state", gettext_lazy("State"), _export_state),
        Column("file", gettext_lazy("File"), _kept_until),
    ),
    row_url=_export_url,
    empty_title=gettext_lazy("You have not exported anything yet"),
    empty_text=gettext_lazy("Open a list, for example the customers, set its filters and choose Export."),
)

EXPORTS_WAITING = ListPage(
    caption=gettext_lazy("Exports to decide on"),
    noun=gettext_lazy("requests"),
    default_order=("requested_at", "pk"),
    columns=(
        Column(
            "who",
            gettext_lazy("Asked for by"),
            lambda row: Cell(row.requested_by.name, "main", _decide_url(row), hint=row.requested_by.staff_no),
        ),
        Column("unit", gettext_lazy("Unit"), "requested_by__branch__name"),
        Column("asked", gettext_lazy("Asked for on"), _asked_at),
        Column("list", gettext_lazy("List"), _list_name),
        Column("rows", gettext_lazy("Rows"), "expected_rows", kind="num"),
        Column("filters", gettext_lazy("Filters"), _filter_words),
        Column("reason", gettext_lazy("Reason"), lambda row: Cell(row.reason, "wrap")),
    ),
    row_url=_decide_url,
    empty_title=gettext_lazy("No request is waiting for you"),
    empty_text=gettext_lazy("Files above the bank's limit need a second person; their requests come here."),
)


class NotificationFilter(ListFilter):
    """One's own notifications by event, and whether they were looked at."""

    unread = django_filters.ChoiceFilter(
        label=gettext_lazy("Show"),
        choices=[("true", gettext_lazy("Unread"))],
        method="only_unread",
        empty_label=gettext_lazy("All"),
    )
    event = django_filters.ChoiceFilter(
        label=gettext_lazy("Event"), choices=Event.choices, empty_label=gettext_lazy("All")
    )

    class Meta:
        model = Notification
        fields: list[str] = []

    def only_unread(self, rows: QuerySet[Notification], name: str, value: str) -> QuerySet[Notification]:
        """Those not looked at yet."""
        return rows.filter(read_at=None)


NOTIFICATIONS = ListPage(
    caption=gettext_lazy("Notifications"),
    noun=gettext_lazy("notifications"),
    filterset=NotificationFilter,
    default_order=("-at", "-pk"),
    columns=(),
    empty_title=gettext_lazy("Nothing new"),
    empty_text=gettext_lazy("What others decide, give to you or finish for you is told here."),
)


class AbsenceFilter(ListFilter):
    """Absences under way and coming, unless past or cancelled ones are asked for."""

    when = django_filters.ChoiceFilter(
        label=gettext_lazy("Show"),
        choices=[
            ("ahead", gettext_lazy("Under way and coming")),
            ("past", gettext_lazy("Past")),
            ("cancelled", gettext_lazy("Cancelled")),
            ("all", gettext_lazy("All")),
        ],
        method="as_given",
        empty_label=None,
    )
    q = django_filters.CharFilter(label=gettext_lazy("Name or number"), method="named", max_length=60)

    class Meta:
        model = Absence
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Absence]) -> QuerySet[Absence]:
        rows = super().filter_queryset(queryset)
        when = self.form.cleaned_data.get("when") or "ahead"
        return {
            "ahead": rows.filter(cancelled_at=None, ends_on__gte=today()),
            "past": rows.filter(cancelled_at=None, ends_on__lt=today()),
            "cancelled": rows.exclude(cancelled_at=None),
            "all": rows,
        }[when]

    def as_given(self, rows: QuerySet[Absence], name: str, value: object) -> QuerySet[Absence]:
        """Chosen in `filter_queryset`, which also knows what holds when nothing is."""
        return rows

    def named(self, rows: QuerySet[Absence], name: str, value: str) -> QuerySet[Absence]:
        """Any part of the name of who is away, or the beginning of the number."""
        text = value.strip()
        return rows.filter(Q(user__name__icontains=text) | Q(user__staff_no__istartswith=text))


def _absence_state(row: Absence) -> Cell:
    if row.cancelled_at is not None:
        return Cell(_("Cancelled"), "badge", tone="neutral")
    if row.ends_on < today():
        return Cell(_("Past"), "badge", tone="neutral")
    if row.starts_on > today():
        return Cell(_("Coming"), "badge", tone="info")
    return Cell(_("Away"), "badge", tone="warn")


ABSENCES = ListPage(
    caption=gettext_lazy("Absences"),
    noun=gettext_lazy("absences"),
    filterset=AbsenceFilter,
    default_order=("starts_on", "pk"),
    columns=(
        Column("who", gettext_lazy("Who is away"), lambda row: Cell(row.user.name, "main", hint=row.user.staff_no)),
        Column("unit", gettext_lazy("Unit"), "user__branch__name"),
        Column("starts_on", gettext_lazy("From"), kind="date", sort=("starts_on", "pk")),
        Column("ends_on", gettext_lazy("To"), kind="date", sort=("ends_on", "pk")),
        Column("deputy", gettext_lazy("Deputy"), lambda row: row.deputy.name if row.deputy else ""),
        Column("state", gettext_lazy("State"), _absence_state),
        Column("created_by", gettext_lazy("Entered by"), "created_by__name"),
    ),
    empty_title=gettext_lazy("Nobody is entered as away"),
    empty_text=gettext_lazy("Enter leave before it begins, so that nothing waits for somebody who is not there."),
)
