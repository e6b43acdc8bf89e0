"""Named choices of customers, by noun."""

from customers.enums.accounts import AccountStatus, ProductKind
from customers.enums.care import AlertKind, PromiseState, Severity
from customers.enums.consents import ConsentChannel, ConsentDecision, ConsentProof, ConsentPurpose
from customers.enums.customers import CustomerKind, IdType, Origin, Sex
from customers.enums.feeds import FeedKind, FeedStatus, RejectReason
from customers.enums.kyc import KycKind, KycNotice, KycOutcome
from customers.enums.lifecycle import Stage, StageRule
from customers.enums.merging import MergeState
from customers.enums.portfolio import HandoverRefusal, HandoverResult, HandoverState, OwnerRole
from customers.enums.profile import Occupation, PreferenceKind, PreferenceValue, Source
from customers.enums.prospects import ProspectState
from customers.enums.quality import FlagKind

__all__ = [
    "AccountStatus",
    "AlertKind",
    "ConsentChannel",
    "ConsentDecision",
    "ConsentProof",
    "ConsentPurpose",
    "CustomerKind",
    "FeedKind",
    "FeedStatus",
    "FlagKind",
    "HandoverRefusal",
    "HandoverResult",
    "HandoverState",
    "IdType",
    "KycKind",
    "KycNotice",
    "KycOutcome",
    "MergeState",
    "Occupation",
    "Origin",
    "OwnerRole",
    "PreferenceKind",
    "PreferenceValue",
    "ProductKind",
    "PromiseState",
    "ProspectState",
    "RejectReason",
    "Severity",
    "Sex",
    "Source",
    "Stage",
    "StageRule",
]
