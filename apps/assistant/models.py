"""Conversations and their turns: what a person sees when they come back."""

import uuid

from django.conf import settings
from django.db import models

from apps.assistant.owner import Owner


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def owned_by(self, owner: Owner) -> "ConversationQuerySet":
        """The conversations of one person; a stranger's are not there at all."""
        if owner.user_id is not None:
            return self.filter(user_id=owner.user_id)
        return self.filter(visitor_id=owner.visitor_id, user=None)

    def containing(self, word: str) -> "ConversationQuerySet":
        """Those with the word in their title or in one of their questions."""
        asked = Turn.objects.filter(conversation=models.OuterRef("pk"), question__icontains=word)
        return self.filter(models.Q(title__icontains=word) | models.Exists(asked))


class Conversation(models.Model):
    """One session: text and voice together, owned by an account or by a trial visitor's cookie."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="conversations"
    )
    visitor_id = models.UUIDField(null=True, blank=True)
    title = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]
        indexes = [
            models.Index(fields=["user", "-updated_at"], name="conversation_user_recent"),
            models.Index(fields=["visitor_id", "-updated_at"], name="conversation_visitor_recent"),
        ]
        constraints = [
            models.CheckConstraint(
                name="conversation_has_one_owner",
                condition=models.Q(user=None) | models.Q(visitor_id=None),
            )
        ]

    def __str__(self) -> str:
        return self.title


class Turn(models.Model):
    """One question and its answer. `tool_calls` holds what each tool gave, so that the page can show it again."""

    class Status(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    request_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField()
    question = models.TextField()
    answer = models.TextField(blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.RUNNING)
    #: The sentence people read when the turn failed.
    error = models.TextField(blank=True)
    provider = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=80, blank=True)
    #: `apps.providers.sidecar.Sidecar` as JSON; empty until the answer is whole.
    sidecar = models.JSONField(default=dict, blank=True)
    #: A list of `{"call_id", "name", "arguments", "ok", "result", "latency_ms"}`.
    tool_calls = models.JSONField(default=list, blank=True)
    ttft_ms = models.FloatField(null=True)
    latency_ms = models.FloatField(null=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="turn_number_unique"),
            # Two sends at once in one session: the database lets one run.
            models.UniqueConstraint(
                fields=["conversation"], condition=models.Q(status="running"), name="turn_one_running"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.question[:60]}"

    @property
    def is_finished(self) -> bool:
        return self.status != self.Status.RUNNING
