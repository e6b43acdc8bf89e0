"""The API of campaigns: those in sight, drawing one up, and its outreach with what is reported of it."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.enums import Receipt
from campaigns.filters.campaigns import CAMPAIGNS
from campaigns.filters.outreach import OUTREACH
from campaigns.models import Article, Campaign, Offer, Outreach, Segment, Template
from campaigns.queries import campaigns as queries
from campaigns.queries.outreach import recipients_for
from campaigns.rules.campaigns import is_by_call
from campaigns.rules.sending import key_of
from campaigns.serializers import campaigns as shapes
from campaigns.services.drafts import CampaignFacts, draft_campaign
from campaigns.services.receipts import Report, record_receipts
from core.api import ApiMixin
from core.clock import now
from customers.enums import ConsentChannel
from staff.models import User

OF_CAMPAIGN = [OpenApiParameter("campaign", int, OpenApiParameter.PATH)]


class CampaignViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Campaign]):
    """Campaigns that concern the caller. Approvals and launches are decided by people, on the pages."""

    scope = "campaigns"
    listing = CAMPAIGNS
    serializer_class = shapes.CampaignSerializer
    queryset = Campaign.objects.none()

    def get_queryset(self) -> QuerySet[Campaign]:
        return queries.campaigns_of(self.request.user)

    @extend_schema(request=shapes.NewCampaignSerializer, responses={201: shapes.CampaignSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Draw a campaign up as a draft. What is out of reach is 404, as if it did not exist."""
        form = shapes.NewCampaignSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = draft_campaign(facts=_facts(request.user, form.validated_data), actor=request.user, at=now())
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)


def _facts(user: User, given: dict[str, Any]) -> CampaignFacts:
    values, code = dict(given), given["branch_code"]
    del values["branch_code"]
    units = queries.units_for(user)
    values["branch"] = get_object_or_404(units, code=code) if code else get_object_or_404(units, pk=user.branch_id)
    values["segment"] = get_object_or_404(Segment.objects.visible_to(user).live(), pk=values["segment"])
    if values["template"] is not None:
        in_use = Template.objects.visible_to(user).in_use()
        values["template"] = get_object_or_404(in_use, pk=values["template"])
    if values["offer"] is not None:
        values["offer"] = get_object_or_404(Offer.objects.visible_to(user).in_use(), pk=values["offer"])
    if values["article"] is not None:
        values["article"] = get_object_or_404(Article.objects.visible_to(user).in_use(), pk=values["article"])
    if is_by_call(values["kind"]):
        values["channel"] = ConsentChannel.PHONE
    return CampaignFacts(**values, of_book=values["segment"].of_book)


class OutreachViewSet(ApiMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Outreach]):
    """Contacts of one campaign among the caller's customers."""

    scope = "campaigns"
    listing = OUTREACH
    serializer_class = shapes.OutreachSerializer
    queryset = Outreach.objects.none()

    def get_queryset(self) -> QuerySet[Outreach]:
        number = str(self.kwargs.get("campaign", ""))
        known = queries.campaigns_of(self.request.user)
        campaign = get_object_or_404(known, pk=number if number.isdecimal() and len(number) < 19 else 0)
        return recipients_for(self.request.user).filter(campaign=campaign)

    @extend_schema(parameters=OF_CAMPAIGN)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Contacts by their number; filters as on the page."""
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=OF_CAMPAIGN, request=shapes.ReceiptSerializer, responses={201: shapes.OutreachSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Report what became of a contact that left: delivered, undelivered, read or replied.

        A receipt replaces only one that says less; what was perhaps sent counts as sent from then on.
        """
        rows = self.get_queryset()
        form = shapes.ReceiptSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        row = get_object_or_404(rows, pk=form.validated_data["outreach"])
        report = Report(key_of(row.pk, row.created_at), Receipt(form.validated_data["receipt"]))
        record_receipts(reports=[report], at=now(), actor=request.user.actor)
        return Response(self.get_serializer(rows.get(pk=row.pk)).data, status=status.HTTP_201_CREATED)
