"""Alerts: the rules that people set, where each stands between two looks, and what has fired with its figures."""

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from apps.metrics.models.request import MODEL_LENGTH

SENTENCE_LENGTH = 500


class Measure(models.TextChoices):
    """What a rule looks at."""

    TTFT_P95 = "ttft_p95", "Time to first text, p95"
    LATENCY_P95 = "latency_p95", "Time to the whole answer, p95"
    BACKEND_ERRORS = "backend_errors", "Tries that a backend failed"
    VISIBLE_ERRORS = "visible_errors", "Turns that failed for people"
    COST = "cost", "Cost"
    COST_UNKNOWN = "cost_unknown", "Turns of unknown cost"
    MODEL_END = "model_end", "Days until a model is shut down"


class About(models.TextChoices):
    """What has a figure, and an alert, of its own."""

    EVERYTHING = "everything", "Everything together"
    EACH_PROVIDER = "each_provider", "Each provider"
    EACH_PERSON = "each_person", "Each person"
    EACH_MODEL = "each_model", "Each model"


class Channel(models.TextChoices):
    ANY = "", "Text and voice"
    TEXT = "text", "Text"
    VOICE = "voice", "Voice"


class AlertRule(models.Model):
    """One limit. Its unit is the measure's: milliseconds, per cent, US dollars, days."""

    name = models.CharField(max_length=80, unique=True)
    is_on = models.BooleanField("on", default=True)
    measure = models.CharField(max_length=32, choices=Measure)
    about = models.CharField(max_length=16, choices=About, default=About.EVERYTHING)
    provider = models.CharField(max_length=64, blank=True, help_text="Only what this provider did; empty for any.")
    channel = models.CharField(max_length=8, choices=Channel, blank=True, default=Channel.ANY)
    threshold = models.FloatField("fires beyond")
    clear_at = models.FloatField("clears at", help_text="On the good side of the limit, so that it does not flap.")
    window_minutes = models.PositiveIntegerField(
        "window, minutes", default=15, validators=[MinValueValidator(5), MaxValueValidator(10_080)]
    )
    min_samples = models.PositiveIntegerField("at least so many", default=20, validators=[MinValueValidator(1)])
    looks_to_fire = models.PositiveSmallIntegerField(
        "looks before it fires", default=3, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    looks_to_clear = models.PositiveSmallIntegerField(
        "looks before it clears", default=5, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    silent_until = models.DateTimeField(null=True, blank=True)
    silent_why = models.CharField(max_length=200, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_by = models.CharField(max_length=150, blank=True, help_text="Who set it last; empty: as shipped.")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "metrics_alertrule"
        verbose_name = "alert rule"
        ordering = ["measure", "name"]
        constraints = [
            models.CheckConstraint(
                name="metrics_alertrule_bounds",
                condition=models.Q(min_samples__gte=1, looks_to_fire__gte=1, looks_to_clear__gte=1)
                & models.Q(window_minutes__gte=5, window_minutes__lte=10_080),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_silent(self, now: datetime) -> bool:
        return self.silent_until is not None and now < self.silent_until


class Alert(models.Model):
    """One firing, from its first look beyond the limit to its end. It keeps the rule as it was then."""

    class End(models.TextChoices):
        CLEARED = "cleared", "Back within the limit"
        NO_DATA = "no_data", "Nothing to measure any more"
        RULE_CHANGED = "rule_changed", "The rule was changed"
        SWITCHED_OFF = "switched_off", "The rule was switched off"

    rule = models.ForeignKey(AlertRule, on_delete=models.SET_NULL, null=True, related_name="alerts")
    rule_name = models.CharField(max_length=80)
    measure = models.CharField(max_length=32, choices=Measure)
    about = models.CharField(max_length=16, choices=About)
    #: A provider, a person's hash, a model; empty for everything together.
    subject = models.CharField(max_length=MODEL_LENGTH, blank=True)
    provider = models.CharField(max_length=64, blank=True)
    channel = models.CharField(max_length=8, choices=Channel, blank=True)
    threshold = models.FloatField()
    clear_at = models.FloatField()
    window_minutes = models.PositiveIntegerField()
    high_since = models.DateTimeField(help_text="The first of the looks that led to it.")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=16, choices=End, blank=True)
    value = models.FloatField(help_text="As it fired.")
    n = models.PositiveIntegerField()
    last_value = models.FloatField()
    last_n = models.PositiveIntegerField()
    last_at = models.DateTimeField(help_text="When there was last enough to measure.")
    worst_value = models.FloatField()
    worst_at = models.DateTimeField()
    why = models.CharField(max_length=SENTENCE_LENGTH)
    relapses = models.PositiveSmallIntegerField(default=0, help_text="How often it had fired shortly before.")
    told_at = models.DateTimeField(null=True, help_text="When a message of it was written; empty: silent so far.")
    told_end_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "metrics_alert"
        default_permissions = ("view",)
        ordering = ["-began_at", "-id"]
        indexes = [models.Index(fields=["began_at"], name="metrics_alert_began")]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject"], condition=models.Q(ended_at__isnull=True), name="metrics_alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule_name}: {self.get_ended_how_display() or 'firing'}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class AlertReading(models.Model):
    """One figure of an alert while it was open; the longer it lasts, the fewer are kept."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="readings")
    at = models.DateTimeField()
    value = models.FloatField()
    n = models.PositiveIntegerField()

    class Meta:
        db_table = "metrics_alertreading"
        default_permissions = ()
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.value:g} of {self.n}"


class AlertState(models.Model):
    """Where a rule stands with one subject, between two looks. No row: within the limit, and nothing to remember."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="states")
    subject = models.CharField(max_length=MODEL_LENGTH, blank=True)
    phase = models.CharField(max_length=16)
    looks = models.PositiveSmallIntegerField(default=0)
    relapses = models.PositiveSmallIntegerField(default=0)
    high_since = models.DateTimeField(null=True)
    unseen_since = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField()

    class Meta:
        db_table = "metrics_alertstate"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["rule", "subject"], name="metrics_alertstate_once")]

    def __str__(self) -> str:
        return f"{self.subject or 'everything'} {self.phase}"
