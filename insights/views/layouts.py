"""How somebody arranges a board: which parts, in which order."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.clock import now
from core.errors import DomainError
from insights.enums import BoardKind
from insights.rules.layouts import Place
from insights.services import layouts
from insights.views.boards import places_of
from insights.views.links import link
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles


@require_http_methods(["GET", "HEAD", "POST"])
@roles(*BOOK_KEEPERS, *HEADS)
def board_arrange(request: HttpRequest, board: str) -> HttpResponse:
    """Choose and order the parts of a kind of board; reset to the usual one."""
    kind = _kind(request, board)
    if request.method == "POST":
        try:
            _keep(request, kind)
            return redirect(_back(request))
        except DomainError as error:
            messages.error(request, str(error))
    context = {
        "kind": kind,
        "places": places_of(request.user, kind),
        "back": _back(request),
        "page_title": _("Arrange the board"),
        "page_subtitle": _("Your own order of boards of this kind: %(kind)s") % {"kind": kind.label},
    }
    return render(request, "insights/board_arrange.html", context)


def _kind(request: HttpRequest, board: str) -> BoardKind:
    if board not in BoardKind.values:
        raise Http404
    readers = BOOK_KEEPERS if board == BoardKind.MANAGER else HEADS
    if not has_role(request.user, *readers):
        raise PermissionDenied
    return BoardKind(board)


def _keep(request: HttpRequest, kind: BoardKind) -> None:
    if "reset" in request.POST:
        layouts.reset_board(board=kind, actor=request.user, at=now())
        messages.success(request, _("The board stands as usual again."))
        return
    offered = [widget.code for widget, _is_shown in places_of(request.user, kind)]
    shown = set(request.POST.getlist("shown"))
    wanted = [code for code in dict.fromkeys(request.POST.getlist("order")) if code in offered]
    places = [Place(code, code in shown) for code in wanted]
    layouts.arrange_board(board=kind, places=places, actor=request.user, at=now())
    messages.success(request, _("The board is arranged as you wish."))


def _back(request: HttpRequest) -> str:
    """The board somebody came from."""
    url = request.POST.get("back") or request.GET.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if is_ours else link("insights:home")
