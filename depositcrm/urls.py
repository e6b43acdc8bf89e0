"""Every address of the product."""

from allauth.account import views as account
from django.urls import include, path

from core import gallery
from depositcrm import api_urls, health
from staff.access import EVERYONE, roles
from staff.views import people as staff

handler400 = "core.middleware.bad_request"
handler403 = "core.middleware.forbidden"
handler404 = "core.middleware.not_found"
handler500 = "core.middleware.server_error"

# Of allauth only what a bank needs: no sign-up, no mail, no password reset by oneself.
ACCOUNTS = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("2fa/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
HEALTH = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("metrics", health.metrics, name="metrics"),
]
APPS = ["insights", "customers", "tiers", "servicing", "complaints", "campaigns", "staff"]
urlpatterns = [
    path("accounts/", include(ACCOUNTS)),
    path("language/", staff.switch_language, name="set_language"),
    path("gallery/", roles(*EVERYONE)(gallery.gallery), name="gallery"),
    path("api/", include(api_urls)),
    *HEALTH,
    *(path("", include(f"{app}.urls")) for app in APPS),
]
