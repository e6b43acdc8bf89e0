"""What a person wants to see on a board, and in which order."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from insights.enums import BoardKind
from staff.models import User


class BoardLayout(models.Model):
    """A person's own order of a kind of board: `widgets` is a list of [code, is shown], top first.

    Without a row, and for widgets that are not on the list, the board is as it was built.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    board = models.CharField(_("board"), max_length=8, choices=BoardKind)
    widgets = models.JSONField(default=list)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "board"], name="board_layout_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.board}"
