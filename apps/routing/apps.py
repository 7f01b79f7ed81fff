from django.apps import AppConfig
from django.core.checks import register


class RoutingConfig(AppConfig):
    name = "apps.routing"
    label = "routing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.routing.checks import check_notification_settings, check_routing_settings

        register(check_routing_settings)
        register(check_notification_settings)
