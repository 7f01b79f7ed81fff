"""The rollout in force, what each session was assigned, and the sessions that staff pinned to a provider."""

from hashlib import sha256
from typing import Any

from django.db import models
from django.utils import timezone

from apps.routing.buckets import BucketMap
from apps.routing.choose import Reason
from apps.routing.shares import WHOLE, percent


class Rollout(models.Model):
    """One row, read at each turn: a change counts from the next turn of every process once it is committed."""

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID)
    version = models.PositiveIntegerField(default=1, help_text="Grows by one with each change of shares or stops.")
    salt = models.CharField(max_length=64, help_text="Decides which bucket a session falls into; stays for ever.")
    shares = models.JSONField(help_text="Basis points of new sessions by provider; together 10,000.")
    bucket_map = models.TextField(help_text="The owner of each of 10,000 buckets.")
    kills = models.JSONField(
        default=dict, blank=True, help_text="Stopped providers: reason, by, at, cut_at, and who serves instead."
    )
    evidence_since = models.JSONField(
        default=dict, blank=True, help_text="From when each provider's sessions count as evidence, by provider."
    )
    ledger_head = models.CharField(max_length=64, blank=True, help_text="The hash of the last change.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "rollout"
        default_permissions = ("view",)
        permissions = [
            ("propose", "Can propose shares and schedules"),
            ("approve", "Can approve proposals, set shares, and run schedules"),
            ("kill", "Can stop a provider at once"),
            ("unkill", "Can resume a stopped provider"),
            ("override", "Can choose the provider of a session or a turn"),
        ]
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="routing_rollout_one_row")]

    def __str__(self) -> str:
        return f"Rollout, version {self.version}"

    @property
    def killed(self) -> frozenset[str]:
        return frozenset(self.kills)

    @property
    def instead(self) -> str:
        """Who serves in place of the default provider while that one is stopped; empty where nobody is named."""
        return next((stop["instead"] for stop in self.kills.values() if stop.get("instead")), "")

    @property
    def buckets(self) -> BucketMap:
        return BucketMap.decode(self.bucket_map)

    def state(self) -> dict[str, Any]:
        """What a change is compared by: shares, stops, and a digest of who owns which bucket under which salt."""
        owners = sha256(f"{self.salt}\n{self.bucket_map}".encode()).hexdigest()[:16]
        return {"shares": dict(self.shares), "kills": dict(self.kills), "owners": owners}


class SessionAssignment(models.Model):
    """The provider a session belongs to, written once at its first turn and never edited."""

    session_id = models.UUIDField(primary_key=True, verbose_name="session id")
    provider = models.CharField(max_length=64)
    bucket = models.PositiveSmallIntegerField()
    share_at_assign = models.PositiveSmallIntegerField(
        help_text="The chance a new session had to get this provider, in basis points: 2500 is 25 %."
    )
    shares_at_assign = models.JSONField(
        null=True, help_text="The same chance for each provider; empty for sessions older than this column."
    )
    reason = models.CharField(max_length=32, choices=Reason)
    assigned_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-assigned_at"]
        indexes = [
            models.Index(fields=["assigned_at"], name="routing_assign_at"),
            models.Index(fields=["provider", "assigned_at"], name="routing_assign_provider_at"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(bucket__lt=WHOLE), name="routing_assign_bucket"),
            models.CheckConstraint(condition=models.Q(share_at_assign__lte=WHOLE), name="routing_assign_share"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} belongs to {self.provider}"

    @property
    def share_text(self) -> str:
        return percent(self.share_at_assign)


class SessionPin(models.Model):
    """A session that a staff member gave to a provider, for a test. Its turns are left out of the evidence for good."""

    session_id = models.UUIDField(primary_key=True, verbose_name="session id")
    provider = models.CharField(max_length=64)
    by = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, help_text="When it was taken back; empty while it holds.")

    class Meta:
        default_permissions = ("view",)
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.session_id} pinned to {self.provider}"
