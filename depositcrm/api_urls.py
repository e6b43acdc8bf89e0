"""The HTTP API: one router over the apps' viewsets, its schema, and a page that explains it offline."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.http import require_GET
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from campaigns.api import CampaignViewSet, OutreachViewSet
from complaints.api import ComplaintViewSet
from customers.api import ConsentViewSet, FeedViewSet
from depositcrm.api_customers import NamedCustomerViewSet
from insights.api import CustomerTimelineView, KpiViewSet
from servicing.api.contacts import InteractionViewSet
from servicing.api.follow_ups import FollowUpViewSet
from servicing.api.referrals import ReferralViewSet
from staff.access import EVERYONE, roles
from tiers.api import CustomerTiersView, TierViewSet
from tiers.views.lookup import LookupView


class BearerScheme(OpenApiAuthenticationExtension):
    """How the schema speaks of interface tokens; drf-spectacular finds it by its base class."""

    target_class = "staff.tokens.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


router = SimpleRouter()
router.register("customers", NamedCustomerViewSet, basename="customers")
router.register("feeds", FeedViewSet, basename="feeds")
router.register("tiers", TierViewSet, basename="tiers")
router.register("consents", ConsentViewSet, basename="consents")
router.register("follow-ups", FollowUpViewSet, basename="follow-ups")
router.register("referrals", ReferralViewSet, basename="referrals")
router.register("complaints", ComplaintViewSet, basename="complaints")
router.register("campaigns", CampaignViewSet, basename="campaigns")
router.register(r"campaigns/(?P<campaign>[0-9]{1,18})/outreach", OutreachViewSet, basename="campaigns-outreach")
router.register("kpis", KpiViewSet, basename="kpis")
router.register("interactions", InteractionViewSet, basename="interactions")


@roles(*EVERYONE)
@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """The schema made readable; everything it loads comes from this server."""
    return render(request, "core/api_docs.html")


urlpatterns = [
    # What apps above customers know of one; their address is the customer's.
    path("v1/customers/<str:customer_no>/tiers/", CustomerTiersView.as_view(), name="customers-tiers"),
    path("v1/customers/<str:customer_no>/timeline/", CustomerTimelineView.as_view(), name="customers-timeline"),
    path("v1/tiers/lookup/", LookupView.as_view(), name="tiers-lookup"),
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", docs, name="api_docs"),
]
