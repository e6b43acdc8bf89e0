"""The editors of the rules of contact rhythms and of playbooks."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.forms import VersionForm
from servicing.forms.versions import Figure, figures_kind
from servicing.queries.follow_ups import KIND as CADENCE_KIND
from servicing.queries.playbooks import KIND
from servicing.rules import cadence, playbooks
from staff.services.policies import PolicyKind, Text

SPARE = 2
# The lines of a playbook to come; no playbook's own key begins with a digit.
NEW, NEW_LINES = "0new", 6
PREVIOUS = "0previous"
DOERS = [
    (playbooks.Doer.MANAGER, _("Manager")),
    (playbooks.Doer.BACKUP, _("Backup")),
    (playbooks.Doer.HEAD, _("Branch head")),
]
LABELS: Mapping[str, Text] = {
    "amber_percent": _("Amber in the last share of the span, %"),
    "again_days": _("A contact that was skipped is proposed again after, days"),
    "review_notice_days": _("Review meetings are planned ahead, days"),
    "tier_up_days": _("Contact after a rise within, working days"),
    "tier_watch_days": _("Contact on watch within, working days"),
    "undo_minutes": _("What was just done can be taken back for, minutes"),
}
CADENCE = figures_kind(
    CADENCE_KIND,
    _("Contact rhythm"),
    _("When a contact turns amber and is planned, and what is planned beside the rhythm of each tier."),
    cadence.BUILT_IN,
    cadence.read_cadence,
    [Figure(name, LABELS[name], least, most) for name, (least, most) in cadence.FIGURES.items()],
)


class PlaybooksForm(VersionForm):
    """A version of the playbooks: lines of steps under each, spare lines for new ones, and room for one more playbook.

    A step without names is dropped, a new playbook without names is none.
    """

    template_name = "servicing/_playbooks_form.html"

    notice_days = forms.IntegerField(
        label=_("A step shows before it is due, days"), min_value=0, max_value=playbooks.MOST_NOTICE
    )
    enrol_days = forms.IntegerField(
        label=_("New customers are enrolled after opening within, days"), min_value=1, max_value=playbooks.MOST_NOTICE
    )

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        self.kind, self.given = kind, values.get("playbooks", {})
        initial = {name: values.get(name) for name in ("notice_days", "enrol_days")}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.offered = {**self.given, NEW: {"title_zh": "", "title_en": "", "steps": []}}
        for key, one in self.offered.items():
            for name in ("title_zh", "title_en"):
                label = _("Chinese name") if name == "title_zh" else _("English name")
                self.fields[f"{key}__{name}"] = forms.CharField(
                    label=label, max_length=playbooks.TITLE, initial=one[name], required=key != NEW
                )
            for number in self._lines(key):
                self._add_step(key, number)

    def _lines(self, key: str) -> range:
        return range(NEW_LINES if key == NEW else len(self.offered[key]["steps"]) + SPARE)

    def _add_step(self, key: str, number: int) -> None:
        known = self.offered[key]["steps"]
        step: Mapping[str, Any] = known[number] if number < len(known) else {}
        before = [(other["key"], _name(other)) for other in known[:number]]
        if number and number >= len(known):  # what stands above has no key yet
            before.append((PREVIOUS, _t("the step above")))
        path = f"{key}__{number}"
        texts = {"title_zh": _("Chinese name"), "title_en": _("English name")}
        for name, label in texts.items():
            self.fields[f"{path}__{name}"] = forms.CharField(
                label=label, max_length=playbooks.TITLE, required=False, initial=step.get(name, "")
            )
        self.fields[f"{path}__days"] = forms.IntegerField(
            label=_("Due after, days"),
            min_value=0,
            max_value=playbooks.MOST_DAYS,
            required=False,
            initial=step.get("days"),
        )
        self.fields[f"{path}__after"] = forms.ChoiceField(
            label=_("Waits for"),
            choices=[("", _("nothing")), *before],
            required=False,
            initial=step.get("after", ""),
        )
        self.fields[f"{path}__doer"] = forms.ChoiceField(
            label=_("Who does it"), choices=DOERS, required=False, initial=step.get("doer", playbooks.Doer.MANAGER)
        )

    def books(self) -> Iterator[dict[str, Any]]:
        """Each playbook with its name fields and its lines, at last the one to come."""
        for key in self.offered:
            yield {
                "is_new": key == NEW,
                "names": [self[f"{key}__title_zh"], self[f"{key}__title_en"]],
                "lines": [
                    [self[f"{key}__{n}__{name}"] for name in ("title_zh", "title_en", "days", "after", "doer")]
                    for n in self._lines(key)
                ],
            }

    def plain_fields(self) -> list[forms.BoundField]:
        """The fields below the lines."""
        return [self[name] for name in ("notice_days", "enrol_days", *VersionForm.base_fields)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.kind.read(self.typed_values())
            except ValueError as error:
                words = _(
                    "A playbook needs both names and a step; a step needs both names and its days, and can only wait"
                    " for a step above it."
                )
                self.add_error(None, ValidationError(words, code=str(error)))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        values = self.cleaned_data
        books = {key: self._book(key) for key in self.offered}
        added = books.pop(NEW)
        if any(added.values()):
            books[next(f"book_{n}" for n in range(1, 99) if f"book_{n}" not in books)] = added
        return {"notice_days": values["notice_days"], "enrol_days": values["enrol_days"], "playbooks": books}

    def _book(self, key: str) -> dict[str, Any]:
        titles = {name: self.cleaned_data[f"{key}__{name}"] for name in ("title_zh", "title_en")}
        return {**titles, "steps": list(self._steps(key, self.offered[key]["steps"]))}

    def _steps(self, key: str, known: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        taken, above = {step["key"] for step in known}, ""
        for number in self._lines(key):
            values = {
                name: self.cleaned_data[f"{key}__{number}__{name}"]
                for name in ("title_zh", "title_en", "days", "after", "doer")
            }
            if not values["title_zh"] and not values["title_en"]:
                continue
            if number < len(known):
                name = known[number]["key"]
            else:
                name = next(f"step_{n}" for n in range(1, 99) if f"step_{n}" not in taken)
                taken.add(name)
            after = above if values["after"] == PREVIOUS else values["after"]
            yield {"key": name, **values, "after": after, "doer": values["doer"] or playbooks.Doer.MANAGER.value}
            above = name


def _name(one: Mapping[str, Any]) -> str:
    """What a playbook or a step is called in the reader's language."""
    return str(one["title_zh"] if (get_language() or "").startswith("zh") else one["title_en"])


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {
        "notice_days": (_("A step shows before it is due, days"), str(values.get("notice_days", ""))),
        "enrol_days": (_("New customers are enrolled after opening within, days"), str(values.get("enrol_days", ""))),
    }
    doers = {str(key): word for key, word in DOERS}
    for key, one in values.get("playbooks", {}).items():
        names = {step["key"]: _name(step) for step in one["steps"]}
        for step in one["steps"]:
            waits = _t("after: %(step)s") % {"step": names[step["after"]]} if step.get("after") else ""
            words = [_t("day %(n)s") % {"n": step["days"]}, step["title_zh"], step["title_en"], waits]
            words.append(str(doers.get(step.get("doer", ""), "")))
            found[f"{key}.{step['key']}"] = (f"{_name(one)} · {names[step['key']]}", " · ".join(w for w in words if w))
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


PLAYBOOKS = PolicyKind(
    KIND,
    _("Playbooks"),
    _("Steps for a new customer and other occasions: when each is due, what it waits for, who does it."),
    playbooks.BUILT_IN,
    playbooks.read_playbooks,
    form=PlaybooksForm,
    parts=_parts,
    summary=_summary,
)
