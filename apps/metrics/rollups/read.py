"""What the dashboards read: figures of a scope, told apart by one thing, at once or step by step in time.

One query each, over closed turns only. `add_over_time` makes of a reading step by step the one at once, without
another query.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar, overload

from django.conf import settings
from django.utils import timezone

from apps.metrics.models import Rollup, RollupDue, RollupState, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups.figures import ToolFigures, TurnFigures, VoiceFigures
from apps.metrics.rollups.scope import By, Scope
from apps.metrics.rollups.sums import Added, add_up

#: The figures are late when so many looks have passed them by.
LATE_AFTER_LOOKS = 5

TURN_COLUMN = {
    By.SERVED: "provider",
    By.ASSIGNED: "assigned_provider",
    By.INTENT: "intent",
    By.MODEL: "model",
    By.CHANNEL: "is_voice",
}
VOICE_COLUMN = {By.SERVED: "provider", By.INTENT: "intent", By.MODEL: "model"}

F = TypeVar("F", TurnFigures, ToolFigures, VoiceFigures)


@overload
def turns(scope: Scope, *, by: By, over_time: Literal[False] = False) -> dict[str, TurnFigures]: ...
@overload
def turns(scope: Scope, *, by: By, over_time: Literal[True]) -> dict[tuple[datetime, str], TurnFigures]: ...
def turns(scope: Scope, *, by: By, over_time: bool = False) -> Mapping[Any, TurnFigures]:
    """By key, or by (start of the step, key); what has no turn is left out. The key is "" by NOTHING, "text" or
    "voice" by CHANNEL, and otherwise the name, which may be "" where none is known.
    """
    provider = "provider" if scope.provider_is == By.SERVED else "assigned_provider"
    wanted = {
        provider: scope.provider,
        "intent": scope.intent,
        "model": scope.model,
        "is_voice": _is_voice(scope),
        "is_overridden": None if scope.include_overridden else False,
    }
    found = _read(TurnRollup, scope, wanted, column=TURN_COLUMN.get(by), over_time=over_time)
    return {key: _turn_figures(added) for key, added in found.items()}


@overload
def tools(scope: Scope, *, by_tool: bool = True, over_time: Literal[False] = False) -> dict[str, ToolFigures]: ...
@overload
def tools(
    scope: Scope, *, by_tool: bool = True, over_time: Literal[True]
) -> dict[tuple[datetime, str], ToolFigures]: ...
def tools(scope: Scope, *, by_tool: bool = True, over_time: bool = False) -> Mapping[Any, ToolFigures]:
    """By the tool's name, or all together under ""; with `over_time` by (start of the step, key).

    A call is of the provider, and of the model, whose attempt made it, whatever `provider_is` says. Turns that staff
    forced count.
    """
    wanted = {"provider": scope.provider, "intent": scope.intent, "model": scope.model, "is_voice": _is_voice(scope)}
    found = _read(ToolRollup, scope, wanted, column="name" if by_tool else None, over_time=over_time)
    return {key: _tool_figures(added) for key, added in found.items()}


@overload
def voice(
    scope: Scope,
    *,
    by: Literal[By.SERVED, By.INTENT, By.MODEL, By.NOTHING] = By.NOTHING,
    over_time: Literal[False] = False,
) -> dict[str, VoiceFigures]: ...
@overload
def voice(
    scope: Scope, *, by: Literal[By.SERVED, By.INTENT, By.MODEL, By.NOTHING] = By.NOTHING, over_time: Literal[True]
) -> dict[tuple[datetime, str], VoiceFigures]: ...
def voice(
    scope: Scope, *, by: Literal[By.SERVED, By.INTENT, By.MODEL, By.NOTHING] = By.NOTHING, over_time: bool = False
) -> Mapping[Any, VoiceFigures]:
    """Spoken turns by key, or by (start of the step, key). The channel is not asked for; a provider is who served.

    Turns that staff forced count.
    """
    wanted = {"provider": scope.provider, "intent": scope.intent, "model": scope.model}
    found = _read(VoiceRollup, scope, wanted, column=VOICE_COLUMN.get(by), over_time=over_time)
    return {key: _voice_figures(added) for key, added in found.items()}


def add_over_time(figures: Mapping[tuple[datetime, str], F]) -> dict[str, F]:
    """Figures step by step as figures of the whole, by key."""
    found: dict[str, list[F]] = {}
    for (_, key), one in figures.items():
        found.setdefault(key, []).append(one)
    return {key: those[0].of(those) for key, those in found.items()}


def add_keys(figures: Mapping[str, F], nothing: F) -> F:
    """All of them together."""
    those = [nothing]
    those.extend(figures.values())
    return nothing.of(those)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Which names the log has, for filters to offer and to check: they are what the last weeks hold."""

    providers: tuple[str, ...]
    models: tuple[str, ...]
    intents: tuple[str, ...]


