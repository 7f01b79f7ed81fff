from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "apps.tracing"
    label = "tracing"

    def ready(self) -> None:
        from apps.tracing import checks, report_checks, sentry  # noqa: F401  registers the checks

        sentry.start()
