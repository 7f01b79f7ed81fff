"""The dashboards' addresses."""

from django.urls import path

from apps.metrics.dashboards import views
from apps.metrics.dashboards.book import DASHBOARDS

app_name = "dashboards"
urlpatterns = [
    path("", views.overview, name="overview"),
    *(path(f"{name}/", views.dashboard, {"name": name}, name=name) for name in DASHBOARDS),
    path("sessions/<uuid:session_id>/", views.session, name="session"),
]
