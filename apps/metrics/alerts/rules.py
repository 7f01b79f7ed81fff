"""What people do to rules: set, silence, switch off, delete. Each verb locks the rule, which the watch does as well."""

from datetime import datetime

from django.db import transaction

from apps.metrics.alerts.look import end_alerts
from apps.metrics.models import Alert, AlertRule

#: While these stay as they are, an open alert still says what the rule says.
MEANING = (
    "measure",
    "about",
    "provider",
    "channel",
    "threshold",
    "clear_at",
    "window_minutes",
    "min_samples",
)


def save_rule(*, rule: AlertRule, by: str, now: datetime) -> None:
    """Keeps the rule as it stands. Open alerts of what it meant before end, and say why."""
    with transaction.atomic():
        before = AlertRule.objects.select_for_update().filter(pk=rule.pk).first() if rule.pk else None
        # A change is looked at with the next look.
        rule.changed_by, rule.changed_at, rule.looked_at = by, now, None
        if before is not None:
            # A silence set meanwhile is no part of the form.
            rule.silent_until, rule.silent_why = before.silent_until, before.silent_why
            if not rule.is_on:
                end_alerts(before, how=Alert.End.SWITCHED_OFF, now=now)
            elif any(getattr(before, name) != getattr(rule, name) for name in MEANING):
                end_alerts(before, how=Alert.End.RULE_CHANGED, now=now)
        rule.save()


def silence_rule(*, rule_id: int, until: datetime, why: str) -> None:
    """No message of the rule goes out until then; what fires meanwhile is kept, and told then if it still fires."""
    AlertRule.objects.filter(pk=rule_id).update(silent_until=until, silent_why=why)


def end_silence(*, rule_id: int) -> None:
    AlertRule.objects.filter(pk=rule_id).update(silent_until=None, silent_why="")


def delete_rule(*, rule: AlertRule, now: datetime) -> None:
    """Its alerts stay, ended, with the rule's name."""
    with transaction.atomic():
        locked = AlertRule.objects.select_for_update().filter(pk=rule.pk).first()
        if locked is not None:
            end_alerts(locked, how=Alert.End.SWITCHED_OFF, now=now)
            locked.delete()
