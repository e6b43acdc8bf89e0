from django.urls import path

from staff import views

app_name = "staff"
urlpatterns = [
    path("people/", views.user_list, name="users"),
    path("people/new/", views.user_create, name="user_create"),
    path("people/<str:staff_no>/", views.user_edit, name="user_edit"),
    path("people/<str:staff_no>/password/", views.user_password, name="user_password"),
    path("tokens/", views.token_list, name="tokens"),
    path("tokens/<int:token_id>/revoke/", views.token_revoke, name="token_revoke"),
    path("trail/", views.trail_list, name="trail"),
    path("profile/", views.profile, name="profile"),
]
