"""Why a turn does not start. Each is raised before the turn's first event, so a surface can still choose a status.

TurnRefused
├── BadMessage            empty or too long
├── NotYourConversation   it belongs to somebody else; said as if it did not exist
└── ConversationBusy      an answer is still being written in this conversation
"""


class TurnRefused(Exception):
    """`str(error)` is safe to show; `code` is stable for scripts."""

    code = "refused"
    retryable = False


class BadMessage(TurnRefused):
    code = "bad_message"


class NotYourConversation(TurnRefused):
    code = "not_found"


class ConversationBusy(TurnRefused):
    code = "busy"
    retryable = True
