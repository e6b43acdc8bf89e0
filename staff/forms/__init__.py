"""Forms about people, tokens and oneself."""

from collections.abc import Iterator, Sequence
from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from
from core.pages.choices import LongSelect
from staff.enums import Digest, Role
from staff.models import User
from staff.queries import EventChoice, away_people, branches_by_tree, deputies_offered, grantable_scopes
from staff.services.tokens import MAX_DAYS


class SignInForm(LoginForm):
    """Sign-in by either of the two names a person has here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Sign-in name or staff number")
        self.fields["login"].widget.attrs["placeholder"] = ""


class UserChangeForm(forms.Form):
    """What an administrator may change about a person."""

    name = forms.CharField(label=_("Name"), max_length=60)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    branch = forms.ModelChoiceField(label=_("Unit"), queryset=None, empty_label=_("Choose"))
    is_active = forms.BooleanField(
        label=_("May sign in"),
        required=False,
        help_text=_("Taking this away ends all sessions and interface tokens at once."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, branch=branches_by_tree())


class _PasswordMixin(forms.Form):
    """A first password for somebody else, held against the same rules as one's own."""

    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters. Hand it over in person."),
    )

    def _about(self) -> User:
        raise NotImplementedError

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self._about())
        return password


class UserCreateForm(_PasswordMixin, UserChangeForm):
    """A new member of staff."""

    username = forms.SlugField(label=_("Sign-in name"), max_length=40)
    staff_no = forms.CharField(label=_("Staff number"), max_length=20)
    is_active = None  # type: ignore[assignment]  # Django's way to leave a field of the parent out
    field_order = ["name", "staff_no", "username", "role", "branch", "password"]

    def _about(self) -> User:
        return User(**{name: self.cleaned_data.get(name, "") for name in ("username", "name", "staff_no")})


class PasswordForm(_PasswordMixin):
    """A new password for a person who forgot theirs."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def _about(self) -> User:
        return self.user


class TokenForm(forms.Form):
    """A new interface token of one's own."""

    label = forms.CharField(label=_("What for"), max_length=60)
    scopes = forms.MultipleChoiceField(label=_("Scopes"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=MAX_DAYS, initial=90)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, scopes=[(s, s) for s in grantable_scopes(user)])


class ProfileForm(forms.Form):
    """How the product speaks to one."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class ExportDecisionForm(forms.Form):
    """What a second person says about a large file, about exactly the request they saw."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea({"rows": 2}))
    decision = forms.ChoiceField(choices=[(word, "") for word in ("approve", "reject")])


class ChoicesForm(forms.Form):
    """How one wants to hear of each event: a tick for the bell, a choice for mail. `rows` are its lines."""

    def __init__(self, data: Any = None, *, choices: Sequence[EventChoice], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.choices = choices
        for choice in choices:
            event, label = choice.event.value, choice.event.label
            fixed = not choice.told.may_mute
            self.fields[f"{event}__in_app"] = forms.BooleanField(
                label=_("%(event)s: in the bell") % {"event": label},
                required=False,
                disabled=fixed,
                initial=choice.told.in_app,
            )
            self.fields[f"{event}__digest"] = forms.ChoiceField(
                label=_("%(event)s: by mail") % {"event": label}, choices=Digest.choices, initial=choice.told.digest
            )
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = str(field.label)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each event with its two fields."""
        for choice in self.choices:
            event = choice.event.value
            yield {
                "label": choice.event.label,
                "in_app": self[f"{event}__in_app"],
                "digest": self[f"{event}__digest"],
                "is_fixed": not choice.told.may_mute,
            }

    def chosen(self) -> dict[str, tuple[bool, str]]:
        """What was chosen for each event."""
        values = self.cleaned_data
        return {
            choice.event.value: (values[f"{choice.event.value}__in_app"], values[f"{choice.event.value}__digest"])
            for choice in self.choices
        }


class PersonField(forms.ModelChoiceField):
    """A member of staff, with the unit beside the name."""

    widget = LongSelect

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} · {obj.branch.name}"


class AbsenceForm(forms.Form):
    """Who is away, when, and who stands in."""

    user = PersonField(label=_("Who is away"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=None)
    starts_on = forms.DateField(label=_("From"), widget=DAY)
    ends_on = forms.DateField(
        label=_("To"),
        widget=DAY,
        help_text=_("The last day away."),
    )
    deputy = PersonField(
        label=_("Deputy"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        required=False,
        empty_label=_("Each customer's backup"),
        help_text=_("Sees these customers on these days, and gets what falls due."),
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"user": viewer.staff_no, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        choose_from(self, user=away_people(viewer), deputy=deputies_offered(viewer))
