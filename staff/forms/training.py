"""What is typed about courses, questions, dates and certificates; nothing here saves."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.clock import today
from core.forms import choose_from
from core.pages.choices import LongSelect
from staff.enums import Role
from staff.enums.training import CourseKind, QuestionKind
from staff.forms import PersonField
from staff.models import Branch, Course, Enrolment, Question, User
from staff.queries import training as queries
from staff.queries.licences import licence_choices
from staff.rules.training import MOST_OPTIONS, MOST_QUESTIONS, Asked
from staff.services.courses import FAULTS, CourseFacts
from staff.services.sessions import Result, SessionFacts

MINUTE = "%Y-%m-%dT%H:%M"
LETTERS = "ABCDEFGH"
BOXES = forms.CheckboxSelectMultiple


def ranks() -> list[tuple[int, str]]:
    """Tiers to choose from, by their rank."""
    return [(rank, _("Tier %(rank)s") % {"rank": rank}) for rank in range(1, 7)]


class CourseForm(forms.Form):
    """A course; its code is given once."""

    code = forms.SlugField(
        label=_("Code"), max_length=20, help_text=_("Small letters, digits and hyphens; it never changes.")
    )
    title = forms.CharField(label=_("Title"), max_length=80)
    about = forms.CharField(
        label=_("What the course is about"), max_length=500, required=False, widget=forms.Textarea({"rows": 2})
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=CourseKind.choices)
    is_required = forms.BooleanField(
        label=_("Has to be taken"), required=False, help_text=_("By everybody it is meant for.")
    )
    roles = forms.MultipleChoiceField(
        label=_("Meant for these roles"), choices=Role.choices, widget=BOXES, required=False, help_text=_("None = all.")
    )
    tiers = forms.TypedMultipleChoiceField(
        label=_("Meant for teams of these tiers"),
        choices=ranks,
        coerce=int,
        widget=BOXES,
        required=False,
        help_text=_("None = all, with or without a team."),
    )
    licence = forms.ChoiceField(label=_("Certificate for"), required=False)
    valid_months = forms.IntegerField(
        label=_("Certificate holds for months"), min_value=0, max_value=120, help_text=_("0 = for good.")
    )
    pass_mark = forms.IntegerField(label=_("Pass mark, per cent"), min_value=0, max_value=100, initial=60)
    questions = forms.IntegerField(
        label=_("Questions in a try"),
        min_value=0,
        max_value=MOST_QUESTIONS,
        initial=0,
        help_text=_("Drawn by chance from the course's bank; for self-study at least one."),
    )
    retry_hours = forms.IntegerField(
        label=_("Hours before a failed try is repeated"), min_value=0, max_value=720, initial=24
    )
    content = forms.CharField(
        label=_("Content"),
        max_length=60_000,
        required=False,
        widget=forms.Textarea({"rows": 16}),
        help_text=_("A line of three hyphens begins a new page."),
    )

    def __init__(self, *args: Any, course: Course | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, licence=[("", _("Nothing: no activity takes it")), *licence_choices(today())])
        if course is not None:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        """Self-study asks something."""
        values = super().clean() or {}
        if values.get("kind") == CourseKind.SELF_STUDY and values.get("questions") == 0:
            self.add_error("questions", _("Self-study ends with at least one question."))
        return values

    def facts(self) -> CourseFacts:
        """What was typed, without the code."""
        return CourseFacts(**{name: value for name, value in self.cleaned_data.items() if name != "code"})


class QuestionForm(forms.Form):
    """A question with up to eight answers; letters say which are right."""

    kind = forms.ChoiceField(label=_("Kind"), choices=QuestionKind.choices)
    text = forms.CharField(label=_("Text of the question"), max_length=500, widget=forms.Textarea({"rows": 2}))
    right = forms.MultipleChoiceField(
        label=_("Right answers"), choices=[(str(place), letter) for place, letter in enumerate(LETTERS)], widget=BOXES
    )
    explanation = forms.CharField(
        label=_("Explanation of the answer"),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("Shown once the try is over."),
    )

    def __init__(self, *args: Any, question: Question | None = None, **kwargs: Any) -> None:
        if question is not None:
            initial = {"kind": question.kind, "text": question.text, "explanation": question.explanation}
            initial |= {"right": [str(place) for place in question.right]}
            initial |= {f"option_{place}": option for place, option in enumerate(question.options)}
            kwargs["initial"] = initial
        super().__init__(*args, **kwargs)
        for place in range(MOST_OPTIONS):
            label = _("Answer %(letter)s") % {"letter": LETTERS[place]}
            self.fields[f"option_{place}"] = forms.CharField(label=label, max_length=200, required=place < 2)
        self.order_fields(["kind", "text", *(f"option_{place}" for place in range(MOST_OPTIONS)), "right"])

    def asked(self) -> Asked:
        """The question as it was typed."""
        values = self.cleaned_data
        typed = [values.get(f"option_{place}") or "" for place in range(MOST_OPTIONS)]
        count = max((place + 1 for place, option in enumerate(typed) if option), default=0)
        right = frozenset(int(place) for place in values["right"])
        return Asked(values["kind"], values["text"], tuple(typed[:count]), right, values["explanation"])


def fault_words(faults: Iterable[str]) -> str:
    """What is wrong with a question, as one line."""
    return " ".join(str(FAULTS[fault]) for fault in faults)


def _moment(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[MINUTE])


class SessionForm(forms.Form):
    """A date of a classroom course."""

    course = forms.ModelChoiceField(
        label=_("Course"), queryset=Course.objects.none(), to_field_name="code", empty_label=None
    )
    branch = forms.ModelChoiceField(
        label=_("For the people of"),
        queryset=Branch.objects.none(),
        to_field_name="code",
        widget=LongSelect,
        empty_label=None,
        help_text=_("And of the units below."),
    )
    place = forms.CharField(label=pgettext_lazy("session", "Place"), max_length=120)
    teacher = forms.CharField(label=_("Teacher"), max_length=60)
    starts_at = _moment(pgettext_lazy("session", "Begins"))
    ends_at = _moment(pgettext_lazy("session", "Ends"))
    capacity = forms.IntegerField(label=_("Seats"), min_value=1, max_value=1_000)

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, course=queries.sessions_to_plan(), branch=queries.units_for(viewer))

    def facts(self) -> SessionFacts:
        """What was typed."""
        return SessionFacts(**self.cleaned_data)


class EnrolForm(forms.Form):
    """Whom a head enters for a date."""

    user = PersonField(
        label=_("Enter somebody"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=_("Choose")
    )

    def __init__(self, *args: Any, viewer: User, branch: Branch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = queries.trainees_for(viewer).filter(branch__path__startswith=branch.path)
        choose_from(self, user=people.select_related("branch").order_by("branch__code", "name", "pk"))


class ResultsForm(forms.Form):
    """Who was there, and what they reached: a line for each participant. `lines` are row, tick and mark."""

    def __init__(self, *args: Any, rows: Sequence[Enrolment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for row in rows:
            name = {"name": row.user.name}
            came = forms.BooleanField(
                label=_("%(name)s was there") % name, required=False, initial=row.state != "missed"
            )
            mark = forms.IntegerField(
                label=_("Mark of %(name)s, per cent") % name,
                required=False,
                min_value=0,
                max_value=100,
                initial=row.mark,
            )
            for field in (came, mark):
                field.widget.attrs["aria-label"] = str(field.label)
            self.fields[f"came_{row.user_id}"], self.fields[f"mark_{row.user_id}"] = came, mark

    def lines(self) -> list[tuple[Enrolment, forms.BoundField, forms.BoundField]]:
        """Each participant with their two fields."""
        return [(row, self[f"came_{row.user_id}"], self[f"mark_{row.user_id}"]) for row in self.rows]

    def results(self) -> dict[int, Result]:
        """What was noted, by person."""
        values = self.cleaned_data
        people = [row.user_id for row in self.rows]
        return {pk: Result(values[f"came_{pk}"], values[f"mark_{pk}"]) for pk in people}


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea({"rows": 2}))


class CheckForm(forms.Form):
    """A certificate's number, as it stands on paper."""

    number = forms.CharField(label=_("Number of the certificate"), max_length=20, required=False)

    def clean_number(self) -> str:
        """In capitals without blanks."""
        return "".join(self.cleaned_data["number"].upper().split())


class UnitForm(forms.Form):
    """Which unit's people are looked at."""

    unit = forms.ModelChoiceField(
        label=_("Unit"),
        queryset=Branch.objects.none(),
        to_field_name="code",
        required=False,
        widget=LongSelect,
        empty_label=None,
    )
    show = forms.ChoiceField(
        label=_("Show"),
        choices=[("", _("All")), ("lacking", _("Lacking a certificate")), ("expiring", _("Running out soon"))],
        required=False,
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, unit=queries.units_for(viewer))
