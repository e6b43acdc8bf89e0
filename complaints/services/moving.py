"""What of this app follows a customer when two records become one. A hand-over leaves a case with its handler."""

from complaints.models import Complaint
from customers.services.merge_children import Child, Mover

MOVER = Mover("complaints", (Child(Complaint, is_record=True),))
