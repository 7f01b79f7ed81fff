"""The rollout as operations set it, what each session was assigned, who changed what, and each provider's circuit."""

from typing import Any, Self

from django.db import models
from django.utils import timezone

from apps.routing.breaker import State
from apps.routing.buckets import BucketMap
from apps.routing.choose import Reason
from apps.routing.failure_codes import failure_code
from apps.routing.open_circuit import circuit_of, duration, evidence
from apps.routing.shares import WHOLE, percent

#: Characters of an error class.
CODE_LENGTH = 64


class Rollout(models.Model):
    """One row, read at each turn: a change counts from the next turn of every process once it is committed."""

    ONLY_ID = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY_ID)
    version = models.PositiveIntegerField(default=1, help_text="Grows by one with each change.")
    salt = models.CharField(max_length=64, help_text="Decides which bucket a session falls into; stays for ever.")
    shares = models.JSONField(help_text="Basis points of new sessions by provider; together 10,000.")
    bucket_map = models.TextField(help_text="The owner of each of 10,000 buckets.")
    kills = models.JSONField(default=dict, blank=True, help_text="Stopped providers: reason, by, at.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "rollout"
        default_permissions = ("view", "change")
        permissions = [("kill", "Can stop a provider at once"), ("unkill", "Can resume a stopped provider")]
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="routing_rollout_one_row")]

    def __str__(self) -> str:
        return f"Rollout, version {self.version}"

    @property
    def killed(self) -> frozenset[str]:
        return frozenset(self.kills)

    @property
    def buckets(self) -> BucketMap:
        return BucketMap.decode(self.bucket_map)

    def state(self) -> dict[str, Any]:
        """What a change is compared by: shares and stops, without the map."""
        return {"shares": dict(self.shares), "kills": dict(self.kills)}


class SessionAssignment(models.Model):
    """The provider a session belongs to, written once at its first turn and never edited."""

    session_id = models.UUIDField(primary_key=True, verbose_name="session id")
    provider = models.CharField(max_length=64)
    bucket = models.PositiveSmallIntegerField()
    share_at_assign = models.PositiveSmallIntegerField(
        help_text="The chance a new session had to get this provider, in basis points: 2500 is 25 %."
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


class RolloutChange(models.Model):
    """One change of the rollout: who, when, what, why. Rows are added, never edited."""

    class Action(models.TextChoices):
        SEEDED = "seeded", "Started"
        SHARES_SET = "shares_set", "Shares set"
        STOPPED = "stopped", "Stopped"
        RESUMED = "resumed", "Resumed"
        REASON_GIVEN = "reason_given", "Reason given"

    at = models.DateTimeField(default=timezone.now)
    by = models.CharField(max_length=150)
    action = models.CharField(max_length=16, choices=Action)
    provider = models.CharField(max_length=64, blank=True, help_text="The provider stopped or resumed.")
    reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(help_text="The rollout's version after the change.")
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["version"], name="routing_change_version")]

    def __str__(self) -> str:
        return f"Version {self.version}: {self.summary}"

    @property
    def summary(self) -> str:
        """What changed, in one line: "workflow 0 % → 25 %, responses 100 % → 75 %; 2,500 buckets moved"."""
        match self.action:
            case self.Action.STOPPED | self.Action.RESUMED:
                return f"{self.provider} {self.get_action_display().lower()}"
            case self.Action.REASON_GIVEN:
                return f"reason given for stopping {self.provider}"
        before, after = self.before.get("shares", {}), self.after.get("shares", {})
        moved = sum(max(0, share - before.get(name, 0)) for name, share in after.items())
        changed = [
            f"{name} {percent(before.get(name, 0))} → {percent(after.get(name, 0))}"
            for name in sorted({*before, *after}, key=lambda name: before.get(name, 0) - after.get(name, 0))
            if before.get(name, 0) != after.get(name, 0)
        ]
        if self.action == self.Action.SEEDED:
            return "started with " + ", ".join(f"{name} {percent(share)}" for name, share in after.items() if share)
        return f"{', '.join(changed)}; {moved:,} buckets moved"


