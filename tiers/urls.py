from django.urls import path

from tiers import views

app_name = "tiers"
urlpatterns = [
    path("tiers/schemes/", views.scheme_list, name="schemes"),
    path("tiers/schemes/new/", views.scheme_new, name="scheme_new"),
    path("tiers/schemes/preview/", views.scheme_preview, name="scheme_preview"),
    path("tiers/schemes/<int:pk>/", views.scheme_detail, name="scheme"),
    path("tiers/schemes/<int:pk>/edit/", views.scheme_edit, name="scheme_edit"),
    path("tiers/schemes/<int:pk>/submit/", views.scheme_submit, name="scheme_submit"),
    path("tiers/schemes/<int:pk>/decide/", views.scheme_decide, name="scheme_decide"),
    path("tiers/movers/", views.mover_list, name="movers"),
    path("tiers/of/<str:customer_no>/", views.tier_of_customer, name="of_customer"),
]
