"""Templates drawn up and changed while they are drafts; a change of one in use is its next version (M05)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ContentState
from campaigns.models import Template
from campaigns.queries import content as queries
from campaigns.services.content import ContentNotYours, check_maker, locked, record
from core.errors import DomainError
from staff.models import User


class NameTaken(DomainError):
    """A name stands for one line of versions."""

    code = "name_taken"
    message = _("There is one of this name already; draw up its next version instead.")


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """What a template says, over which channel, and the codes of what it must say beside what is always needed."""

    name: str
    channel: str
    subject: str
    body: str
    disclosures: Sequence[str]


@transaction.atomic
def draft_template(*, facts: TemplateFacts, actor: User, at: datetime) -> Template:
    """The first version of a template, as a draft. Raises ContentNotYours, NameTaken."""
    check_maker(actor)
    _check_name(facts)
    return _drafted(facts, 1, actor, at)


@transaction.atomic
def change_template(*, template: Template, facts: TemplateFacts, actor: User, at: datetime) -> Template:
    """Change one's own draft; of a later version its name and channel stay.

    Raises ContentMovedOn, ContentNotYours, NameTaken.
    """
    row = locked(template, ContentState.DRAFT)
    if not queries.may_change(actor, row):
        raise ContentNotYours()
    if row.version == 1 and (facts.name, facts.channel) != (row.name, row.channel):
        _check_name(facts)
        row.name, row.channel = facts.name, facts.channel
    before = queries.facts_of(template)
    row.subject, row.body, row.disclosures = facts.subject, facts.body, list(facts.disclosures)
    row.save()
    after = queries.facts_of(row)
    record(row, "change", actor, at, {k: [before[k], after[k]] for k in after if before[k] != after[k]})
    return row


@transaction.atomic
def next_template(*, template: Template, actor: User, at: datetime) -> Template:
    """The next version of a template as a draft with the same words. Raises ContentNotYours."""
    check_maker(actor)
    same = Template.everything.select_for_update().filter(name=template.name, channel=template.channel)
    last = max(same.values_list("version", flat=True))
    facts = TemplateFacts(template.name, template.channel, template.subject, template.body, template.disclosures)
    return _drafted(facts, last + 1, actor, at)


def _drafted(facts: TemplateFacts, version: int, actor: User, at: datetime) -> Template:
    values = {**asdict(facts), "disclosures": list(facts.disclosures)}
    row = Template.everything.create(**values, version=version, created_by=actor, created_at=at)
    record(row, "create", actor, at, queries.facts_of(row))
    return row


def _check_name(facts: TemplateFacts) -> None:
    if Template.everything.filter(name=facts.name, channel=facts.channel).exists():
        raise NameTaken()