class Outcome(models.Model):
    """How one try of a provider ended, kept for as long as its circuit counts. Rows are added, never edited."""

    provider = models.CharField(max_length=64)
    at = models.DateTimeField()
    began_at = models.DateTimeField(help_text="When the try began; the time it ended where that is not known.")
    ok = models.BooleanField()
    code = models.CharField(max_length=CODE_LENGTH, blank=True, help_text="The error class of a failure.")

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["provider", "at"], name="routing_outcome_provider_at")]

    def __str__(self) -> str:
        return f"{self.provider} {'answered' if self.ok else self.code} at {self.at:%H:%M:%S}"


class CircuitQuerySet(models.QuerySet["Circuit"]):
    def open(self) -> Self:
        return self.filter(opened_at__isnull=False, closed_at__isnull=True)


class Circuit(models.Model):
    """A provider's circuit as every process sees it; a provider that has never failed has no row."""

    provider = models.CharField(primary_key=True, max_length=64)
    opened_at = models.DateTimeField(null=True, help_text="When it last opened; empty where it never has.")
    code = models.CharField(max_length=64, blank=True, help_text="The error class that opened it.")
    n_failed = models.PositiveIntegerField(default=0, help_text="Failures in the window; 0 where one was enough.")
    n_outcomes = models.PositiveIntegerField(default=0, help_text="Answers in the window, failed ones included.")
    probe_at = models.DateTimeField(null=True, help_text="When a turn was last let through.")
    probe_failed_at = models.DateTimeField(null=True, help_text="When a turn that was let through last failed.")
    probe_code = models.CharField(max_length=64, blank=True, help_text="The error class of that failure.")
    closed_at = models.DateTimeField(null=True, help_text="When it last closed; empty while it is open.")

    objects = CircuitQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("close_circuit", "Can close an open circuit")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True) | models.Q(opened_at__isnull=False),
                name="routing_circuit_closes_after_it_opens",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}'s circuit, {'open' if self.state.is_open else 'closed'}"

    @property
    def state(self) -> State:
        return State(opened_at=self.opened_at, closed_at=self.closed_at, probe_at=self.probe_at)


class CircuitChange(models.Model):
    """One opening or closing of a circuit and what it rested on. Rows are added, never edited."""

    class Action(models.TextChoices):
        OPENED = "opened", "Opened"
        CLOSED = "closed", "Closed"

    at = models.DateTimeField()
    provider = models.CharField(max_length=64)
    action = models.CharField(max_length=16, choices=Action)
    by = models.CharField(
        max_length=150, blank=True, help_text="Who closed it; empty where it opened or closed itself."
    )
    code = models.CharField(max_length=64, blank=True, help_text="The error class that opened it.")
    n_failed = models.PositiveIntegerField(default=0)
    n_outcomes = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(help_text="When it opened.")
    reason = models.TextField(blank=True, help_text="Why somebody closed it.")

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="routing_circuitchange_at")]

    def __str__(self) -> str:
        return f"{self.provider}'s circuit {self.get_action_display().lower()} at {self.at:%Y-%m-%d %H:%M:%S}"

    @property
    def summary(self) -> str:
        """What happened, in one line: "workflow's circuit opened: 5 of 6 answers failed in 30 s"."""
        circuit = circuit_of(self.provider)
        if self.action == self.Action.OPENED:
            why = evidence(code=self.code, n_failed=self.n_failed, n_outcomes=self.n_outcomes)
            return f"{circuit} opened: {why}"
        return f"{circuit} closed after {duration(self.at - self.opened_at)}"

    @property
    def why(self) -> str:
        """The class of the failures that opened it, in words; what closed it."""
        if self.action == self.Action.OPENED:
            return failure_code(self.code).label
        return self.reason or "a turn that tried it was answered"
