"""What people outside read of an alert, for a phone at three in the morning; a person is never named."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.metrics.alerts.catalogue import KINDS
from apps.metrics.alerts.words import SHORT_HASH, duration, figure, headline, limit_in_words, moment
from apps.metrics.models import About, Alert
from apps.routing.notifications import keep_message, site_url

TOPIC = "alert"
FIRED, ENDED = "fired", "ended"
#: What an end means for whoever was woken by the beginning.
ENDS: dict[str, str] = {
    Alert.End.CLEARED: "All clear. Nothing has to be done.",
    Alert.End.NO_DATA: "This is no all-clear: there was too little to measure for six hours, so nobody knows. "
    "Ask a question yourself, or look whether people reach the site.",
    Alert.End.RULE_CHANGED: "This is no all-clear: somebody changed the rule. It fires again if its new limit is "
    "passed.",
    Alert.End.SWITCHED_OFF: "This is no all-clear: somebody switched the rule off, and nobody looks any more.",
}


def tell_fired(alert: Alert, *, at: datetime) -> bool:
    """Writes the message that it fired, within the caller's transaction; False where nobody listens."""
    again = f" It fired {_times(alert.relapses)} shortly before." if alert.relapses else ""
    lines = (
        f"What: {alert.why}",
        f"Since: {moment(alert.high_since)}; fired {moment(alert.began_at)}.{again}",
        f"What to do: {KINDS[alert.measure].to_do}",
        f"Where to look: {_where(alert)}",
    )
    again_mark = "Again: " if alert.relapses else ""
    subject = f"Alert: {again_mark}{headline(alert)} {figure(alert, alert.value)}, {limit_in_words(alert)}"
    return _tell(alert, kind=FIRED, subject=subject, lines=lines, at=at)


def tell_ended(alert: Alert, *, at: datetime) -> bool:
    """Writes the message that it ended, within the caller's transaction; False where nobody listens."""
    ended_at = alert.ended_at or at
    lasted = duration((ended_at - alert.began_at).total_seconds())
    is_clear = alert.ended_how == Alert.End.CLEARED
    lines = (
        f"What: {headline(alert)} fired for {lasted}. Worst {figure(alert, alert.worst_value)}, "
        f"last {figure(alert, alert.last_value)}; the limit is {figure(alert, alert.threshold)}.",
        f"Since: it fired {moment(alert.began_at)} and ended {moment(ended_at)}.",
        f"What to do: {ENDS[alert.ended_how]}",
        f"Where to look: {_where(alert)}",
    )
    mark = "All clear" if is_clear else "Ended without an all-clear"
    return _tell(alert, kind=ENDED, subject=f"{mark}: {headline(alert)}, after {lasted}", lines=lines, at=at)


def _where(alert: Alert) -> str:
    return site_url(_path(alert)) or "Metrics › Alerts in the admin"


def _path(alert: Alert) -> str:
    return reverse("admin:metrics_alert_change", args=[alert.pk])


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


def _tell(alert: Alert, *, kind: str, subject: str, lines: tuple[str, ...], at: datetime) -> bool:
    kept = keep_message(
        topic=TOPIC, kind=kind, subject=subject, body="\n\n".join(lines) + "\n", data=_data(alert), at=at
    )
    return kept is not None


def _data(alert: Alert) -> dict[str, Any]:
    """What a program wants of it, in the rule's unit."""
    is_person = alert.about == About.EACH_PERSON
    return {
        "alert": alert.pk,
        "rule": alert.rule_name,
        "measure": alert.measure,
        "unit": KINDS[alert.measure].unit,
        "about": alert.about,
        "about_what": alert.subject[:SHORT_HASH] if is_person else alert.subject or alert.provider,
        "channel": alert.channel,
        "value": alert.value,
        "last_value": alert.last_value,
        "worst_value": alert.worst_value,
        "threshold": alert.threshold,
        "n": alert.n,
        "window_minutes": alert.window_minutes,
        "since": alert.high_since.isoformat(),
        "began_at": alert.began_at.isoformat(),
        "ended_at": alert.ended_at.isoformat() if alert.ended_at else None,
        "ended_how": alert.ended_how,
        "page_url": site_url(_path(alert)),
    }
