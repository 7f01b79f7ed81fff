"""A rule as a form, with each contradiction in a sentence; and for how long a rule is to be silent."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.dateparse import parse_datetime

from apps.metrics.alerts.catalogue import KINDS, Kind, Unit, in_unit, window_in_words
from apps.metrics.models import About, AlertRule, Measure
from apps.providers.registry import PROVIDERS

#: A silence that somebody forgets ends by itself.
LONGEST_SILENCE = timedelta(days=30)
HOURS = {"1": timedelta(hours=1), "8": timedelta(hours=8)}
WHY_CHARACTERS = 200


def _whole(label: str, *, least: int, most: int, unit: str, help_text: str = "") -> forms.IntegerField:
    bounds = f"{label} is a whole number from {least:,} to {most:,}{unit}."
    messages = dict.fromkeys(("required", "invalid", "min_value", "max_value"), bounds)
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        error_messages=messages,
        help_text=help_text,
        widget=forms.TextInput,
    )


def _figure(label: str, help_text: str) -> forms.FloatField:
    messages = dict.fromkeys(("required", "invalid"), f"“{label}” is a number, in the unit of what is measured.")
    return forms.FloatField(label=label, help_text=help_text, error_messages=messages, widget=forms.TextInput)


class AlertRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    threshold = _figure(
        "Fires beyond", "In ms for times, % for shares, US dollars for cost, days for a model's end (there: below)."
    )
    clear_at = _figure("Clears at", "On the good side of the limit; between the two nothing changes.")
    window_minutes = _whole("Window, minutes", least=5, most=1_440, unit=" minutes")
    min_samples = _whole(
        "At least so many",
        least=1,
        most=1_000_000,
        unit="",
        help_text="Turns or tries without which times and shares say nothing; cost and a model's end need none.",
    )
    looks_to_fire = _whole(
        "Looks before it fires", least=1, most=60, unit="", help_text="In a row; one a minute, one in five for a day."
    )
    looks_to_clear = _whole(
        "Looks before it clears", least=1, most=60, unit="", help_text="In a row; twice as many if it comes back soon."
    )
    provider = forms.ChoiceField(label="Only provider", required=False)

    class Meta:
        model = AlertRule
        fields = (
            "name",
            "is_on",
            "measure",
            "about",
            "provider",
            "channel",
            "threshold",
            "clear_at",
            "window_minutes",
            "min_samples",
            "looks_to_fire",
            "looks_to_clear",
        )
        error_messages = {"name": {"required": "Give the rule a name.", "unique": "Another rule has this name."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [*PROVIDERS, *filter(None, {self.instance.provider} - set(PROVIDERS))]
        choices = [("", "any"), *((name, name) for name in known)]
        self.fields["provider"] = forms.ChoiceField(label="Only provider", required=False, choices=choices)
        self.fields["measure"].label, self.fields["about"].label = "What is measured", "About"
        self.fields["is_on"].label, self.fields["channel"].label = "On", "Channel"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("measure") in KINDS and "about" in cleaned:
            kind = KINDS[cleaned["measure"]]
            self._check_subject(cleaned, kind)
            self._check_limits(cleaned, kind)
            minutes = cleaned.get("window_minutes")
            if minutes and minutes > kind.most_minutes:
                longest = window_in_words(kind.most_minutes)
                self.add_error("window_minutes", f"A window of this measure is {longest} at most.")
        return cleaned

    def _check_subject(self, cleaned: dict[str, Any], kind: Kind) -> None:
        measure, about = Measure(cleaned["measure"]), About(cleaned["about"])
        if about not in kind.abouts:
            able = " or ".join(one.label.lower() for one in kind.abouts)
            self.add_error("about", f"“{measure.label}” can be about {able}, not about {about.label.lower()}.")
        if cleaned.get("provider") and about == About.EACH_PROVIDER:
            self.add_error("provider", "Each provider has its own figure here: choose “Everything together”, or any.")
        if measure == Measure.MODEL_END and (cleaned.get("provider") or cleaned.get("channel")):
            self.add_error("provider", "A model's end is the same for every provider and channel: choose any.")

    def _check_limits(self, cleaned: dict[str, Any], kind: Kind) -> None:
        threshold, clear_at = cleaned.get("threshold"), cleaned.get("clear_at")
        if threshold is None or clear_at is None:
            return
        if not (math.isfinite(threshold) and threshold > 0):
            self.add_error("threshold", "A limit is more than 0.")
        elif kind.unit == Unit.PERCENT and threshold >= 100:
            self.add_error("threshold", "No share is beyond 100 %: this rule would never fire.")
        elif kind.is_bad_below and clear_at < threshold:
            limit = in_unit(threshold, kind.unit)
            self.add_error("clear_at", f"It fires below {limit}, so it clears at {limit} or above.")
        elif not kind.is_bad_below and not 0 <= clear_at <= threshold:
            self.add_error(
                "clear_at", f"It fires beyond {in_unit(threshold, kind.unit)}, so it clears between 0 and that."
            )


def silence_until(*, chosen: str, until: str, now: datetime) -> datetime:
    """When the silence ends. Raises ValueError with a sentence."""
    if chosen in HOURS:
        return now + HOURS[chosen]
    try:
        moment = parse_datetime(until)
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("Say until when the rule is to be silent, as a date and a time in UTC.")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= now:
        raise ValueError("That moment is past: nothing would be silent.")
    if moment > now + LONGEST_SILENCE:
        raise ValueError("A rule is silent for 30 days at most. Switch it off if nobody needs it.")
    return moment
