"""The list of contacts: filters for page, API and export alike, and its columns."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.pages import Cell, Column, ListFilter, ListPage
from core.pages.choices import LoadedChoiceFilter
from servicing.models import Interaction, InteractionQuerySet
from servicing.queries.choices import known, word_for
from servicing.queries.contacts import colleagues_of, contacts_between, units_of
from staff.models import Branch, User
from staff.queries import people_offered


def _colleagues(request: Any) -> QuerySet[User]:
    return colleagues_of(request.user) if request else User.objects.none()


def _units(request: Any) -> QuerySet[Branch]:
    return units_of(request.user) if request else Branch.objects.none()


class InteractionFilter(ListFilter):
    """Days are Shanghai's, both ends included."""

    since = django_filters.DateFilter(label=_("From"), method="from_day", widget=DAY)
    until = django_filters.DateFilter(label=_("To"), method="to_day", widget=DAY)
    author = LoadedChoiceFilter(
        label=_("Colleague"), queryset=_colleagues, to_field_name="staff_no", empty_label=_("All")
    )
    unit = LoadedChoiceFilter(
        label=_("Branch"), field_name="branch", queryset=_units, to_field_name="code", empty_label=_("All")
    )
    customer_no = django_filters.CharFilter(
        label=_("Customer number"), field_name="customer__customer_no", max_length=32
    )
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=lambda: known("channels"), empty_label=_("All"))
    topic = django_filters.ChoiceFilter(label=_("Topic"), choices=lambda: known("topics"), empty_label=_("All"))
    outcome = django_filters.ChoiceFilter(label=_("Outcome"), choices=lambda: known("outcomes"), empty_label=_("All"))

    class Meta:
        model = Interaction
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = self.form.fields
        for name, group in (("channel", "channels"), ("topic", "topics"), ("outcome", "outcomes")):
            fields[name].choices = known(group)
        if self.request is not None:
            given = [self.data.get(name) or "" for name in ("unit", "author")]
            people = people_offered(fields["author"].queryset, self.request.user, *given)
            fields["author"].offer(people)

    def from_day(self, rows: InteractionQuerySet, name: str, day: date) -> InteractionQuerySet:
        return contacts_between(rows, day, None)

    def to_day(self, rows: InteractionQuerySet, name: str, day: date) -> InteractionQuerySet:
        return contacts_between(rows, None, day)


def _note(row: Interaction) -> Cell:
    hidden = row.readable_note is None  # type: ignore[attr-defined]  # annotated by with_readable_note
    return Cell(_("not shown to your role") if hidden else row.readable_note, "wrap")  # type: ignore[attr-defined]


CONTACTS = ListPage(
    columns=(
        Column(
            "happened_at",
            _("When"),
            lambda row: localtime(row.happened_at).strftime("%Y-%m-%d %H:%M"),
            sort="happened_at",
        ),
        Column("customer", _("Customer"), lambda row: Cell(row.customer.name, "main", row.customer.get_absolute_url())),
        Column("author", _("Colleague"), "author__name"),
        Column("channel", _("Channel"), lambda row: word_for("channels", row.channel)),
        Column("topic", _("Topic"), lambda row: word_for("topics", row.topic)),
        Column("outcome", _("Outcome"), lambda row: word_for("outcomes", row.outcome)),
        Column("note", _("Note"), _note),
    ),
    default_order=("-happened_at",),
    filterset=InteractionFilter,
    caption=_("Contacts"),
    noun=_("contacts"),
    empty_title=_("No contacts"),
    empty_text=_("Contacts appear here as colleagues log them at the counter or on a customer's page."),
)
