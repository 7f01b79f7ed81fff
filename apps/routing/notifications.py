"""Tells people outside of what happens to the rollout: a row with the change, sent later by the watch."""

from apps.routing.models import RolloutChange


def notify_of(change: RolloutChange) -> None:
    """Keeps a message for each change that somebody outside should hear of."""
