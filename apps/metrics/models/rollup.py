"""Sums of closed turns by hour, day and week, so that a dashboard reads thousands of rows instead of millions.

Everything here can be built again from the log, as long as the log has it. A turn belongs to the hour, in UTC, in which
it began. Times are kept as histograms (`apps/metrics/rollups/histogram.py`), which can be merged; percentiles cannot.

The same turns stand in several rows: once in a fine row, which has every dimension, and once in a row of each margin,
which has fewer and is "" or false in the others. Fewer rows are read that way. There is no `objects`: whoever reads
says which of them, by `fine` or by `margin_for`, and adds no turn up twice.
"""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.db import models

from apps.metrics.models.request import MODEL_LENGTH, NAME_LENGTH


class Grain(models.TextChoices):
    """How long a row lasts. A week begins on Monday; each grain is summed from the one before it."""

    HOUR = "hour", "Hour"
    DAY = "day", "Day"
    WEEK = "week", "Week"


#: The margin of rows that have every dimension.
FINE = ""


class FineRows(models.Manager[Any]):
    """The rows that have every dimension."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(margin=FINE)


class Rollup(models.Model):
    """`MARGINS` are the dimensions that each margin has, the margin with the fewest rows first."""

    DIMENSIONS: ClassVar[tuple[str, ...]]
    MARGINS: ClassVar[Mapping[str, tuple[str, ...]]]
    SUMS: ClassVar[tuple[str, ...]]
    HISTOGRAMS: ClassVar[tuple[str, ...]]
    COUNTS: ClassVar[tuple[str, ...]]

    grain = models.CharField(max_length=4, choices=Grain)
    margin = models.CharField(max_length=8, default=FINE, help_text="Which dimensions it has; empty where all.")
    start = models.DateTimeField(help_text="When it begins, UTC.")

    #: Every turn several times: to replace and to drop rows, never to add them up.
    every = models.Manager()
    fine = FineRows()

    class Meta:
        abstract = True
        default_permissions = ()

    @classmethod
    def margin_for(cls, dimensions: Collection[str]) -> models.QuerySet[Any]:
        """The fewest rows that have these dimensions and every turn once."""
        kept = (name for name, has in cls.MARGINS.items() if set(dimensions) <= set(has))
        return cls.every.filter(margin=next(kept, FINE))


class TurnRollup(Rollup):
    """Closed turns of one grain that are alike. Every column that is no dimension adds up."""

    DIMENSIONS: ClassVar = ("provider", "assigned_provider", "is_voice", "intent", "model", "is_overridden")
    MARGINS: ClassVar = {
        "intent": ("is_voice", "intent", "is_overridden"),
        "provider": ("provider", "assigned_provider", "is_voice", "is_overridden"),
        "models": ("provider", "assigned_provider", "is_voice", "model", "is_overridden"),
        "served": ("provider", "is_voice", "intent", "is_overridden"),
        "assigned": ("assigned_provider", "is_voice", "intent", "is_overridden"),
        "model": ("is_voice", "intent", "model", "is_overridden"),
    }
    SUMS: ClassVar = (
        "turns",
        "succeeded",
        "failed",
        "stopped",
        "swept",
        "fallbacks",
        "attempts",
        "asked_first",
        "failed_first",
        "tokens_known",
        "tokens_input",
        "tokens_output",
        "tokens_cached",
        "tokens_reasoning",
        "tokens_sq",
        "cost_usd",
        "cost_usd_sq",
        "cost_unknown",
        "claims_read",
        "disclaimer",
        "stop_loss",
        "entry_exit",
    )
    HISTOGRAMS: ClassVar = ("latency_hist", "ttft_hist")
    COUNTS: ClassVar = ()

    provider = models.CharField(max_length=64, verbose_name="served by")
    assigned_provider = models.CharField(max_length=64)
    is_voice = models.BooleanField()
    intent = models.CharField(max_length=32)
    model = models.CharField(max_length=MODEL_LENGTH)
    is_overridden = models.BooleanField()

    turns = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0, help_text="The person got no answer; swept turns too.")
    stopped = models.PositiveIntegerField(default=0, help_text="The person stopped the answer.")
    swept = models.PositiveIntegerField(default=0, help_text="Closed by a sweep; these failed as well.")
    fallbacks = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    asked_first = models.PositiveIntegerField(default=0, help_text="The assigned provider tried first, and it shows.")
    failed_first = models.PositiveIntegerField(default=0, help_text="Of these, that try failed.")
    tokens_known = models.PositiveIntegerField(default=0, help_text="Turns whose input and output are known.")
    tokens_input = models.PositiveBigIntegerField(default=0)
    tokens_output = models.PositiveBigIntegerField(default=0)
    tokens_cached = models.PositiveBigIntegerField(default=0)
    tokens_reasoning = models.PositiveBigIntegerField(default=0)
    tokens_sq = models.FloatField(default=0, help_text="The squares of input + output, where known, added up.")
    cost_usd = models.DecimalField(max_digits=20, decimal_places=8, default=0, help_text="What is known of the cost.")
    cost_usd_sq = models.FloatField(default=0, help_text="The squares of the turns' costs, added up.")
    cost_unknown = models.PositiveIntegerField(default=0, help_text="Turns whose cost is not known.")
    claims_read = models.PositiveIntegerField(default=0, help_text="Turns whose answer the classifiers have read.")
    disclaimer = models.PositiveIntegerField(default=0)
    stop_loss = models.PositiveIntegerField(default=0)
    entry_exit = models.PositiveIntegerField(default=0)
    latency_hist = models.BinaryField(default=b"", help_text="Of turns that nobody stopped.")
    ttft_hist = models.BinaryField(default=b"", help_text="Of turns with any text.")

    class Meta(Rollup.Meta):
        db_table = "metrics_turnrollup"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "grain",
                    "margin",
                    "start",
                    "provider",
                    "assigned_provider",
                    "is_voice",
                    "intent",
                    "model",
                    "is_overridden",
                ],
                name="metrics_turnrollup_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.turns} turns of the {self.grain} of {self.start:%Y-%m-%d %H:%M}"


class ToolRollup(Rollup):
    """Calls of a tool in closed turns that are alike; `provider` and `model` are those of the attempt that called."""

    DIMENSIONS: ClassVar = ("name", "provider", "is_voice", "intent", "model")
    MARGINS: ClassVar = {
        "tool": ("name", "is_voice"),
        "provider": ("name", "provider", "is_voice"),
        "intent": ("name", "is_voice", "intent"),
        "models": ("name", "provider", "is_voice", "model"),
    }
    SUMS: ClassVar = ("calls", "ok", "reused", "retries")
    HISTOGRAMS: ClassVar = ("latency_hist",)
    COUNTS: ClassVar = ("errors",)

    name = models.CharField(max_length=NAME_LENGTH)
    provider = models.CharField(max_length=64)
    is_voice = models.BooleanField()
    intent = models.CharField(max_length=32)
    model = models.CharField(max_length=MODEL_LENGTH)

    calls = models.PositiveIntegerField(default=0)
    ok = models.PositiveIntegerField(default=0)
    reused = models.PositiveIntegerField(default=0, help_text="Answered by an equal call before it, without a run.")
    retries = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=dict, help_text="How many calls ended with which error.")
    latency_hist = models.BinaryField(default=b"", help_text="Of calls that ran.")

    class Meta(Rollup.Meta):
        db_table = "metrics_toolrollup"
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "margin", "start", "name", "provider", "is_voice", "intent", "model"],
                name="metrics_toolrollup_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls of {self.name} in the {self.grain} of {self.start:%Y-%m-%d %H:%M}"


class VoiceRollup(Rollup):
    """Spoken turns that are alike, of closed turns."""

    DIMENSIONS: ClassVar = ("provider", "intent", "model")
    MARGINS: ClassVar = {"provider": ("provider",), "models": ("provider", "model")}
    SUMS: ClassVar = ("utterances", "barge_ins", "sessions", "asr_cost_usd", "tts_cost_usd")
    HISTOGRAMS: ClassVar = ("first_token_hist", "asr_hist", "tts_hist", "voice_to_voice_hist")
    COUNTS: ClassVar = ("outcomes",)

    provider = models.CharField(max_length=64, verbose_name="served by")
    intent = models.CharField(max_length=32)
    model = models.CharField(max_length=MODEL_LENGTH)

    utterances = models.PositiveIntegerField(default=0)
    barge_ins = models.PositiveIntegerField(default=0)
    sessions = models.PositiveIntegerField(default=0, help_text="Sessions whose first spoken turn is one of these.")
    outcomes = models.JSONField(default=dict, help_text="How many ended with which outcome.")
    asr_cost_usd = models.DecimalField(max_digits=20, decimal_places=8, default=0, help_text="What is known of it.")
    tts_cost_usd = models.DecimalField(max_digits=20, decimal_places=8, default=0, help_text="What is known of it.")
    first_token_hist = models.BinaryField(default=b"", help_text="End of speech to the first text of the answer.")
    asr_hist = models.BinaryField(default=b"", help_text="End of speech to the final transcript.")
    tts_hist = models.BinaryField(default=b"", help_text="First sentence handed to the engine to its first audio.")
    voice_to_voice_hist = models.BinaryField(default=b"", help_text="End of speech to the first audio sent.")

    class Meta(Rollup.Meta):
        db_table = "metrics_voicerollup"
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "margin", "start", "provider", "intent", "model"], name="metrics_voicerollup_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.utterances} utterances of the {self.grain} of {self.start:%Y-%m-%d %H:%M}"


class RollupDue(models.Model):
    """A stretch that has to be built. Whoever built it takes the row away only if nobody has asked for it again."""

    grain = models.CharField(max_length=4, choices=Grain)
    start = models.DateTimeField(help_text="When it begins, UTC.")
    token = models.UUIDField(help_text="Another one each time it is asked for.")

    class Meta:
        db_table = "metrics_rollupdue"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["grain", "start"], name="metrics_rollupdue_once")]

    def __str__(self) -> str:
        return f"The {self.grain} of {self.start:%Y-%m-%d %H:%M}"


class RollupState(models.Model):
    """The one row that says how far the rollups are."""

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID)
    found_to = models.DateTimeField(null=True, help_text="Turns closed until then have their hours built or due.")
    complete_to = models.DateTimeField(null=True, help_text="Turns closed until then are in the figures.")
    run_at = models.DateTimeField(null=True, help_text="When somebody last began to build.")
    took_ms = models.FloatField(null=True)
    error = models.CharField(max_length=NAME_LENGTH, blank=True, help_text="The class of what went wrong in that run.")

    class Meta:
        db_table = "metrics_rollupstate"
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="metrics_rollupstate_only")]

    def __str__(self) -> str:
        return f"Figures to {self.complete_to}"
