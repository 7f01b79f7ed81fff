from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "apps.sandbox"
    label = "sandbox"

    def ready(self) -> None:
        from apps.sandbox import checks  # noqa: F401  registers them
