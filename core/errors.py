from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal users may read: `code` is for machines, `str(error)` for people, in the language then active."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str | Promise] = _("This is not possible.")

    def __init__(self, message: str | Promise | None = None, **params: object) -> None:
        """`params` fill the %(name)s places of the message."""
        super().__init__(*(() if message is None else (message,)))
        self.params = params

    def __str__(self) -> str:
        text = str(self.args[0] if self.args else self.message)
        return text % self.params if self.params else text


class Renamed(Exception):
    """What was asked for goes by another name now: `renamed` says which part of the address is to be read how.

    Reads are sent on to it, for as long as it is so; for writes there is nothing at the old address.
    """

    def __init__(self, **renamed: str) -> None:
        super().__init__(renamed)
        self.renamed = renamed
