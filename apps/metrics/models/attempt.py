"""One provider's try at a turn."""

from datetime import datetime, timedelta

from django.db import models

from apps.metrics.models.request import MODEL_LENGTH, NAME_LENGTH, PRICE_VERSION_LENGTH, RequestLog


class Attempt(models.Model):
    """One provider's try at a turn, in order; a turn without a fallback has one. NULL means unknown, as in the turn.

    What a cut attempt used and never reported is NULL here and missing from the turn's sums.
    """

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        INTERRUPTED = "interrupted", "Interrupted"

    request = models.ForeignKey(RequestLog, on_delete=models.CASCADE, related_name="attempt_rows")
    number = models.PositiveSmallIntegerField(help_text="1 is who tried first.")
    provider = models.CharField(max_length=64)
    model = models.CharField(max_length=MODEL_LENGTH, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome)
    error = models.CharField(max_length=NAME_LENGTH, blank=True, help_text="The class of what went wrong.")
    had_visible_text = models.BooleanField(help_text="The person saw text of it, whether or not it stayed.")
    started_at = models.DateTimeField()
    latency_ms = models.FloatField(verbose_name="latency, ms")
    ttft_ms = models.FloatField(
        null=True, verbose_name="TTFT, ms", help_text="This attempt's start to its first text; NULL: none came."
    )
    tokens_input = models.PositiveIntegerField(null=True)
    tokens_output = models.PositiveIntegerField(null=True)
    tokens_cached = models.PositiveIntegerField(null=True)
    tokens_reasoning = models.PositiveIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, verbose_name="cost, USD")
    price_version = models.CharField(max_length=PRICE_VERSION_LENGTH, blank=True, default="", db_default="")

    class Meta:
        db_table = "metrics_attempt"
        default_permissions = ("view",)
        ordering = ["request", "number"]
        indexes = [models.Index(fields=["provider", "started_at"], name="metrics_attempt_provider_at")]
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="metrics_attempt_once")]

    def __str__(self) -> str:
        return f"{self.number}. {self.provider} {self.outcome}"

    @property
    def ended_at(self) -> datetime:
        return self.started_at + timedelta(milliseconds=self.latency_ms)
