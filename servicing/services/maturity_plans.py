"""What people write at the maturity desk: who sees to a deposit, what is intended, the talk, where the money went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from servicing.enums import MaturityAim
from servicing.models import Interaction, Maturity
from servicing.queries.maturity import owners_for
from staff.models import User

SUBJECT = "servicing.maturity"


class OwnerOutOfSight(DomainError):
    """Nobody can see to a deposit of a customer they do not see."""

    code = "owner_out_of_sight"
    message = _("%(name)s does not look after this customer; share the customer first.")


class AmountNotPart(DomainError):
    """What shall stay is a part of the deposit."""

    code = "amount_not_part"
    message = _("Write how much shall stay: more than nothing and at most the deposit.")


class TalkOfAnother(DomainError):
    """The contact named was with another customer."""

    code = "talk_of_another"
    message = _("This contact was with another customer.")


class ChangedMeanwhile(DomainError):
    """Somebody else has written since the form was opened."""

    code = "changed_meanwhile"
    message = _("%(name)s has changed this meanwhile: plan “%(aim)s”, note “%(note)s”. Look again before saving.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a form says: `owner` None = the customer's manager; `aim_amount` in yuan, only of a part that stays."""

    owner: User | None
    aim: str
    aim_amount: Decimal | None
    note: str
    went: str
    talk: Interaction | None

    def values(self) -> dict[str, Any]:
        """Columns of the row."""
        part = self.aim_amount if self.aim == MaturityAim.PARTLY else None
        owner, talk = (one.pk if one else None for one in (self.owner, self.talk))
        return {
            "owner_id": owner,
            "aim": self.aim,
            "aim_amount": part,
            "note": self.note.strip(),
            "went": self.went,
            "talk_id": talk,
        }


def version_of(maturity: Maturity) -> str:
    """Stands for what a form was made from; another person's save makes it another."""
    return maturity.changed_at.astimezone(UTC).isoformat() if maturity.changed_at else ""


@transaction.atomic
def plan_maturity(
    *, maturity: Maturity, plan: Plan, held: Decimal, seen: str | None = None, actor: User, at: datetime
) -> Maturity:
    """Write what is planned; makes the row where there is none yet. `held` is the deposit in yuan, `seen` the version.

    Raises OwnerOutOfSight, AmountNotPart, TalkOfAnother, ChangedMeanwhile.
    """
    customer = maturity.customer
    row = _row(maturity)
    if seen is not None and seen != version_of(row):
        by = row.changed_by.name if row.changed_by else ""
        raise ChangedMeanwhile(name=by, aim=row.get_aim_display(), note=row.note)
    if plan.owner and plan.owner.pk != row.owner_id and not owners_for(customer).filter(pk=plan.owner.pk).exists():
        raise OwnerOutOfSight(name=plan.owner.name)
    if plan.aim == MaturityAim.PARTLY and not (plan.aim_amount and 0 < plan.aim_amount <= held):
        raise AmountNotPart()
    if plan.talk and plan.talk.customer_id != row.customer_id:
        raise TalkOfAnother()
    return _write(row, plan.values(), actor, at)


@transaction.atomic
def link_talk(*, maturity: Maturity, talk: Interaction, actor: User, at: datetime) -> Maturity:
    """Name a contact as the talk about the deposit. Raises TalkOfAnother."""
    row = _row(maturity)
    if talk.customer_id != row.customer_id:
        raise TalkOfAnother()
    return _write(row, {"talk_id": talk.pk}, actor, at)


def _row(maturity: Maturity) -> Maturity:
    """The row, locked; made now where there is none."""
    account, day = maturity.account_id, maturity.matures_on
    Maturity.everything.get_or_create(
        account_id=account, matures_on=day, defaults={"customer_id": maturity.customer_id}
    )
    return Maturity.everything.select_for_update(of=("self",)).get(account_id=account, matures_on=day)


def _write(row: Maturity, values: Mapping[str, Any], actor: User, at: datetime) -> Maturity:
    changes = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    if not changes:
        return row
    for name, (_old, value) in changes.items():
        setattr(row, name, value)
    row.changed_by, row.changed_at = actor, at
    row.save(update_fields=[*(name.removesuffix("_id") for name in changes), "changed_by", "changed_at"])
    trail.record(
        actor=actor.actor,
        action="plan",
        subject=SUBJECT,
        subject_id=row.pk,
        at=at,
        changes={"customer": row.customer_id, **{name: _told(name, pair) for name, pair in changes.items()}},
    )
    return row


def _told(name: str, pair: Sequence[Any]) -> list[Any]:
    if name == "note":  # free text may name people: that it changed is enough
        return [len(text) for text in pair]
    if name == "aim_amount":  # whoever reads the trail need not be one who sees amounts
        return [value is not None for value in pair]
    return list(pair)
