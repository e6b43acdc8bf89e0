"""The editors of the rules of contact rhythms and of playbooks."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from servicing.forms.versions import Figure, VersionForm, figures_kind
from servicing.queries.follow_ups import KIND as CADENCE_KIND
from servicing.queries.playbooks import KIND
from servicing.rules import cadence, playbooks
from staff.services.policies import PolicyKind, Text

SPARE = 2
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
    """A version of the playbooks: lines of steps under each, and spare lines for new ones; an empty title drops one."""

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
        for key, one in self.given.items():
            for name in ("title_zh", "title_en"):
                label = _("Chinese name") if name == "title_zh" else _("English name")
                self.fields[f"{key}__{name}"] = forms.CharField(
                    label=label, max_length=playbooks.TITLE, initial=one[name]
                )
            for number, step in enumerate([*one["steps"], *({} for _n in range(SPARE))]):
                self._add_step(f"{key}__{number}", step, one["steps"][:number])

    def _add_step(self, path: str, step: Mapping[str, Any], earlier: list[Mapping[str, Any]]) -> None:
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
            choices=[("", _("nothing")), *((other["key"], _name(other)) for other in earlier)],
            required=False,
            initial=step.get("after", ""),
        )
        self.fields[f"{path}__doer"] = forms.ChoiceField(
            label=_("Who does it"), choices=DOERS, required=False, initial=step.get("doer", playbooks.Doer.MANAGER)
        )

    def books(self) -> Iterator[dict[str, Any]]:
        """Each playbook with its name fields and its lines."""
        for key, one in self.given.items():
            lines = range(len(one["steps"]) + SPARE)
            yield {
                "names": [self[f"{key}__title_zh"], self[f"{key}__title_en"]],
                "lines": [
                    [self[f"{key}__{n}__{name}"] for name in ("title_zh", "title_en", "days", "after", "doer")]
                    for n in lines
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
                words = _("A step needs both names and its days, and can only wait for a step above it.")
                self.add_error(None, ValidationError(words, code=str(error)))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        values = self.cleaned_data
        return {
            "notice_days": values["notice_days"],
            "enrol_days": values["enrol_days"],
            "playbooks": {
                key: {
                    "title_zh": values[f"{key}__title_zh"],
                    "title_en": values[f"{key}__title_en"],
                    "steps": list(self._steps(key, one["steps"])),
                }
                for key, one in self.given.items()
            },
        }

    def _steps(self, key: str, known: list[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        taken = {step["key"] for step in known}
        for number in range(len(known) + SPARE):
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
            yield {"key": name, **values, "doer": values["doer"] or playbooks.Doer.MANAGER.value}


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
