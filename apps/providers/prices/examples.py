"""What usual calls cost before and after a change of prices, for whoever enters them to read before they save."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from apps.providers.prices.costs import Cost, speech_cost, token_cost, transcription_cost
from apps.providers.prices.overrides import Override, OverrideTable, overrides_known

#: A turn of two model calls: long instructions and tools, of which the second finds most in the cache.
TOKENS_INPUT, TOKENS_CACHED, TOKENS_OUTPUT = 12_000, 5_000, 600
AUDIO_SECONDS = 60
CHARACTERS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One usual call; the costs are in words."""

    name: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


def examples(draft: Override) -> list[Example]:
    """The usual calls at the moment at which the draft begins, without it and with it."""
    with_draft = OverrideTable()
    with_draft.replace((*overrides_known.versions_of(draft.model), draft))
    calls: tuple[tuple[str, Callable[[OverrideTable], Cost]], ...] = (
        (
            f"A turn: {TOKENS_INPUT:,} tokens in, {TOKENS_CACHED:,} of them cached, {TOKENS_OUTPUT:,} out",
            lambda overrides: _turn(draft.model, draft.valid_from, overrides),
        ),
        (
            "A minute heard",
            lambda overrides: transcription_cost(
                model=draft.model, audio_seconds=AUDIO_SECONDS, at=draft.valid_from, overrides=overrides
            ),
        ),
        (
            f"{CHARACTERS:,} characters spoken",
            lambda overrides: speech_cost(
                model=draft.model, characters=CHARACTERS, at=draft.valid_from, overrides=overrides
            ),
        ),
    )
    return [
        Example(name=name, before=_said(cost(overrides_known)), after=_said(cost(with_draft), draft=draft))
        for name, cost in calls
    ]


def _turn(model: str, at: datetime, overrides: OverrideTable) -> Cost:
    return token_cost(
        model=model,
        tokens_input=TOKENS_INPUT,
        tokens_output=TOKENS_OUTPUT,
        tokens_cached=TOKENS_CACHED,
        at=at,
        overrides=overrides,
    )


def _said(cost: Cost, *, draft: Override | None = None) -> str:
    if cost.usd is None:
        return "unknown"
    version = "these prices" if draft and cost.version == draft.version else cost.version
    return f"{cost.usd:.6f} USD by {version}"
