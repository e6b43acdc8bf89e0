"""Handing customers over, and who else sees one."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from staff.models import User

PICK = _("Choose a person")
LISTED_AT_MOST = 300


class PersonField(forms.ModelChoiceField):
    """A colleague by staff number, shown with unit."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=User.objects.none(), to_field_name="staff_no", empty_label=PICK, **kwargs)

    def offer(self, people: QuerySet[User]) -> None:
        """Let these people be chosen: from a list, or of a whole bank's by staff number."""
        self.queryset = people
        if people.count() > LISTED_AT_MOST:
            self.widget = forms.TextInput({"autocomplete": "off"})
            self.help_text = self.help_text or _("Staff number")

    def offers(self, number: str) -> bool:
        """Whether the person of a staff number may be chosen."""
        return bool(number) and self.queryset.filter(staff_no=number).exists()

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} · {obj.staff_no} · {obj.branch.name}"


class HandoverForm(forms.Form):
    """Who gets the customers, and why. `book` is asked for only when no customers were chosen before."""

    book = PersonField(label=_("Whole book of"))
    to_manager = PersonField(label=_("New manager"))
    backup = PersonField(
        label=_("Backup manager"),
        required=False,
        help_text=_("Left empty, each customer keeps the backup it has."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        min_length=4,
        max_length=200,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Both sides and the head of the unit read it."),
    )

    def __init__(self, *args: Any, people: QuerySet[User], asks_book: bool, to: str = "", **kwargs: Any) -> None:
        """`to` is the staff number the form begins with; one that may not be chosen is as none."""
        super().__init__(*args, **kwargs)
        if not asks_book:
            del self.fields["book"]
        for field in self.fields.values():
            if isinstance(field, PersonField):
                field.offer(people)
        new = self.fields["to_manager"]
        if isinstance(new, PersonField) and new.offers(to):
            self.initial["to_manager"] = to

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        to = data.get("to_manager")
        if to is not None and to == data.get("book"):
            self.add_error("to_manager", _("This is whose book is handed over; choose somebody else."))
        if to is not None and to == data.get("backup"):
            self.add_error("backup", _("Manager and backup are two people."))
        return data


class HandoverDecisionForm(forms.Form):
    """What the head says about exactly the hand-over they saw, or that its asker takes it back."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))
    decision = forms.ChoiceField(choices=[(word, "") for word in ("approve", "reject", "withdraw")])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("decision") == "reject" and not data.get("comment", "").strip():
            raise ValidationError({"comment": _("Say why, so that the manager knows what to change.")})
        return data


class BackupForm(forms.Form):
    """Who stands in for the manager."""

    backup = PersonField(label=_("Backup manager"), required=False)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["backup"]
        field.empty_label = _("Nobody")
        field.offer(people)


class ShareForm(forms.Form):
    """To whom a customer is opened, and why."""

    user = PersonField(label=_("Colleague"))
    reason = forms.CharField(label=_("Reason"), min_length=4, max_length=200)

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["user"]
        field.offer(people)
