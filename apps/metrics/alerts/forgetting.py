"""Alerts of a person who is forgotten stay, as alerts of somebody: what fired, when and why, and nobody's name.

In the place of the person's hash stands a random one, in whatever the alert wrote. What is open ends as any other does:
of nobody there is no cost to measure, so the next looks clear it.
"""

import secrets
from collections.abc import Collection

from apps.metrics.alerts.messages import TOPIC
from apps.metrics.alerts.words import SHORT_HASH
from apps.metrics.models import About, Alert, AlertState
from apps.routing.models import Notification


def forget_people(hashes: Collection[str]) -> None:
    """Within the caller's transaction."""
    for known in hashes:
        nobody = secrets.token_hex(len(known))[: len(known)]
        short, other = known[:SHORT_HASH], nobody[:SHORT_HASH]
        for alert in Alert.objects.filter(about=About.EACH_PERSON, subject=known):
            alert.subject, alert.why = nobody, alert.why.replace(short, other)
            alert.save(update_fields=["subject", "why"])
            for told in Notification.objects.filter(topic=TOPIC, data__alert=alert.pk):
                told.subject, told.body = told.subject.replace(short, other), told.body.replace(short, other)
                told.data = told.data | {"about_what": other}
                told.save(update_fields=["subject", "body", "data"])
        AlertState.objects.filter(rule__about=About.EACH_PERSON, subject=known).update(subject=nobody)
