"""A change that one person proposes and another, or the same where one is enough, puts into force."""

from django.db import models
from django.utils import timezone

from apps.routing.shares import changed_shares


class Proposal(models.Model):
    """What was proposed never changes; how it ended is written once."""

    class Kind(models.TextChoices):
        SHARES = "shares", "New shares"
        RESUME = "resume", "Resume a provider"

    class State(models.TextChoices):
        OPEN = "open", "Waiting"
        APPROVED = "approved", "Approved"
        WITHDRAWN = "withdrawn", "Withdrawn"
        REPLACED = "replaced", "Overtaken by another change"

    kind = models.CharField(max_length=16, choices=Kind)
    by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True)
    provider = models.CharField(max_length=64, blank=True, help_text="The provider to resume.")
    shares = models.JSONField(null=True, help_text="The shares proposed, in basis points.")
    before = models.JSONField(help_text="Shares and stops when it was proposed.")
    version = models.PositiveIntegerField(help_text="The rollout's version when it was proposed.")
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        indexes = [models.Index(fields=["state"], name="routing_proposal_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, proposed by {self.by}"

    @property
    def change(self) -> str:
        """What it would do, in one line."""
        if self.kind == self.Kind.RESUME:
            return f"resume {self.provider}"
        return changed_shares(self.before["shares"], self.shares or {})

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
