"""Rules as dated data across the apps: every kind that the pages of rules offer."""

from collections.abc import Mapping

from campaigns.forms.win_back import WIN_BACK
from campaigns.forms.words import CAMPAIGN_WORDS
from complaints.forms.choices import COMPLAINT_CHOICES
from complaints.forms.clocks import CLOCKS
from complaints.forms.decisions import COMPLAINT_LETTER
from complaints.forms.limits import COMPLAINT_LIMITS
from customers.forms.policies import KINDS as OF_CUSTOMERS
from insights.forms.definitions import DEFINITIONS
from insights.forms.outflow import OUTFLOW
from insights.forms.supervision_rules import SUPERVISION
from insights.forms.workload import WORKLOAD
from servicing.forms.choices import CONTACT_CHOICES, COUNTER_CARD, REFERRAL_POINTS
from servicing.forms.feedback import FEEDBACK
from servicing.forms.fraud import FRAUD_PROMPT
from servicing.forms.maturity import MATURITY
from servicing.forms.permission import CONTACT_HOURS
from servicing.forms.playbooks import CADENCE, PLAYBOOKS
from servicing.forms.products import PRODUCT_RULES
from servicing.forms.rates import RATE_SHEET
from servicing.forms.surveys import SURVEYS
from servicing.forms.today import TODAY
from staff.forms.licences import LICENCES
from staff.services.policies import PolicyKind
from tiers.forms.catalogue import ENTITLEMENTS
from tiers.forms.standards import STANDARDS

# An app whose rules can be edited adds its kinds here.
OF_CONTACTS = (CONTACT_CHOICES, COUNTER_CARD, REFERRAL_POINTS, FRAUD_PROMPT)
KINDS: Mapping[str, PolicyKind] = {
    kind.key: kind
    for kind in (
        *OF_CUSTOMERS.values(),
        CADENCE,
        PLAYBOOKS,
        MATURITY,
        PRODUCT_RULES,
        RATE_SHEET,
        ENTITLEMENTS,
        STANDARDS,
        *OF_CONTACTS,
        TODAY,
        CONTACT_HOURS,
        FEEDBACK,
        SURVEYS,
        CLOCKS,
        COMPLAINT_CHOICES,
        COMPLAINT_LETTER,
        COMPLAINT_LIMITS,
        CAMPAIGN_WORDS,
        WIN_BACK,
        WORKLOAD,
        LICENCES,
        OUTFLOW,
        SUPERVISION,
        DEFINITIONS,
    )
}
