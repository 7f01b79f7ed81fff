"""What staff fill in to pin a session or to sign an override header. Rules and sentences are those of the services."""

from uuid import UUID

from django import forms

from apps.providers.registry import PROVIDERS, why_unavailable
from apps.routing.errors import BadPin, ReasonMissing, RoutingError
from apps.routing.forms import REASON_MAX_CHARACTERS
from apps.routing.overrides.pins import session_id_of

SESSION_ID_MAX_CHARACTERS = 64


def provider_choices() -> list[tuple[str, str]]:
    """Every provider, none chosen before; of one that cannot serve its name says why."""
    return [("", "Choose a provider")] + [
        (name, f"{name} ({why})" if (why := why_unavailable(name)) else name) for name in PROVIDERS
    ]


def provider_field() -> forms.ChoiceField:
    unknown = "There is no provider “%(value)s”."
    messages = {"invalid_choice": unknown, "required": "Choose a provider."}
    return forms.ChoiceField(choices=provider_choices, label="Provider", error_messages=messages)


class HeaderForm(forms.Form):
    provider = provider_field()

    def blame(self, error: RoutingError) -> None:
        """Puts what a service refused beside its field."""
        self.add_error("provider", str(error))


class PinForm(forms.Form):
    session_id = forms.CharField(
        max_length=SESSION_ID_MAX_CHARACTERS,
        label="Session id",
        help_text="The last part of a conversation's address. The session need not have begun.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Say which session."},
    )
    provider = provider_field()
    reason = forms.CharField(
        max_length=REASON_MAX_CHARACTERS,
        label="Why",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Pinning a session wants a reason."},
    )

    def clean_session_id(self) -> UUID:
        try:
            return session_id_of(self.cleaned_data["session_id"])
        except BadPin as error:
            raise forms.ValidationError(str(error)) from error

    def blame(self, error: RoutingError) -> None:
        """Puts what a service refused beside its field."""
        self.add_error("reason" if isinstance(error, ReasonMissing) else "provider", str(error))
