from django.urls import path

from insights.views import calendar, history, homes, jobs, lists, pack, timeline

app_name = "insights"
urlpatterns = [
    path("", homes.home, name="home"),
    path("boards/<str:code>/", homes.branch, name="branch"),
    path("tier-history/", history.tier_history, name="tier_history"),
    path("moves/", lists.moves, name="moves"),
    path("maturities/", lists.maturities, name="maturities"),
    path("silent/", lists.silent, name="silent"),
    path("handovers/<int:pk>/pack/", pack.handover_pack, name="handover_pack"),
    path("timeline/<str:customer_no>/", timeline.timeline, name="timeline"),
    path("calendar/", calendar.working_days, name="calendar"),
    path("calendar/<str:day>/clear/", calendar.clear, name="calendar_clear"),
    path("jobs/", jobs.console, name="jobs"),
    path("jobs/liveness/", jobs.liveness, name="liveness"),
    path("jobs/nights/<str:day>/run/", jobs.run_night, name="run_night"),
    path("jobs/<int:pk>/run/", jobs.rerun_job, name="rerun_job"),
]
