from django.apps import AppConfig
from django.core.checks import register


class ProvidersConfig(AppConfig):
    name = "apps.providers"
    label = "providers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from apps.providers.checks import check_label_settings

        register(check_label_settings)
