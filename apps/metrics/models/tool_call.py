"""One call of a tool within a turn."""

from django.db import models

from apps.metrics.models.request import NAME_LENGTH, RequestLog

#: What the column holds of an id that an upstream chooses.
CALL_ID_LENGTH = 128


class ToolCall(models.Model):
    """One call of a tool within a turn. `arguments` may repeat words of the question: they are text, not figures.

    `call_id` is the provider's own where that attempt served; of an attempt that was given up it has a prefix.
    """

    request = models.ForeignKey(RequestLog, on_delete=models.CASCADE, related_name="tool_calls")
    call_id = models.CharField(max_length=CALL_ID_LENGTH)
    name = models.CharField(max_length=NAME_LENGTH)
    ok = models.BooleanField()
    error_code = models.CharField(max_length=NAME_LENGTH, blank=True)
    latency_ms = models.FloatField(verbose_name="latency, ms")
    arguments = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=1, help_text="The number of the attempt that called.")
    retries = models.PositiveSmallIntegerField(default=0, help_text="How often it was repeated within this call.")
    was_reused = models.BooleanField(default=False, help_text="Answered by an equal call before it, without a run.")

    class Meta:
        db_table = "metrics_toolcall"
        default_permissions = ("view",)
        ordering = ["started_at", "id"]
        indexes = [
            models.Index(fields=["name", "started_at"], name="metrics_toolcall_name_at"),
            models.Index(fields=["started_at"], name="metrics_toolcall_failed_at", condition=models.Q(ok=False)),
        ]
        constraints = [models.UniqueConstraint(fields=["request", "call_id"], name="metrics_toolcall_once")]

    def __str__(self) -> str:
        return f"{self.name} in {self.request_id}"
