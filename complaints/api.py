"""The API of complaints: cases in sight, registering one, and the moves of the one table."""

from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from complaints.enums import Move
from complaints.filters.inbox import INBOX
from complaints.models import Complaint
from complaints.queries import cases as queries
from complaints.queries.intake import colleagues_named
from complaints.serializers import cases as shapes
from complaints.services import cases, decisions
from complaints.services.decisions import Proposal
from complaints.services.intake import register_complaint
from core.api import ApiMixin
from core.clock import now
from customers.models import Customer
from staff.models import Branch, User

# What each move takes, and what makes it.
TAKES: Final[dict[str, type[serializers.Serializer[Any]]]] = {
    Move.ACCEPT: shapes.AcceptSerializer,
    Move.INVESTIGATE: shapes.NoteSerializer,
    Move.PROPOSE: shapes.ProposeSerializer,
    Move.SEND_BACK: shapes.ReasonSerializer,
    Move.ANSWER: shapes.AnswerSerializer,
    Move.CLOSE: shapes.CloseSerializer,
    Move.WITHDRAW: shapes.ReasonSerializer,
    Move.REOPEN: shapes.ReasonSerializer,
}
MAKES: Final[dict[str, Callable[..., object]]] = {
    Move.ACCEPT: cases.accept,
    Move.INVESTIGATE: cases.investigate,
    Move.PROPOSE: decisions.propose,
    Move.SEND_BACK: decisions.send_back,
    Move.ANSWER: decisions.answer,
    Move.CLOSE: decisions.close,
    Move.WITHDRAW: cases.withdraw,
    Move.REOPEN: cases.reopen,
}


class ComplaintViewSet(ApiMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Complaint]):
    """Cases in sight; nobody sees one they are kept away from. The list shows those to be decided; `state=all` all."""

    scope = "complaints"
    listing = INBOX
    serializer_class = shapes.ComplaintSerializer
    lookup_field = "number"
    lookup_value_regex = "TS[0-9A-Za-z-]{1,18}"
    queryset = Complaint.objects.none()

    def get_queryset(self) -> QuerySet[Complaint]:
        return queries.cases_of(self.request.user)

    @extend_schema(request=shapes.NewComplaintSerializer, responses={201: shapes.ComplaintSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Register a complaint. A customer or unit out of reach is 404, as one that does not exist."""
        form = shapes.NewComplaintSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = dict(form.validated_data)
        number, code, same = values.pop("customer_no"), values.pop("branch_code"), values.pop("same_as")
        visible = Customer.objects.visible_to(request.user).select_related("branch", "position")
        customer = get_object_or_404(visible, customer_no=number) if number else None
        branch = get_object_or_404(Branch, code=code) if code else (customer or request.user).branch
        made = register_complaint(
            actor=request.user,
            customer=customer,
            branch=branch,
            named=_colleagues(values.pop("named")),
            same_as=get_object_or_404(self.get_queryset(), number=same) if same else None,
            at=now(),
            **values,
        )
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="complaints_move",
        request=shapes.NoteSerializer,
        responses=shapes.ComplaintSerializer,
        parameters=[OpenApiParameter("move", str, OpenApiParameter.PATH, enum=list(TAKES))],
    )
    @action(detail=True, methods=["post"], url_path="(?P<move>[a-z_]{1,12})")
    def move(self, request: Request, number: str, move: str) -> Response:
        """Take a move: accept, investigate, propose, send_back, answer, close, withdraw or reopen.

        accept takes `handler_no` and `note`; propose `finding`, `facts`, `words`, `remedy`, `amount`; send_back,
        withdraw and reopen `note`; answer `version` and `delivery`; close `cause` and `note`. One the case's state
        does not allow is refused with the code `complaint_state`.
        """
        case = get_object_or_404(self.get_queryset(), number=number)
        if move not in TAKES:
            raise Http404
        form = TAKES[move](data=request.data)
        form.is_valid(raise_exception=True)
        MAKES[move](complaint=case, actor=request.user, at=now(), **_values(case, move, form.validated_data))
        return self._answer(case)

    def _answer(self, case: Complaint, code: int = status.HTTP_200_OK) -> Response:
        """The case as it stands now; only its number for whoever is kept away from it."""
        seen = self.get_queryset().filter(pk=case.pk).first()
        shown = self.get_serializer(seen).data if seen else {"number": case.number}
        return Response(shown, status=code)


def _colleagues(numbers: list[str]) -> tuple[User, ...]:
    found = colleagues_named(",".join(numbers))
    if found.unknown:
        raise serializers.ValidationError({"named": [f"Unknown: {', '.join(found.unknown)}."]})
    return found.people


def _values(case: Complaint, move: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a service wants of what was sent."""
    if move == Move.PROPOSE:
        return {"proposal": Proposal(**given)}
    if move == Move.ACCEPT:
        number, people = given.pop("handler_no"), queries.handlers_for(case)
        return {**given, "handler": get_object_or_404(people, staff_no=number) if number else None}
    return given
