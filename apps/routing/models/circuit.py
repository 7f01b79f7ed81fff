"""Each provider's circuit: what its last tries came to, whether it is open, and every opening and closing."""

from typing import Self

from django.db import models

from apps.routing.breaker import State
from apps.routing.failure_codes import failure_code
from apps.routing.open_circuit import circuit_of, duration, evidence

#: Characters of an error class.
CODE_LENGTH = 64


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