def known(*, weeks: int = 60) -> Known:
    """The names that any turn of the last so many weeks has."""
    since = timezone.now() - timedelta(weeks=weeks)
    rows = TurnRollup.fine.filter(grain="week", start__gte=since).order_by()
    names = rows.values_list("provider", "assigned_provider", "model", "intent").distinct()
    providers, models, intents = set(), set(), set()
    for provider, assigned, model, intent in names:
        providers |= {provider, assigned}
        models.add(model)
        intents.add(intent)
    return Known(
        providers=tuple(sorted(providers - {""})),
        models=tuple(sorted(models - {""})),
        intents=tuple(sorted(intents - {""})),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Turns that were closed until `to` are in the figures; None where nothing was ever built.

    `due` stretches wait to be built: the figures are then not whole. `error` is the class of the last fault, or "".
    """

    to: datetime | None
    is_late: bool
    due: int
    run_at: datetime | None
    took_ms: float | None
    error: str


def freshness(*, now: datetime | None = None) -> Freshness:
    """How far the figures go. Two small queries."""
    now = now or timezone.now()
    state = RollupState.objects.filter(pk=RollupState.ONLY_ID).first() or RollupState()
    late_after = timedelta(seconds=LATE_AFTER_LOOKS * settings.WATCH_INTERVAL_S)
    return Freshness(
        to=state.complete_to,
        is_late=state.complete_to is None or now - state.complete_to > late_after,
        due=RollupDue.objects.count(),
        run_at=state.run_at,
        took_ms=state.took_ms,
        error=state.error,
    )


def _is_voice(scope: Scope) -> bool | None:
    return None if scope.channel is None else scope.channel == "voice"


def _read(
    model: type[Rollup], scope: Scope, wanted: Mapping[str, str | bool | None], *, column: str | None, over_time: bool
) -> dict[Any, Added]:
    """By key or by (start, key), from the smallest margin that has what is filtered by and what is told apart."""
    filters = {dimension: value for dimension, value in wanted.items() if value is not None}
    rows = model.margin_for({*filters, *([column] if column else [])}).filter(**scope.period(), **filters)
    names = (("start",) if over_time else ()) + ((column,) if column else ())
    found: dict[Any, Added] = {}
    for values, added in add_up(rows, by=names).items():
        key = _key(values[-1]) if column else ""
        found[(values[0], key) if over_time else key] = added
    return found


def _key(value: str | bool) -> str:
    return value if isinstance(value, str) else ("text", "voice")[value]


def _turn_figures(added: Added) -> TurnFigures:
    return TurnFigures(**_numbers(added), latency=added.histograms["latency_hist"], ttft=added.histograms["ttft_hist"])


def _tool_figures(added: Added) -> ToolFigures:
    return ToolFigures(**_numbers(added), errors=added.counts["errors"], latency=added.histograms["latency_hist"])


def _voice_figures(added: Added) -> VoiceFigures:
    times: dict[str, Any] = {name.removesuffix("_hist"): found for name, found in added.histograms.items()}
    return VoiceFigures(**_numbers(added), outcomes=added.counts["outcomes"], **times)


def _numbers(added: Added) -> dict[str, Any]:
    """Counts as int, money and squares as float."""
    return {name: float(value) if name.endswith(("_usd", "_sq")) else int(value) for name, value in added.sums.items()}
