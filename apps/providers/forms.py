"""What operations types into the pages of profiles and workflow versions. The rules are those of the services."""

from typing import Any

from django import forms
from django.http import QueryDict

from apps.market.tools.registry import TOOLS
from apps.providers.models import AssistantProfile, Effort

NOTE_MAX_CHARACTERS = 500
INSTRUCTIONS_MAX_CHARACTERS = 100_000
DESIGN_MAX_CHARACTERS = 200_000
#: Suggested beside the field for the model; any other name is taken too.
USUAL_MODELS = ("gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-luna")


class ProfileForm(forms.Form):
    """A profile's next version, and the version that it was decided on: 0 for a new profile."""

    expected_version = forms.IntegerField(widget=forms.HiddenInput)
    instructions = forms.CharField(
        required=False,
        strip=False,
        max_length=INSTRUCTIONS_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true"}),
        help_text="What the assistant is told before every question. Markdown.",
    )
    model = forms.CharField(
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"list": "usual-models", "autocomplete": "off", "spellcheck": "false"}),
        help_text="Any model of the upstream; the usual ones are suggested.",
    )
    effort = forms.ChoiceField(choices=Effort.choices, label="Effort", help_text="In most turns.")
    effort_high_stakes = forms.ChoiceField(
        choices=Effort.choices, label="Effort at high stakes", help_text="For plans and orders."
    )
    effort_voice = forms.ChoiceField(
        choices=Effort.choices, label="Effort by voice", help_text="Whatever the stakes: speech cannot wait."
    )
    tools = forms.MultipleChoiceField(
        choices=[(name, name) for name in TOOLS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Numbers come from tools only: without the tool, the assistant has no such number.",
    )
    label_ids = forms.CharField(
        required=False,
        label="Former ids",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="asst_…, pmpt_… or wf_…, one a line. Labels to find this profile by; never sent upstream.",
    )
    note = forms.CharField(
        max_length=NOTE_MAX_CHARACTERS,
        label="Why this change?",
        error_messages={"required": "Say why in a few words: the next person reads it beside the change."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    @classmethod
    def of(cls, row: AssistantProfile) -> "ProfileForm":
        """The form as it shows this version."""
        shown = {
            name: getattr(row, name)
            for name in ("instructions", "model", "effort", "effort_high_stakes", "effort_voice", "tools")
        }
        return cls(initial={**shown, "label_ids": "\n".join(row.label_ids), "expected_version": row.version})

    def decide_again_on(self, version: int) -> None:
        """What was typed stays; the next click is a decision on the version that the page shows by then."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["expected_version"] = str(version)

    @property
    def fields_to_save(self) -> dict[str, Any]:
        """The cleaned fields as `save_profile` takes them."""
        return {**self.cleaned_data, "label_ids": self.cleaned_data["label_ids"].split()}


class NewProfileForm(ProfileForm):
    name = forms.CharField(
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Small letters, digits and -. A workflow's agent names it; it cannot be changed later.",
    )
    note = forms.CharField(
        max_length=NOTE_MAX_CHARACTERS,
        label="What is it for?",
        error_messages={"required": "Say in a few words what it is for."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("name",)

    @classmethod
    def empty(cls) -> "NewProfileForm":
        """The form before anything is typed: the usual model and efforts."""
        efforts = {"effort": Effort.MEDIUM, "effort_high_stakes": Effort.HIGH, "effort_voice": Effort.LOW}
        return cls(initial={"expected_version": 0, "model": USUAL_MODELS[0], **efforts})


class DesignForm(forms.Form):
    """A design's JSON. Whether it is one, `parse_graph` says."""

    graph = forms.CharField(
        required=False,
        strip=False,
        max_length=DESIGN_MAX_CHARACTERS,
        label="Design",
        widget=forms.Textarea(attrs={"rows": 32, "spellcheck": "false", "autocapitalize": "off", "wrap": "off"}),
    )
    note = forms.CharField(
        max_length=NOTE_MAX_CHARACTERS,
        label="Why this version?",
        error_messages={"required": "Say why in a few words: the next person reads it in the list."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
