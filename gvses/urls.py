"""The address book of the site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from apps.chat.accounts import AdoptingLoginView, staff_login
from apps.core import health
from apps.tracing.views import metrics

urlpatterns = [
    path("accounts/login/", AdoptingLoginView.as_view(), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password_change/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password_change/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("admin/login/", staff_login),
    path("admin/", admin.site.urls),
    path("dashboards/", include("apps.metrics.dashboards.urls")),
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("metrics", metrics),
    path("", include("apps.chat.urls")),
]
handler400 = "apps.chat.errors.bad_request"
handler403 = "apps.chat.errors.permission_denied"
handler404 = "apps.chat.errors.not_found"
