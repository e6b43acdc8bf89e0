"""Writes of tiers: scheme versions and re-tiering."""

from tiers.services.retiering import NoScheme, foretell_retier, help_retier, retier
from tiers.services.schemes import (
    EDITABLE,
    BandsRefused,
    EffectiveTooEarly,
    NotBankWide,
    SchemeNotEditable,
    SchemeNotSubmitted,
    approve_scheme,
    band_words,
    draft_scheme,
    reject_scheme,
    submit_scheme,
    update_draft,
    withdraw_scheme,
)

__all__ = [
    "EDITABLE",
    "BandsRefused",
    "EffectiveTooEarly",
    "NoScheme",
    "NotBankWide",
    "SchemeNotEditable",
    "SchemeNotSubmitted",
    "approve_scheme",
    "band_words",
    "draft_scheme",
    "foretell_retier",
    "help_retier",
    "reject_scheme",
    "retier",
    "submit_scheme",
    "update_draft",
    "withdraw_scheme",
]
