"""Who changed the rollout, when and why: one row a change, chained by hashes so that an edit shows."""

from django.db import models
from django.utils import timezone

from apps.routing.shares import changed_shares, percent


class RolloutChange(models.Model):
    """One entry of the audit log. Rows are added, never edited; `hash` covers the row and the hash before it."""

    class Action(models.TextChoices):
        SEEDED = "seeded", "Started"
        SHARES_SET = "shares_set", "Shares set"
        STOPPED = "stopped", "Stopped"
        CUT = "cut", "Answers cut"
        RESUMED = "resumed", "Resumed"
        REASON_GIVEN = "reason_given", "Reason given"
        PROPOSED = "proposed", "Proposed"
        WITHDRAWN = "withdrawn", "Proposal withdrawn"
        SCHEDULE_DRAFTED = "schedule_drafted", "Schedule drafted"
        SCHEDULE_STARTED = "schedule_started", "Schedule started"
        SCHEDULE_PAUSED = "schedule_paused", "Schedule paused"
        SCHEDULE_RESUMED = "schedule_resumed", "Schedule resumed"
        SCHEDULE_ENDED = "schedule_ended", "Schedule ended"
        STAGE_BEGUN = "stage_begun", "Stage begun"
        RISK_SIGNED = "risk_signed", "Risk note signed"
        ROLLED_BACK = "rolled_back", "Rolled back"
        HARM_FOUND = "harm_found", "Harm found"
        PINNED = "pinned", "Session pinned"
        UNPINNED = "unpinned", "Pin taken back"
        OVERRIDDEN = "overridden", "Turn overridden"
        REFUSED = "refused", "Refused"

    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150)
    approved_by = models.CharField(max_length=150, blank=True, help_text="The second person, where there was one.")
    action = models.CharField(max_length=24, choices=Action)
    provider = models.CharField(max_length=64, blank=True, help_text="The provider that it is about.")
    reason = models.TextField(blank=True)
    what = models.TextField(blank=True, help_text="What happened, where shares and stops do not say it.")
    version = models.PositiveIntegerField(help_text="The rollout's version after the change.")
    before = models.JSONField()
    after = models.JSONField()
    evidence = models.JSONField(null=True, blank=True, help_text="The figures that it rests on.")
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Version {self.version}: {self.summary}"

    @property
    def moves_shares(self) -> bool:
        return bool(self.before.get("shares") and self.before.get("shares") != self.after.get("shares"))

    @property
    def summary(self) -> str:
        """What changed, in one line: "workflow 0 % → 25 %, responses 100 % → 75 %; 2,500 buckets moved"."""
        if self.what:
            return self.what
        match self.action:
            case self.Action.STOPPED | self.Action.RESUMED:
                return f"{self.provider} {self.get_action_display().lower()}"
            case self.Action.CUT:
                return f"running answers of {self.provider} cut"
            case self.Action.REASON_GIVEN:
                return f"reason given for stopping {self.provider}"
            case self.Action.SEEDED:
                shares = self.after.get("shares", {})
                return "started with " + ", ".join(
                    f"{name} {percent(share)}" for name, share in shares.items() if share
                )
        return changed_shares(self.before.get("shares", {}), self.after.get("shares", {}))
