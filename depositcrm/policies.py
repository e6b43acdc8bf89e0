"""Rules as dated data across the apps: every kind that the pages of rules offer."""

from collections.abc import Mapping

from customers.forms.policies import KINDS as OF_CUSTOMERS
from staff.services.policies import PolicyKind
from tiers.forms.catalogue import ENTITLEMENTS
from tiers.forms.standards import STANDARDS

# An app whose rules can be edited adds its kinds here.
KINDS: Mapping[str, PolicyKind] = {kind.key: kind for kind in (*OF_CUSTOMERS.values(), ENTITLEMENTS, STANDARDS)}
