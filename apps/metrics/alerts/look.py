"""One look at every rule: measure, decide, keep what fired and what ended, tell people. A step of the watch.

Each rule stands alone: one that cannot be measured is a fault of the look and stops no other. What is measured is read
before the transaction; the rule's row is locked while its states are written, so two processes do not fire it twice.
"""

import logging
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction

from apps.metrics.alerts import decision
from apps.metrics.alerts.catalogue import KINDS
from apps.metrics.alerts.decision import RELAPSE_WITHIN, Decision, Phase, Reading, State, Step, decide
from apps.metrics.alerts.messages import tell_ended, tell_fired
from apps.metrics.alerts.readings import read
from apps.metrics.alerts.words import limits_of, subject_in_words, why_fired
from apps.metrics.models import Alert, AlertReading, AlertRule, AlertState
from apps.metrics.models.alert import SENTENCE_LENGTH

logger = logging.getLogger(__name__)

#: An alert keeps a figure a look at first, and so many over each doubling of its age.
READINGS_A_DOUBLING = 100
#: A rule is looked at so many times while its window passes, and not more often: a day of rows takes long to read.
LOOKS_A_WINDOW = 288
#: More subjects than this in one rule are no news but a wrong rule; the worst of them fire.
MOST_SUBJECTS = 50


class Tell(Protocol):
    """Writes a message of an alert; False where nobody listens."""

    def __call__(self, alert: Alert, /, *, at: datetime) -> bool: ...


class RulesFailed(Exception):
    """`str(error)` names the rules that could not be looked at."""


def weigh_alerts(*, now: datetime) -> list[str]:
    """Looks at each rule that is on. Raises RulesFailed, after all of them, where one could not be looked at."""
    lines: list[str] = []
    failed: list[str] = []
    for rule in AlertRule.objects.filter(is_on=True):
        if not is_due(rule, now=now):
            continue
        try:
            lines += look_at(rule, now=now)
        except Exception:  # the edge of one rule: the others are looked at all the same
            logger.exception("Alert rule failed", extra={"rule": rule.name})
            failed.append(rule.name)
    if failed:
        raise RulesFailed(f"{', '.join(failed)} could not be looked at.")
    return lines


def is_due(rule: AlertRule, *, now: datetime) -> bool:
    """Whether it is time for a rule with a long window: for a day, five minutes after the last look."""
    pause = timedelta(minutes=rule.window_minutes) / LOOKS_A_WINDOW
    return rule.looked_at is None or not timedelta(0) <= now - rule.looked_at < pause


def look_at(rule: AlertRule, *, now: datetime) -> list[str]:
    """Measures one rule and keeps what follows; a line for each alert that fired or ended."""
    known = list(rule.states.values_list("subject", flat=True))
    readings = _worst(rule, read(rule, now=now, known=known), known=known)
    with transaction.atomic():
        locked = AlertRule.objects.select_for_update().filter(pk=rule.pk, is_on=True).first()
        # Somebody changed it meanwhile: what was measured is not what it asks now. The next look is.
        if locked is None or locked.changed_at != rule.changed_at:
            return []
        states = {state.subject: state for state in locked.states.all()}
        lines = []
        for subject, reading in readings.items():
            row = states.get(subject)
            # Another process, whose look began later, was here before.
            if row is not None and row.looked_at >= now:
                continue
            lines += _step(locked, subject, row, reading, now=now)
        AlertRule.objects.filter(pk=rule.pk).update(looked_at=now)
        return lines


def end_alerts(rule: AlertRule, *, how: Alert.End, now: datetime) -> None:
    """Ends what the rule has open and forgets where it stood, within the caller's transaction."""
    for alert in rule.alerts.filter(ended_at=None):
        _end(alert, how=how, is_silent=rule.is_silent(now), now=now)
    rule.states.all().delete()


def _worst(
    rule: AlertRule, readings: Mapping[str, Reading | None], *, known: list[str]
) -> Mapping[str, Reading | None]:
    """All that are known, and of the others the worst, until there are as many as a rule may have at once."""
    sign = -1 if KINDS[rule.measure].is_bad_below else 1
    new = [(reading.value * sign, subject) for subject, reading in readings.items() if reading and subject not in known]
    kept = {subject for _, subject in sorted(new, reverse=True)[: max(MOST_SUBJECTS - len(known), 0)]}
    return {subject: reading for subject, reading in readings.items() if subject in kept or subject in known}


