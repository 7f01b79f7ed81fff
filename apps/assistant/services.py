"""What people do with conversations: find them, rename them, delete them, take them along at login."""

from uuid import UUID

from django.db import connection, transaction

from apps.assistant.errors import NotYourConversation
from apps.assistant.messages import TITLE_CHARACTERS
from apps.assistant.models import Conversation, ConversationQuerySet, Turn
from apps.assistant.owner import Owner
from apps.metrics.models import RequestLog
from apps.metrics.retention import remove_texts
from apps.providers.workflow.versions import forget_sessions

#: Read at the end of every turn: written out, because building it from parts each time costs more than running it.
TURN_AND_TITLE = """
    SELECT turn.*, conversation.title AS conversation_title
    FROM assistant_turn AS turn
    JOIN assistant_conversation AS conversation ON conversation.id = turn.conversation_id
    WHERE turn.request_id = %s
"""


def turn_and_title(request_id: UUID) -> tuple[Turn, str]:
    """The turn and its conversation's title. Raises Turn.DoesNotExist."""
    key = Turn._meta.pk.get_db_prep_value(request_id, connection)
    for turn in Turn.objects.raw(TURN_AND_TITLE, [key]):
        return turn, str(vars(turn)["conversation_title"])
    raise Turn.DoesNotExist(request_id)


def conversation_of(*, session_id: UUID, owner: Owner) -> Conversation:
    """The owner's conversation. Raises NotYourConversation for a stranger's and for one that does not exist."""
    conversation = Conversation.objects.owned_by(owner).filter(pk=session_id).first()
    if conversation is None:
        raise NotYourConversation("There is no such conversation here.")
    return conversation


def conversations_of(*, owner: Owner, search: str = "") -> ConversationQuerySet:
    """The owner's conversations, latest first; `search` looks into titles and questions."""
    conversations = Conversation.objects.owned_by(owner)
    for word in search.split():
        conversations = conversations.containing(word)
    return conversations


def rename_conversation(*, session_id: UUID, owner: Owner, title: str) -> Conversation:
    """Gives it a title of at most 80 characters; an empty one leaves the old title."""
    conversation = conversation_of(session_id=session_id, owner=owner)
    title = " ".join(title.replace("\x00", "").split())[:TITLE_CHARACTERS]
    if title:
        conversation.title = title
        conversation.save(update_fields=["title"])
    return conversation


@transaction.atomic
def delete_conversation(*, session_id: UUID, owner: Owner) -> None:
    """Removes the conversation, its turns, and its words in the request log, which keeps the figures alone."""
    conversation = conversation_of(session_id=session_id, owner=owner)
    remove_texts(RequestLog.objects.filter(session_id=session_id))
    forget_sessions([session_id])
    conversation.delete()


@transaction.atomic
def adopt_conversations(*, visitor_id: UUID, user_id: int) -> int:
    """Moves a trial visitor's conversations to the account; answers how many."""
    return Conversation.objects.owned_by(Owner(visitor_id=visitor_id)).update(user_id=user_id, visitor_id=None)
