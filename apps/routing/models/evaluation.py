"""What the evidence said and when, with the figures it rests on; and when automation last looked."""

from django.db import models


class Evaluation(models.Model):
    """One look at a candidate's evidence. Rows are added, never edited; the page shows the latest."""

    at = models.DateTimeField()
    candidate = models.CharField(max_length=64)
    control = models.CharField(max_length=64)
    since = models.DateTimeField(help_text="Sessions assigned from here on count.")
    version = models.PositiveIntegerField(help_text="The rollout's version at the time.")
    verdict = models.CharField(max_length=16)
    summary = models.TextField(help_text="The verdict in a sentence.")
    n_candidate = models.PositiveIntegerField(help_text="The candidate's sessions.")
    n_control = models.PositiveIntegerField(help_text="The control's sessions.")
    figures = models.JSONField()
    took_ms = models.FloatField()

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        indexes = [models.Index(fields=["candidate", "-at"], name="routing_evaluation_latest")]

    def __str__(self) -> str:
        return f"{self.candidate} {self.verdict} at {self.at:%Y-%m-%d %H:%M:%S}"


class Watch(models.Model):
    """One row: which process looked last. Of several, one at a time claims the next look."""

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=150, blank=True, help_text="The process: host and id.")
    error = models.TextField(blank=True, help_text="What went wrong in the last look; empty where nothing did.")

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="routing_watch_one_row")]

    def __str__(self) -> str:
        return f"Last look at {self.began_at}"
