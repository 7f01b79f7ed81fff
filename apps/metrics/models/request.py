"""One turn: its figures, and its text apart from them."""

from hashlib import sha256
from uuid import UUID

from django.db import models
from django.utils import timezone

#: What columns hold of names that an upstream chooses.
MODEL_LENGTH = 128
NAME_LENGTH = 64
#: Which prices a cost was computed with; several are joined by a comma.
PRICE_VERSION_LENGTH = 128


def trace_id_of(request_id: UUID) -> str:
    """The trace id that Langfuse derives from the request id as its seed: 32 hexadecimal digits."""
    return sha256(str(request_id).encode()).digest()[:16].hex()


class Status(models.TextChoices):
    STARTED = "started", "Started"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


class RequestLog(models.Model):
    """One turn. NULL means unknown: no figure was measured or reported; it never stands for zero."""

    request_id = models.UUIDField(primary_key=True, verbose_name="request id")
    session_id = models.UUIDField(verbose_name="session id")
    person_hash = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Who asked: the same for all turns of one person, and no way back to them.",
    )
    created_at = models.DateTimeField(default=timezone.now, verbose_name="time")
    finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When this row was closed, also by a sweep long after the turn."
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.STARTED)
    assigned_provider = models.CharField(max_length=64, help_text="The provider the session belongs to.")
    provider = models.CharField(max_length=64, verbose_name="served by", help_text="The provider that served.")
    route_reason = models.CharField(max_length=32, help_text="The rule that chose the provider.")
    met_open_circuit = models.BooleanField(
        default=False, db_default=False, help_text="Some provider's circuit was open when the turn was routed."
    )
    is_fallback = models.BooleanField(default=False, help_text="Another provider than the one routed to served.")
    is_overridden = models.BooleanField(
        default=False, db_default=False, help_text="Staff named a provider for it; it is left out of the evidence."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Providers' tries at this turn.")
    model = models.CharField(max_length=MODEL_LENGTH, blank=True)
    tools_used = models.JSONField(default=list, blank=True, help_text="Names of tools called, in order of first use.")
    latency_ms = models.FloatField(null=True, blank=True, verbose_name="latency, ms")
    ttft_ms = models.FloatField(
        null=True, blank=True, verbose_name="TTFT, ms", help_text="Request accepted to first text; NULL: none came."
    )
    tokens_input = models.PositiveIntegerField(null=True, blank=True)
    tokens_output = models.PositiveIntegerField(null=True, blank=True)
    tokens_cached = models.PositiveIntegerField(null=True, blank=True)
    tokens_reasoning = models.PositiveIntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True, verbose_name="cost, USD")
    price_version = models.CharField(
        max_length=PRICE_VERSION_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text="The prices that the cost was computed with.",
    )
    success = models.BooleanField(
        null=True,
        help_text="True: a whole answer. False: the turn failed. NULL: still running, or stopped by the person.",
    )
    error = models.CharField(max_length=NAME_LENGTH, blank=True, help_text="The class of what went wrong.")
    is_voice = models.BooleanField(default=False)
    intent = models.CharField(
        max_length=32,
        blank=True,
        help_text="What the question is after: research, analysis, execution, chart, education or other.",
    )
    read_as = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="What the provider that served read the question as: quote, levels, plan…",
    )
    has_risk_disclaimer = models.BooleanField(null=True)
    mentions_stop_loss = models.BooleanField(null=True)
    has_entry_exit = models.BooleanField(null=True)
    classifier_version = models.PositiveSmallIntegerField(
        null=True, help_text="The version of the rules that set the intent and the three claims."
    )
    trace_id = models.CharField(max_length=32)

    class Meta:
        db_table = "metrics_requestlog"
        default_permissions = ("view",)
        permissions = [("view_dashboards", "Can view the dashboards"), ("export_requests", "Can export figures")]
        verbose_name = "request"
        verbose_name_plural = "requests"
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["created_at"], name="metrics_request_at"),
            models.Index(fields=["provider", "created_at"], name="metrics_request_provider_at"),
            models.Index(fields=["status", "created_at"], name="metrics_request_status_at"),
            models.Index(fields=["session_id"], name="metrics_request_session"),
            models.Index(fields=["finished_at"], name="metrics_request_finished_at"),
            models.Index(fields=["person_hash", "created_at"], name="metrics_request_person_at"),
            models.Index(
                fields=["session_id"], name="metrics_request_overridden", condition=models.Q(is_overridden=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="metrics_request_success",
                condition=models.Q(status=Status.STARTED, success__isnull=True)
                | models.Q(status=Status.SUCCEEDED, success=True)
                | models.Q(status=Status.FAILED, success=False)
                | models.Q(models.Q(success__isnull=True) | models.Q(success=False), status=Status.INTERRUPTED),
            )
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.status}"


class RequestText(models.Model):
    """What was asked and answered, apart from the figures, so that it can be kept for a shorter time."""

    request = models.OneToOneField(RequestLog, on_delete=models.CASCADE, primary_key=True, related_name="text")
    query = models.TextField()
    response_text = models.TextField(blank=True)

    class Meta:
        db_table = "metrics_requesttext"
        default_permissions = ("view",)
        verbose_name = "text"

    def __str__(self) -> str:
        return f"Text of {self.request_id}"
