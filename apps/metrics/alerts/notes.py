"""What the pages say of rules and alerts: sentences, where a rule stands now, the picture of an alert, and links."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from apps.metrics.alerts.catalogue import KINDS, window_in_words
from apps.metrics.alerts.decision import Phase
from apps.metrics.alerts.readings import read
from apps.metrics.alerts.words import duration, figure, limit_in_words, subject_in_words, verdict_in_words
from apps.metrics.models import About, Alert, AlertReading, AlertRule, Channel, Measure

logger = logging.getLogger(__name__)

N_PREVIEWED = 8
#: The picture's size, and the room for its words.
WIDTH, HEIGHT, TOP = 640, 160, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one subject's figure says now."""

    about: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The figures of an alert from left to right; `points` as SVG wants them, the limit as a height."""

    points: str
    limit_y: float
    top_label: str
    limit_label: str
    first_label: str
    last_label: str


def rule_in_words(rule: AlertRule) -> str:
    """ "each provider, voice: more than 3,000 ms over 15 minutes, from 30 turns on"."""
    kind = KINDS[rule.measure]
    about = rule.provider or rule.get_about_display().lower()
    channel = f", {Channel(rule.channel).label.lower()}" if rule.channel else ""
    window = f" over {window_in_words(rule.window_minutes)}" if kind.has_window else ""
    samples = "" if kind.is_exact else f", from {rule.min_samples:,} {kind.counted} on"
    return f"{about}{channel}: {limit_in_words(rule)}{window}{samples}"


def state_in_words(rule: AlertRule) -> tuple[str, str]:
    """A mark for the style, and where the rule stands: "firing", "off", "pending", "ok"."""
    if not rule.is_on:
        return "off", "Off"
    states = list(rule.states.all())
    for phases, mark, word in (
        ((Phase.FIRING, Phase.CLEARING), "firing", "Firing"),
        ((Phase.PENDING,), "pending", "Beyond the limit, not for long enough yet"),
    ):
        if subjects := [state.subject for state in states if state.phase in phases]:
            who = ", ".join(subject_in_words(rule.about, subject, provider=rule.provider) for subject in subjects)
            return mark, f"{word}: {who}"
    return "ok", "Does not fire"


def silence_in_words(rule: AlertRule, *, now: datetime) -> str:
    if not rule.is_silent(now) or rule.silent_until is None:
        return ""
    left = duration((rule.silent_until - now).total_seconds())
    why = f": {rule.silent_why}" if rule.silent_why else ""
    return f"Silent until {rule.silent_until:%d %b, %H:%M} UTC ({left} more){why}"


def preview(rule: AlertRule, *, now: datetime) -> list[Line]:
    """What one look at the rule would say of each subject, worst first. Nothing is kept."""
    try:
        readings = read(rule, now=now)
    except Exception:  # the edge of one part of the page
        logger.exception("Alert rule cannot be previewed", extra={"rule": rule.name})
        return [Line(about="Now", said="It cannot be measured; the log says why.")]
    sign = 1 if KINDS[rule.measure].is_bad_below else -1
    worst = sorted(readings.items(), key=lambda found: sign * found[1].value if found[1] else float("inf"))
    lines = [
        Line(about=subject_in_words(rule.about, subject, provider=rule.provider), said=verdict_in_words(rule, reading))
        for subject, reading in worst[:N_PREVIEWED]
    ]
    if len(worst) > N_PREVIEWED:
        lines.append(Line(about="and", said=f"{len(worst) - N_PREVIEWED:,} more"))
    return lines or [Line(about="Now", said=_nothing(rule))]


def _nothing(rule: AlertRule) -> str:
    if rule.measure == Measure.MODEL_END:
        return "no configured model has an announced end: would not fire"
    if rule.about == About.EACH_PERSON:
        return f"nobody has cost more than {figure(rule, rule.clear_at)}: would not fire"
    return "nothing to measure now: would not fire"


def picture_of(alert: Alert, readings: Sequence[AlertReading]) -> Picture | None:
    """None for fewer than two figures."""
    if len(readings) < 2:
        return None
    top = max(*(reading.value for reading in readings), alert.threshold) * 1.1 or 1.0
    begin = readings[0].at
    span = (readings[-1].at - begin).total_seconds() or 1.0

    def height(value: float) -> float:
        return round(HEIGHT - (HEIGHT - TOP) * max(value, 0.0) / top, 1)

    points = " ".join(
        f"{(reading.at - begin).total_seconds() / span * WIDTH:.1f},{height(reading.value)}" for reading in readings
    )
    return Picture(
        points=points,
        limit_y=height(alert.threshold),
        top_label=figure(alert, top),
        limit_label=figure(alert, alert.threshold),
        first_label=f"{begin:%d %b, %H:%M}",
        last_label=f"{readings[-1].at:%d %b, %H:%M}",
    )


def rows_url(alert: Alert, *, now: datetime) -> str:
    """The request log's rows of the time that the alert covers; empty where it is about no turns."""
    if alert.measure == Measure.MODEL_END:
        return ""
    start, end = _span(alert, now=now)
    query = {"finished_at__gte": start.isoformat(), "finished_at__lte": end.isoformat()}
    provider = alert.subject if alert.about == About.EACH_PROVIDER else alert.provider
    if alert.about == About.EACH_PERSON:
        query["person_hash"] = alert.subject
    if provider:
        query["assigned_provider" if alert.measure == Measure.BACKEND_ERRORS else "provider"] = provider
    if alert.channel:
        query["is_voice__exact"] = "1" if alert.channel == Channel.VOICE else "0"
    if alert.measure == Measure.VISIBLE_ERRORS:
        query["success__exact"] = "0"
    if alert.measure == Measure.COST_UNKNOWN:
        query["cost_usd__isnull"] = "True"
    return f"{reverse('admin:metrics_requestlog_changelist')}?{urlencode(query)}"


def dashboard_url(alert: Alert, *, now: datetime) -> str:
    """The comparison of providers over the same time; empty where it is about no turns."""
    if alert.measure == Measure.MODEL_END:
        return ""
    start, end = _span(alert, now=now)
    query = {"from": f"{start:%Y-%m-%dT%H:%M:%S}", "to": f"{end:%Y-%m-%dT%H:%M:%S}"}
    if provider := alert.subject if alert.about == About.EACH_PROVIDER else alert.provider:
        query["provider"] = provider
    if alert.channel:
        query["channel"] = alert.channel
    return f"/dashboards/ab/?{urlencode(query)}"


def _span(alert: Alert, *, now: datetime) -> tuple[datetime, datetime]:
    return alert.high_since - timedelta(minutes=alert.window_minutes), alert.ended_at or now


def lasted(alert: Alert, *, now: datetime) -> str:
    return duration(((alert.ended_at or now) - alert.began_at).total_seconds())
