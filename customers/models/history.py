"""Field history of the master record, written by triggers: nothing that changes a row can forget it."""

import pghistory
from django.db import models

from customers.models.customers import Customer

# What a change of is history. Pinyin, grams and blind indexes follow from these; the feed's fingerprint, the version
# and the stamps change with every write and say nothing by themselves.
TRACKED = (
    "name",
    "kind",
    "id_type",
    "id_no_cipher",
    "id_expires_on",
    "id_is_long_term",
    "id_issued_by",
    "phone_cipher",
    "email_cipher",
    "address_cipher",
    "wechat_cipher",
    "contact_name",
    "origin",
    "sex",
    "birth_date",
    "occupation",
    "employer",
    "branch",
    "manager",
    "backup",
    "opened_on",
    "risk_grade",
    "merged_into",
)

Versions = pghistory.create_event_model(
    Customer,
    pghistory.UpdateEvent(label="update", row=pghistory.Old),
    pghistory.DeleteEvent(label="delete", row=pghistory.Old),
    fields=list(TRACKED),
    obj_field=pghistory.ObjForeignKey(related_name="+", related_query_name="+", db_index=False),
    context_field=pghistory.ContextJSONField(),
    context_id_field=None,
    level=pghistory.Statement,
    model_name="BaseCustomerVersion",
)


class CustomerVersion(Versions):  # type: ignore[misc, valid-type]  # made by the call above
    """A customer's row as it was before a change; `pgh_context` says who changed it and where (core.history).

    Only the rows before: loading a million customers writes none, and what a change made of a row stands in the next
    version or in the row itself. Append-only for everybody.
    """

    class Meta:
        indexes = [models.Index(fields=["pgh_obj", "-pgh_id"], name="version_of_customer")]

    def __str__(self) -> str:
        return f"{self.pgh_obj_id} before {self.pgh_created_at}"
