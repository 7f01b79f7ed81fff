"""What a rule and its figures say, in sentences: on the pages, in messages, in the row of an alert."""

from datetime import datetime

from apps.metrics.alerts.catalogue import KINDS, Unit, in_unit, window_in_words
from apps.metrics.alerts.decision import Level, Limits, Reading, level_of
from apps.metrics.models import About, Alert, AlertRule, Channel

SHORT_HASH = 6
EVERYTHING = "everything"


def subject_in_words(about: str, subject: str, *, provider: str = "") -> str:
    """Who or what it is about, without naming a person: "workflow", "one person (a1b2c3…)", "everything"."""
    if about == About.EACH_PERSON:
        return f"one person ({subject[:SHORT_HASH]}…)"
    return subject or provider or EVERYTHING


def of_channel(channel: str) -> str:
    return f"{Channel(channel).label.lower()} " if channel else ""


def figure(rule: AlertRule | Alert, value: float) -> str:
    """A figure in the rule's unit; a model's days are infinite once it is not in use any more."""
    unit = KINDS[rule.measure].unit
    return "not in use" if value == float("inf") else in_unit(value, unit)


def limits_of(rule: AlertRule) -> Limits:
    return Limits(
        threshold=rule.threshold,
        clear_at=rule.clear_at,
        min_samples=rule.min_samples,
        looks_to_fire=rule.looks_to_fire,
        looks_to_clear=rule.looks_to_clear,
        is_bad_below=KINDS[rule.measure].is_bad_below,
    )


def reading_in_words(rule: AlertRule, reading: Reading) -> str:
    """ "p95 of the time to the first text 1,240 ms over 312 turns in the last 15 minutes"."""
    kind, value = KINDS[rule.measure], figure(rule, reading.value)
    samples = f"{reading.n:,} {of_channel(rule.channel)}{_plural(kind.counted, reading.n)}"
    window = f"in the last {window_in_words(rule.window_minutes).removeprefix('1 ')}"
    match kind.unit:
        case Unit.MILLISECONDS:
            return f"p95 of the {kind.what} {value} over {samples} {window}"
        case Unit.PERCENT:
            return f"{value} of {samples} {kind.what} {window}"
        case Unit.DOLLARS:
            unknown = f", {reading.n_unknown:,} of them of unknown cost" if reading.n_unknown else ""
            return f"{value} for {samples}{unknown} {window}"
    if reading.value == float("inf"):
        return "no configured model has this name any more"
    return "shut down already" if reading.value <= 0 else f"{value} left until it is shut down"


def limit_in_words(rule: AlertRule | Alert) -> str:
    """ "more than 3,000 ms", "less than 30 days"."""
    than = "less than" if KINDS[rule.measure].is_bad_below else "more than"
    return f"{than} {figure(rule, rule.threshold)}"


def why_fired(rule: AlertRule, subject: str, reading: Reading) -> str:
    """Whole sentences, for the row and the message."""
    about = subject_in_words(rule.about, subject, provider=rule.provider)
    measured = reading_in_words(rule, reading)
    said = f"{measured[0].upper()}{measured[1:]}" if about == EVERYTHING else f"{about}: {measured}"
    return f"{said}. The limit is {figure(rule, rule.threshold)}."


def headline(alert: Alert) -> str:
    """ "workflow: Backend errors", "Cost of a day"."""
    about = subject_in_words(alert.about, alert.subject, provider=alert.provider)
    return alert.rule_name if about == EVERYTHING else f"{about}: {alert.rule_name}"


def verdict_in_words(rule: AlertRule, reading: Reading | None) -> str:
    """What one look would say: "1,240 ms over 312 turns …: would not fire"."""
    level = level_of(limits_of(rule), reading)
    if reading is None:
        return "nothing to measure now: would not fire"
    said = reading_in_words(rule, reading)
    if level == Level.UNKNOWN:
        return f"{said}: would not fire, {rule.min_samples:,} are needed to say anything"
    if level == Level.BAD:
        return f"{said}: would fire"
    beyond_by_chance = not reading.is_sure and reading.value > rule.threshold
    return f"{said}: would not fire{', it may be chance' if beyond_by_chance else ''}"


def moment(at: datetime) -> str:
    return f"{at.day} {at:%B %Y, %H:%M:%S} UTC"


def duration(seconds: float) -> str:
    """ "4 min", "2 h 5 min", "3 days"."""
    minutes = max(int(seconds // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


def _plural(counted: str, n: int) -> str:
    return {"tries": "try"}.get(counted, counted.removesuffix("s")) if n == 1 else counted
