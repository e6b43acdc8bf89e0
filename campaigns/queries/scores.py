"""What the model in use says of customers: the chance that a call is welcome, and why. Without one, nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from campaigns.enums import ModelState
from campaigns.models import TrainedModel
from campaigns.queries.features import Asked, facts_of
from campaigns.rules.call_facts import COLUMNS, Facts, Reason, columns_of, reasons
from campaigns.rules.learning import Scorer, chance, scorer
from tiers.queries import bands_for_display, tier_name

# Digits of a chance: more would be a precision nobody has.
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Explained:
    """The chance that a customer agrees, 0 to 1, and what speaks for and against, the strongest first."""

    chance: float
    pros: list[Reason]
    cons: list[Reason]
    model: TrainedModel


def model_in_use() -> TrainedModel | None:
    """The model that ranks calls today; one that knows other columns than the product does is none."""
    found = TrainedModel.objects.filter(state=ModelState.ACTIVE).first()
    return found if found is not None and fits(found) else None


def fits(model: TrainedModel) -> bool:
    """Whether a model was trained on the columns there are now."""
    return list(model.features) == list(COLUMNS)


def scores_for(customer_ids: Collection[int], day: date) -> dict[int, float]:
    """The chance of each customer to agree when called on `day`, 0 to 1; {} without a model in use."""
    model = model_in_use()
    if model is None:
        return {}
    asks = scorer(model.kind, model.weights)
    facts = facts_of([Asked(key, key, day) for key in dict.fromkeys(customer_ids)])
    return {key: round(_chance(asks, one), _DIGITS) for key, one in facts.items()}


def _chance(asks: Scorer, facts: Facts) -> float:
    return chance(asks.log_odds(columns_of(facts)))


def explained(customer_id: int, day: date) -> Explained | None:
    """Why the model gives a customer the chance it does on `day`; None without a model in use."""
    model = model_in_use()
    if model is None:
        return None
    return explain(model, [customer_id], day).get(customer_id)


def explain(model: TrainedModel, customer_ids: Sequence[int], day: date) -> dict[int, Explained]:
    """The same for several customers and any model that fits."""
    asks, bands = scorer(model.kind, model.weights), bands_for_display(day)
    names = {band.rank: tier_name(band.rank, bands) for band in bands}
    facts = facts_of([Asked(key, key, day) for key in customer_ids])
    found = {}
    for key, one in facts.items():
        row = columns_of(one)
        pros, cons = reasons(one, asks.effects(row), model.weights["means"], names)
        found[key] = Explained(round(_chance(asks, one), _DIGITS), pros, cons, model)
    return found
