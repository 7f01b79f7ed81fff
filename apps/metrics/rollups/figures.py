"""What is known of a number of turns, of tool calls and of spoken turns: values that add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

from apps.metrics.rollups.histogram import Histogram, merged
from apps.metrics.rollups.intervals import mean_of, rate_of
from apps.routing.evidence.intervals import Interval


def _added(values: Sequence[Any]) -> Any:
    if isinstance(values[0], Histogram):
        return merged(values)
    if isinstance(values[0], Mapping):
        found: dict[str, int] = {}
        for counts in values:
            for name, n in counts.items():
                found[name] = found.get(name, 0) + n
        return found
    return sum(values)


class _Adds:
    """Adds field by field."""

    __slots__ = ()

    @classmethod
    def of(cls, figures: Sequence[Self]) -> Self:
        """All of them together."""
        if not figures:
            return cls()
        names = [one.name for one in fields(cls)]  # type: ignore[arg-type]
        return cls(**{name: _added([getattr(one, name) for one in figures]) for name in names})

    def __add__(self, other: Self) -> Self:
        return self.of([self, other])


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFigures(_Adds):
    """Of closed turns; each name as in the table of the rollups. Rates are None of nothing."""

    turns: int = 0
    succeeded: int = 0
    failed: int = 0
    stopped: int = 0
    swept: int = 0
    fallbacks: int = 0
    attempts: int = 0
    asked_first: int = 0
    failed_first: int = 0
    tokens_known: int = 0
    tokens_input: int = 0
    tokens_output: int = 0
    tokens_cached: int = 0
    tokens_reasoning: int = 0
    tokens_sq: float = 0.0
    cost_usd: float = 0.0
    cost_usd_sq: float = 0.0
    cost_unknown: int = 0
    claims_read: int = 0
    disclaimer: int = 0
    stop_loss: int = 0
    entry_exit: int = 0
    latency: Histogram = field(default_factory=Histogram)
    ttft: Histogram = field(default_factory=Histogram)

    @property
    def answered_or_failed(self) -> int:
        """Turns that nobody stopped: what people saw go right or wrong."""
        return self.succeeded + self.failed

    @property
    def cost_known(self) -> int:
        return self.turns - self.cost_unknown

    @property
    def error_rate(self) -> Interval | None:
        """What people saw fail, of what nobody stopped."""
        return rate_of(self.failed, self.answered_or_failed)

    @property
    def backend_error_rate(self) -> Interval | None:
        """How often the assigned provider's own first try failed, rescued or not. Read it by assigned provider."""
        return rate_of(self.failed_first, self.asked_first)

    @property
    def fallback_rate(self) -> Interval | None:
        return rate_of(self.fallbacks, self.turns)

    @property
    def stop_rate(self) -> Interval | None:
        return rate_of(self.stopped, self.turns)

    @property
    def disclaimer_rate(self) -> Interval | None:
        return rate_of(self.disclaimer, self.claims_read)

    @property
    def stop_loss_rate(self) -> Interval | None:
        return rate_of(self.stop_loss, self.claims_read)

    @property
    def entry_exit_rate(self) -> Interval | None:
        return rate_of(self.entry_exit, self.claims_read)

    @property
    def cost_per_turn(self) -> Interval | None:
        """US dollars, of the turns whose cost is known."""
        return mean_of(n=self.cost_known, total=self.cost_usd, squares=self.cost_usd_sq)

    @property
    def tokens_per_turn(self) -> Interval | None:
        """Input and output, of the turns where both are known."""
        return mean_of(n=self.tokens_known, total=self.tokens_input + self.tokens_output, squares=self.tokens_sq)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFigures(_Adds):
    """Of calls of tools; `errors` says how many ended with which code, `latency` is of calls that ran."""

    calls: int = 0
    ok: int = 0
    reused: int = 0
    retries: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    latency: Histogram = field(default_factory=Histogram)

    @property
    def success_rate(self) -> Interval | None:
        return rate_of(self.ok, self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceFigures(_Adds):
    """Of spoken turns. `sessions` are those whose first spoken turn is among them; `outcomes` are VoiceTurn.Outcome."""

    utterances: int = 0
    barge_ins: int = 0
    sessions: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    asr_cost_usd: float = 0.0
    tts_cost_usd: float = 0.0
    first_token: Histogram = field(default_factory=Histogram)
    asr: Histogram = field(default_factory=Histogram)
    tts: Histogram = field(default_factory=Histogram)
    voice_to_voice: Histogram = field(default_factory=Histogram)

    @property
    def barge_in_rate(self) -> Interval | None:
        return rate_of(self.barge_ins, self.utterances)

    @property
    def utterances_per_session(self) -> float | None:
        """Over all providers and intents: a session belongs to its first spoken turn alone."""
        return self.utterances / self.sessions if self.sessions else None
