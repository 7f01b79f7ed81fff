"""A person's data, removed at their wish: everything they wrote and read, and whatever would lead back to them.

Figures stay and are nobody's: how long an answer took, what it cost, which tools ran, under the ids of sessions that
are gone. Staff have signed what they did to the rollout; that audit log stays, with their name.
"""

from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.assistant.models import Conversation, Turn
from apps.assistant.owner import Owner
from apps.assistant.turns import close_stale_turns, stale_after_s
from apps.metrics.alerts.forgetting import forget_people
from apps.metrics.models import RequestLog
from apps.metrics.retention import remove_texts
from apps.providers.workflow.versions import forget_sessions


class CannotForget(Exception):
    """`str(error)` says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was removed, and the ids under which others outside may still know it."""

    conversations: int
    turns: int
    texts: int
    #: Turns whose figures stay.
    figures: int
    session_ids: tuple[UUID, ...]
    has_account_gone: bool


def account(username: str) -> User:
    """Raises CannotForget."""
    user = get_user_model().objects.filter(username=username).first()
    if user is None:
        raise CannotForget(f"There is no account “{username}”.")
    return user


def forget_person(*, owner: Owner, keep_account: bool = False) -> Forgotten:
    """Removes it all in one transaction. Raises CannotForget.

    Turns asked as a visitor, before the account took the conversation over, are found through the sessions.
    """
    close_stale_turns(now=timezone.now(), older_than_s=stale_after_s())
    with transaction.atomic():
        user = None if owner.user_id is None or keep_account else _account_to_remove(owner.user_id)
        conversations = Conversation.objects.owned_by(owner)
        # A turn of theirs that begins now waits until this is done.
        ids = list(conversations.select_for_update().values_list("pk", flat=True))
        turns = Turn.objects.filter(conversation_id__in=conversations.values("pk"))
        if turns.filter(status=Turn.Status.RUNNING).exists():
            raise CannotForget("An answer is being written for this person. Try again in a minute.")
        in_sessions = RequestLog.objects.filter(session_id__in=conversations.values("pk"))
        hashes = {owner.hashed, *in_sessions.order_by().values_list("person_hash", flat=True).distinct()} - {""}
        requests = RequestLog.objects.filter(Q(session_id__in=conversations.values("pk")) | Q(person_hash__in=hashes))
        session_ids = {*ids, *requests.order_by().values_list("session_id", flat=True).distinct()}
        n_figures, n_turns = requests.count(), turns.count()
        n_texts = remove_texts(requests)
        forget_sessions(session_ids)
        conversations.delete()
        _blank(hashes)
        forget_people(hashes)
        if user is not None:
            _remove_account(user)
    return Forgotten(
        conversations=len(ids),
        turns=n_turns,
        texts=n_texts,
        figures=n_figures,
        session_ids=tuple(sorted(session_ids)),
        has_account_gone=user is not None,
    )


def _account_to_remove(user_id: int) -> User:
    user: User = get_user_model().objects.get(pk=user_id)
    if user.is_staff or user.is_superuser:
        raise CannotForget(
            f"{user.get_username()} is staff, and the admin's log of what they did would go with the account. "
            "Take the staff status away first, or keep the account (--keep-account)."
        )
    return user


def _blank(hashes: set[str]) -> None:
    """In whichever table names a person so."""
    for model in apps.get_models():
        if any(field.name == "person_hash" for field in model._meta.concrete_fields):
            model._default_manager.filter(person_hash__in=hashes).update(person_hash="")


def _remove_account(user: User) -> None:
    """The account, its logins, and what the admin noted about it."""
    for session in Session.objects.iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
    about = ContentType.objects.get_for_model(user)
    LogEntry.objects.filter(content_type=about, object_id=str(user.pk)).delete()
    user.delete()
