from django.apps import AppConfig
from django.core.checks import register


class MetricsConfig(AppConfig):
    name = "apps.metrics"
    label = "metrics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.metrics.checks import check_retention_settings
        from apps.metrics.live import read_live
        from apps.routing.live import read_live_with

        read_live_with(read_live)
        register(check_retention_settings)
