"""What operations types into the rollout page. The rules and their sentences are those of `shares`."""

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.providers.registry import PROVIDERS
from apps.routing.errors import BadShares
from apps.routing.shares import parse_share, percent, percent_number, require_whole

REASON_MAX_CHARACTERS = 500


class SharesForm(forms.Form):
    """One percentage a provider, and the version of the rollout that it was decided on."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(required=False, max_length=REASON_MAX_CHARACTERS, label="Why")

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.shares: dict[str, int] = {}
        for name in PROVIDERS:
            self.fields[f"share_{name}"] = forms.CharField(
                label=name,
                required=False,
                widget=forms.NumberInput(attrs={"min": "0", "max": "100", "step": "0.01", "inputmode": "decimal"}),
            )

    @classmethod
    def of(cls, shares: Mapping[str, int], *, version: int) -> "SharesForm":
        """The form as it shows these basis points."""
        fields = {f"share_{name}": percent_number(shares.get(name, 0)) for name in PROVIDERS}
        return cls(initial={"version": version, **fields})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in PROVIDERS:
            try:
                self.shares[name] = parse_share(cleaned.get(f"share_{name}") or "", provider=name)
            except BadShares as error:
                self.add_error(f"share_{name}", str(error))
        if not self.errors:
            try:
                require_whole(self.shares)
            except BadShares as error:
                self.add_error(None, str(error))
        return cleaned

    def share_fields(self) -> dict[str, forms.BoundField]:
        return {name: self[f"share_{name}"] for name in PROVIDERS}

    @property
    def sum_text(self) -> str:
        """The sum of what the fields show; fields that hold no number count as nothing."""
        total = 0
        for name, field in self.share_fields().items():
            try:
                total += parse_share(str(field.value() or ""), provider=name)
            except BadShares:
                continue
        return percent(total)
