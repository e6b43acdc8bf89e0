"""Routes of complaints."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import StringConverter

from complaints.views import (
    actions,
    boards,
    cases,
    clocks,
    decisions,
    evidence,
    inbox,
    intake,
    problems,
    public,
    reviews,
    several,
    statistics,
)


class CaseNumber(StringConverter):
    """A case's number, which no other address here begins like."""

    regex = "TS[0-9A-Za-z-]{1,18}"


register_converter(CaseNumber, "case")
app_name = "complaints"

urlpatterns: list[URLPattern] = [
    path("complaints/", inbox.inbox, name="inbox"),
    path("complaints/export/", inbox.export, name="inbox_export"),
    path("complaints/assign/", several.assign, name="assign_several"),
    path("complaints/board/", boards.board, name="board"),
    path("complaints/board/lane/<str:state>/", boards.board_lane, name="board_lane"),
    path("complaints/board/<case:number>/<str:move>/", boards.board_move, name="board_move"),
    path("complaints/statistics/", statistics.statistics, name="statistics"),
    path("complaints/statistics/file/", statistics.statistics_file, name="statistics_file"),
    path("complaints/<case:number>/", cases.detail, name="detail"),
    path("complaints/<case:number>/account/", cases.account, name="account"),
    path("complaints/<case:number>/history/", cases.history, name="history"),
    path("complaints/<case:number>/step/<str:step>/", cases.step, name="step"),
    path("complaints/<case:number>/clocks/", clocks.clocks, name="clocks"),
    path("complaints/<case:number>/clocks/<str:step>/", clocks.clocks_step, name="clocks_step"),
    path("complaints/<case:number>/more-time/<int:pk>/<str:step>/", clocks.extension_step, name="extension_step"),
    path("complaints/reviews/", reviews.review_list, name="reviews"),
    path("complaints/<case:number>/decision/", decisions.decision, name="decision"),
    path("complaints/<case:number>/decision/<str:step>/", decisions.decision_step, name="decision_step"),
    path("complaints/<case:number>/letter/", decisions.letter, name="letter"),
    path("complaints/<case:number>/letter.pdf", decisions.letter_pdf, name="letter_pdf"),
    path("complaints/<case:number>/review/<str:step>/", reviews.review_step, name="review_step"),
    path("complaints/new/", intake.register, name="register"),
    path("complaints/new/<str:customer_no>/", intake.new, name="new"),
    path("complaints/alike/", intake.alike, name="alike"),
    path("complaints/<case:number>/same/", intake.same, name="same"),
    path("complaints/of/<str:customer_no>/", intake.of_customer, name="of_customer"),
    path("complain/", public.public, name="public"),
    path("complain/<str:token>/", public.public_done, name="public_done"),
    path("complaints/<case:number>/evidence/", evidence.evidence, name="evidence"),
    path("complaints/<case:number>/evidence/<int:pk>/", evidence.evidence_file, name="evidence_file"),
    path("complaints/<case:number>/evidence/<int:pk>/remove/", evidence.evidence_remove, name="evidence_remove"),
    path("complaints/<case:number>/pack/", evidence.case_pack, name="pack"),
    path("complaints/<case:number>/cause/", actions.cause, name="cause"),
    path("complaints/<case:number>/actions/", actions.actions, name="actions"),
    path("complaints/actions/", actions.action_list, name="action_list"),
    path("complaints/actions/<int:pk>/", actions.action, name="action"),
    path("complaints/problems/", problems.problem_list, name="problems"),
    path("complaints/problems/<int:pk>/", problems.problem, name="problem"),
    path("complaints/problems/<int:pk>/actions/", problems.problem_action, name="problem_action"),
]
