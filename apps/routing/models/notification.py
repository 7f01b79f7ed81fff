"""What people outside are told, kept until it is delivered: written with the change it tells of, sent by the watch."""

import uuid

from django.db import models
from django.utils import timezone


class Notification(models.Model):
    """One message. `email_at` and `webhook_at` are when it went out; empty while it waits or where nobody listens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=32, help_text="The action that it tells of.")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    data = models.JSONField(default=dict)
    is_done = models.BooleanField(default=False, help_text="Nothing is left to send.")
    email_at = models.DateTimeField(null=True)
    webhook_at = models.DateTimeField(null=True)
    n_tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    error = models.TextField(blank=True, help_text="Why the last try failed; never an address or a key.")

    class Meta:
        default_permissions = ("view",)
        ordering = ["-at"]
        indexes = [models.Index(fields=["is_done", "next_try_at"], name="routing_notification_due")]

    def __str__(self) -> str:
        return self.subject
