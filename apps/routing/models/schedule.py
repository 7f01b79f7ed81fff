"""A rollout in stages: one provider's share grows by date, as far as the evidence or a signed note lets it."""

from django.db import models
from django.utils import timezone

from apps.routing.shares import WHOLE, percent


class Schedule(models.Model):
    """The plan for one provider, the candidate, against another, the control, which gives the share."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Running"
        PAUSED = "paused", "Paused"
        ROLLED_BACK = "rolled_back", "Rolled back"
        DONE = "done", "Done"
        ENDED = "ended", "Ended"

    #: Of these there is one at a time.
    LIVE = (State.DRAFT, State.ACTIVE, State.PAUSED)

    class OnHarm(models.TextChoices):
        ROLL_BACK = "roll_back", "Roll back to 0 % of new sessions"
        PAUSE = "pause", "Pause where it stands"

    candidate = models.CharField(max_length=64)
    control = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=State, default=State.DRAFT)
    on_harm = models.CharField(max_length=16, choices=OnHarm, default=OnHarm.ROLL_BACK)
    is_automatic = models.BooleanField(
        default=True, help_text="A stage begins by itself once the evidence says SAFE; otherwise a person begins it."
    )
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True)
    started_by = models.CharField(max_length=150, blank=True)
    started_at = models.DateTimeField(null=True)
    stage_number = models.PositiveSmallIntegerField(default=0, help_text="The stage that runs; 0 before the first.")
    stopped_at = models.DateTimeField(null=True, help_text="When it was paused, rolled back or ended.")
    stopped_why = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate"],
                condition=models.Q(state__in=["draft", "active", "paused"]),
                name="routing_schedule_one_live",
            )
        ]

    def __str__(self) -> str:
        return f"Schedule of {self.candidate}, {self.get_state_display().lower()}"


class Stage(models.Model):
    """One step of a schedule: from `starts_at` on the candidate may have `share`."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="stages")
    number = models.PositiveSmallIntegerField()
    share = models.PositiveSmallIntegerField(help_text="The candidate's share of new sessions, in basis points.")
    starts_at = models.DateTimeField(help_text="Not before.")
    min_sessions = models.PositiveIntegerField(
        help_text="So many of the candidate's sessions begin in this stage before the next one may."
    )
    guardrails = models.JSONField(help_text="Names of the guardrails that have to say SAFE before the next stage.")
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    risk_note = models.TextField(blank=True, help_text="Why it may begin although the evidence does not say SAFE.")
    risk_signed_by = models.CharField(max_length=150, blank=True)
    risk_signed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "number"], name="routing_stage_once"),
            models.CheckConstraint(condition=models.Q(share__lte=WHOLE), name="routing_stage_share"),
        ]

    def __str__(self) -> str:
        return f"Stage {self.number}: {self.share_text}"

    @property
    def share_text(self) -> str:
        return percent(self.share)
