"""How people arranged their boards."""

from insights.enums import BoardKind
from insights.models import BoardLayout
from insights.rules.layouts import Place, read_places
from staff.models import User


def kept_places(user: User, board: BoardKind) -> list[Place]:
    """The order a person gave a kind of board; none when they never did."""
    found = BoardLayout.objects.filter(user=user, board=board).values_list("widgets", flat=True).first()
    return read_places(found)
