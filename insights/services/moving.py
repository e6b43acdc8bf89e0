"""What of this app follows a customer when two records become one."""

from customers.services.merge_children import Child, How, Mover
from insights.models import MonthClose, OutflowLoss, OutflowWarning

MOVER = Mover(
    "insights",
    (
        # A closed month stays as it was; readers count a dropped record's months for the one it became.
        Child(MonthClose, How.HISTORY),
        Child(OutflowWarning, is_record=True),
        Child(OutflowLoss, is_record=True),
    ),
)
