"""What people outside are told, kept until it is delivered: written with the change it tells of, sent by the watch."""

import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone


class Notification(models.Model):
    """One message; how it is sent stands in its deliveries, one a channel."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    at = models.DateTimeField(default=timezone.now)
    topic = models.CharField(max_length=16, default="rollout", db_default="rollout", help_text="What it is about.")
    kind = models.CharField(max_length=32, help_text="The action that it tells of.")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    data = models.JSONField(default=dict)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-at"]
        indexes = [models.Index(fields=["kind", "at"], name="routing_notification_kind")]

    def __str__(self) -> str:
        return self.subject


class NotificationDelivery(models.Model):
    """One message on its way through one channel. Each channel has its own tries: one that fails repeats no other.

    `next_try_at` is also the claim of the process that sends it now: it lies ahead while that process has time.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=16, choices=Channel)
    next_try_at = models.DateTimeField(
        default=timezone.now, null=True, help_text="Empty once it went out or was given up."
    )
    n_tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, help_text="Why the last try failed; never an address or a key.")

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=models.Q(next_try_at__isnull=False), name="routing_delivery_due"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["notification", "channel"], name="routing_delivery_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.state}"

    @property
    def state(self) -> str:
        """As people read it after the channel's name: "sent 24 Nov, 03:12:45 UTC", "given up after 6 tries: …"."""
        if self.sent_at is not None:
            return f"sent {_moment(self.sent_at)}"
        if self.next_try_at is None:
            return f"given up after {_tries(self.n_tries)}: {self.error}"
        if self.error:
            return f"not sent in {_tries(self.n_tries)}, again {_moment(self.next_try_at)}: {self.error}"
        return "is being sent" if self.n_tries else "waits"


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b}, {at:%H:%M:%S} UTC"


def _tries(n: int) -> str:
    return f"{n} {'try' if n == 1 else 'tries'}"
