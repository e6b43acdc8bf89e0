"""The command palette: pages to go to, records looked at lately, records found. Opened on every page by keys."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from insights.queries.palette import found_for, recent_for
from staff.access import EVERYONE, roles


@roles(*EVERYONE)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def palette(request: HttpRequest) -> HttpResponse:
    """The pages of the navigation; or, by POST, as what is typed may be somebody's number, what a text finds.

    Without a text the records behind `recent`, addresses the browser remembers, as far as they are in sight.
    """
    if request.method != "POST":
        return render(request, "insights/_palette_pages.html", {})
    text = request.POST.get("q", "")
    context = {
        "text": text.strip(),
        "groups": found_for(request.user, text),
        "recent": [] if text.strip() else recent_for(request.user, request.POST.get("recent", "").split()),
    }
    return render(request, "insights/_palette_found.html", context)
