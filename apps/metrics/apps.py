from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "apps.metrics"
    label = "metrics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.metrics.live import read_live
        from apps.routing.live import read_live_with

        read_live_with(read_live)
