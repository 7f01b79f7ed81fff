"""What routing keeps: the rollout and its history, its schedule and evidence, and each provider's circuit."""

from apps.routing.models.circuit import CODE_LENGTH, Circuit, CircuitChange, Outcome
from apps.routing.models.evaluation import Evaluation, Watch
from apps.routing.models.ledger import RolloutChange
from apps.routing.models.notification import Notification, NotificationDelivery
from apps.routing.models.proposal import Proposal
from apps.routing.models.rollout import Rollout, SessionAssignment, SessionPin
from apps.routing.models.schedule import Schedule, Stage

__all__ = [
    "CODE_LENGTH",
    "Circuit",
    "CircuitChange",
    "Evaluation",
    "Notification",
    "NotificationDelivery",
    "Outcome",
    "Proposal",
    "Rollout",
    "RolloutChange",
    "Schedule",
    "SessionAssignment",
    "SessionPin",
    "Stage",
    "Watch",
]