def _step(
    rule: AlertRule, subject: str, row: AlertState | None, reading: Reading | None, *, now: datetime
) -> list[str]:
    decided = decide(limits_of(rule), _state_of(row), reading, now=now)
    alert = rule.alerts.filter(subject=subject, ended_at=None).first()
    if decided.step == Step.FIRE and alert is None and reading is not None:
        alert = _fire(rule, subject, decided.state, reading, now=now)
        lines = [f"{rule.name}: {alert.why}"]
        logger.warning("Alert fired", extra=_extra(alert))
    elif alert is not None:
        _follow(alert, limits=limits_of(rule), reading=reading, now=now)
        lines = []
        if how := {Step.CLEAR: Alert.End.CLEARED, Step.LOSE_SIGHT: Alert.End.NO_DATA}.get(decided.step):
            _end(alert, how=how, is_silent=rule.is_silent(now), now=now)
            about = subject_in_words(rule.about, subject, provider=rule.provider)
            lines = [f"{rule.name}: {about} ended: {how.label}."]
    else:
        lines = []
    if alert is not None and alert.is_open and alert.told_at is None and not rule.is_silent(now):
        # Also when a silence ends and it still fires.
        _tell_fired(alert, now=now)
    _keep_state(rule, subject, decided, now=now)
    return lines


def _fire(rule: AlertRule, subject: str, state: State, reading: Reading, *, now: datetime) -> Alert:
    alert = Alert.objects.create(
        rule=rule,
        rule_name=rule.name,
        measure=rule.measure,
        about=rule.about,
        subject=subject,
        provider=rule.provider,
        channel=rule.channel,
        threshold=rule.threshold,
        clear_at=rule.clear_at,
        window_minutes=rule.window_minutes,
        high_since=state.high_since or now,
        began_at=now,
        value=reading.value,
        n=reading.n,
        last_value=reading.value,
        last_n=reading.n,
        last_at=now,
        worst_value=reading.value,
        worst_at=now,
        why=why_fired(rule, subject, reading)[:SENTENCE_LENGTH],
        relapses=state.relapses,
    )
    AlertReading.objects.create(alert=alert, at=now, value=reading.value, n=reading.n)
    return alert


def _follow(alert: Alert, *, limits: decision.Limits, reading: Reading | None, now: datetime) -> None:
    """Keeps the newest figure, the worst, and now and then one for the picture."""
    if reading is None or not math.isfinite(reading.value) or not _is_enough(limits, reading):
        return
    sign = -1 if limits.is_bad_below else 1
    if sign * reading.value > sign * alert.worst_value:
        alert.worst_value, alert.worst_at = reading.value, now
    latest = alert.readings.order_by("-at").values_list("at", flat=True).first() or alert.began_at
    if (now - latest).total_seconds() >= (now - alert.began_at).total_seconds() / READINGS_A_DOUBLING:
        AlertReading.objects.create(alert=alert, at=now, value=reading.value, n=reading.n)
    alert.last_value, alert.last_n, alert.last_at = reading.value, reading.n, now
    alert.save(update_fields=["worst_value", "worst_at", "last_value", "last_n", "last_at"])


def _is_enough(limits: decision.Limits, reading: Reading) -> bool:
    return reading.is_exact or reading.n >= limits.min_samples


def _end(alert: Alert, *, how: Alert.End, is_silent: bool, now: datetime) -> None:
    alert.ended_at, alert.ended_how = now, how
    alert.save(update_fields=["ended_at", "ended_how"])
    # An end is news only to whoever heard of the beginning.
    if alert.told_at is not None and not is_silent and _told(tell_ended, alert, now=now):
        alert.told_end_at = now
        alert.save(update_fields=["told_end_at"])
    logger.warning("Alert ended", extra=_extra(alert) | {"how": str(how)})


def _tell_fired(alert: Alert, *, now: datetime) -> None:
    if _told(tell_fired, alert, now=now):
        alert.told_at = now
        alert.save(update_fields=["told_at"])


def _told(tell: Tell, alert: Alert, *, now: datetime) -> bool:
    """Whether a message was written. What goes wrong with it stays here: an alert nobody is told of is still kept."""
    try:
        # A savepoint: on PostgreSQL one failed statement would end the caller's transaction as well.
        with transaction.atomic():
            return tell(alert, at=now)
    except Exception:
        logger.exception("Notification not written", extra=_extra(alert))
        return False


def _state_of(row: AlertState | None) -> State:
    if row is None:
        return State()
    return State(
        phase=Phase(row.phase),
        looks=row.looks,
        relapses=row.relapses,
        high_since=row.high_since,
        unseen_since=row.unseen_since,
        ended_at=row.ended_at,
    )


def _keep_state(rule: AlertRule, subject: str, decided: Decision, *, now: datetime) -> None:
    state = decided.state
    is_recent = state.ended_at is not None and now - state.ended_at <= RELAPSE_WITHIN
    if state.phase == Phase.OK and not is_recent:
        rule.states.filter(subject=subject).delete()
        return
    values = {
        "phase": state.phase,
        "looks": state.looks,
        "relapses": state.relapses,
        "high_since": state.high_since,
        "unseen_since": state.unseen_since,
        "ended_at": state.ended_at,
        "looked_at": now,
    }
    AlertState.objects.update_or_create(rule=rule, subject=subject, defaults=values)


def _extra(alert: Alert) -> dict[str, object]:
    about = subject_in_words(alert.about, alert.subject, provider=alert.provider)
    return {"rule": alert.rule_name, "about": about, "value": alert.last_value, "n": alert.last_n}
