"""What operations types into the page of prices. The rules are those of the service."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict

from apps.providers.models import MOST_USD_A_UNIT, PriceOverride
from apps.providers.prices.versions import PRICES, newest_number

NOTE_MAX_CHARACTERS = 500
LABELS = {
    "usd_per_million_input": "Input, USD a million tokens",
    "usd_per_million_cached": "Cached input, USD a million tokens",
    "usd_per_million_output": "Output, USD a million tokens",
    "usd_per_audio_minute": "Listening, USD a minute",
    "usd_per_million_characters": "Speaking, USD a million characters",
}
HELP = {
    "usd_per_million_cached": "Empty: as other input.",
    "usd_per_million_output": "Reasoning is output.",
}


def _price(name: str) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(MOST_USD_A_UNIT),
        decimal_places=6,
        label=LABELS[name],
        help_text=HELP.get(name, ""),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


class PriceForm(forms.Form):
    """The next version of a model's prices, and the version that it was decided on: 0 for none."""

    expected_number = forms.IntegerField(widget=forms.HiddenInput, min_value=0, initial=0)
    model = forms.CharField(
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="As the request log names it. Its dated snapshots follow it unless they have prices of their own.",
        error_messages={"required": "Name the model as the request log does."},
    )
    usd_per_million_input = _price("usd_per_million_input")
    usd_per_million_cached = _price("usd_per_million_cached")
    usd_per_million_output = _price("usd_per_million_output")
    usd_per_audio_minute = _price("usd_per_audio_minute")
    usd_per_million_characters = _price("usd_per_million_characters")
    uses_list = forms.BooleanField(
        required=False,
        label="The bundled list rules again",
        help_text="From the moment below; leave the prices empty.",
    )
    valid_from = forms.DateTimeField(
        required=False,
        label="In force from, UTC",
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.TextInput(attrs={"placeholder": "2026-12-01 00:00", "autocomplete": "off"}),
        help_text="Empty: from now. What has been answered keeps the cost that it has.",
        error_messages={"invalid": "Write the moment as 2026-12-01 00:00, in UTC."},
    )
    note = forms.CharField(
        max_length=NOTE_MAX_CHARACTERS,
        label="Why, and where are these prices published?",
        error_messages={"required": "Say why, and where the prices are published."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def of(cls, row: PriceOverride) -> "PriceForm":
        """The form as it shows this version, without its moment and its note."""
        shown = {name: getattr(row, name) for name in (*PRICES, "model", "uses_list")}
        return cls(initial={name: short(value) for name, value in shown.items()} | {"expected_number": row.pk})

    def decide_again(self) -> None:
        """What was typed stays; the next click is a decision on the newest version of then."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["expected_number"] = str(newest_number(self.cleaned_data["model"]))

    @property
    def prices(self) -> list[forms.BoundField]:
        return [self[name] for name in PRICES]

    @property
    def prices_to_save(self) -> dict[str, Any]:
        """The cleaned fields as `draft_of` takes them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "expected_number"}


def short(value: Any) -> Any:
    """A price without the zeros that its column adds."""
    return f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else value
