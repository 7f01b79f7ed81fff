"""Builders of rows for tests. Alice owns, Bob is staff, Charlie must be refused."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone

from apps.assistant.models import Conversation, Turn

PASSWORD = "correct horse battery staple"


def make_user(name: str, *, is_staff: bool = False, is_superuser: bool = False) -> User:
    user = get_user_model().objects.create_user(name, password=PASSWORD)
    user.is_staff, user.is_superuser = is_staff or is_superuser, is_superuser
    user.save()
    return user


def make_conversation(
    *,
    user: User | None = None,
    visitor_id: uuid.UUID | None = None,
    title: str = "AAPL price",
    at: datetime | None = None,
) -> Conversation:
    at = at or timezone.now()
    return Conversation.objects.create(user=user, visitor_id=visitor_id, title=title, created_at=at, updated_at=at)


def make_turn(conversation: Conversation, *, number: int = 1, **values: Any) -> Turn:
    defaults: dict[str, Any] = {
        "question": "What's the price of AAPL?",
        "answer": "AAPL closed at 430.47.",
        "status": Turn.Status.SUCCEEDED,
        "provider": "analyst",
        "model": "analyst-1",
        "started_at": timezone.now(),
    }
    return Turn.objects.create(conversation=conversation, number=number, **(defaults | values))
