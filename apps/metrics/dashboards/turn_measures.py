"""The measures of turns that more than one dashboard shows."""

from collections.abc import Callable

from apps.metrics.dashboards.figures import Figure, Unit, mean, plain, quantile, share
from apps.metrics.dashboards.measures import LOW, Measure
from apps.metrics.rollups.figures import TurnFigures
from apps.metrics.rollups.histogram import Histogram

Turns = Measure[TurnFigures]


def _waiting(key: str, label: str, p: float, column: str, of: Callable[[TurnFigures], Histogram], help: str) -> Turns:
    def lookups(figure: Figure) -> dict[str, str]:
        """For the tail, the turns in it; the middle is everybody's."""
        return {f"{column}__gte": f"{figure.value:.0f}"} if p > 0.5 and figure.value is not None else {}

    return Measure(
        key=f"{key}_p{p * 100:.0f}",
        label=f"{label} p{p * 100:.0f}",
        unit=Unit.MS,
        figure=lambda turns: quantile(of(turns), p),
        better=LOW,
        help=help,
        lookups=lookups,
    )


LATENCY_HELP = (
    "From the question accepted to the whole answer, fallbacks included; turns that the person stopped are out."
)
TTFT_HELP = "From the question accepted to the first text; turns without any text are out."
LATENCY = {
    p: _waiting("latency", "Latency", p, "latency_ms", lambda f: f.latency, LATENCY_HELP) for p in (0.5, 0.95, 0.99)
}
TTFT = {p: _waiting("ttft", "TTFT", p, "ttft_ms", lambda f: f.ttft, TTFT_HELP) for p in (0.5, 0.95, 0.99)}

TURNS: Turns = Measure(
    key="turns",
    label="Turns",
    unit=Unit.COUNT,
    figure=lambda f: plain(f.turns, unit=Unit.COUNT, n=f.turns),
    help="Questions whose turn is over, however it ended.",
)
SEEN_ERRORS: Turns = Measure(
    key="seen_errors",
    label="Errors people saw",
    unit=Unit.PERCENT,
    figure=lambda f: share(f.failed, f.answered_or_failed),
    better=LOW,
    help="Turns in which no provider gave an answer, of all that the person did not stop.",
    lookups=lambda _: {"success__exact": "0"},
)
BACKEND_ERRORS: Turns = Measure(
    key="backend_errors",
    label="Backend errors",
    unit=Unit.PERCENT,
    figure=lambda f: share(f.failed_first, f.asked_first),
    better=LOW,
    help="The assigned provider’s own first try failed, whether or not another one rescued the turn.",
    lookups=lambda _: {"failed_first": "1"},
)
RESCUED: Turns = Measure(
    key="rescued",
    label="Served by another",
    unit=Unit.PERCENT,
    figure=lambda f: share(f.fallbacks, f.turns),
    better=LOW,
    help="Turns that another provider served than the one they were routed to.",
    lookups=lambda _: {"is_fallback__exact": "1"},
)
STOPPED: Turns = Measure(
    key="stopped",
    label="Stopped by the person",
    unit=Unit.PERCENT,
    figure=lambda f: share(f.stopped, f.turns),
    help="The person stopped the answer; it counts as neither an answer nor an error.",
    lookups=lambda _: {"status__exact": "interrupted", "success__isnull": "True"},
)
TOKENS: Turns = Measure(
    key="tokens_per_turn",
    label="Tokens per turn",
    unit=Unit.TOKENS,
    figure=lambda f: mean(
        f.tokens_input + f.tokens_output,
        f.tokens_sq,
        f.tokens_known,
        unit=Unit.TOKENS,
        n_unknown=f.turns - f.tokens_known,
    ),
    better=LOW,
    help="Input and output together; cached tokens are part of the input, reasoning is part of the output.",
)
COST: Turns = Measure(
    key="cost_per_query",
    label="Cost per query",
    unit=Unit.USD,
    figure=lambda f: mean(f.cost_usd, f.cost_usd_sq, f.cost_known, unit=Unit.USD, n_unknown=f.cost_unknown),
    better=LOW,
    help="All attempts of a turn together. A turn whose price is unknown is left out and counted. What a try used that "
    "broke off before it said so is in no figure: the bill may be higher.",
)
COST_TOTAL: Turns = Measure(
    key="cost_total",
    label="Cost together",
    unit=Unit.USD,
    figure=lambda f: (
        plain(f.cost_usd, unit=Unit.USD, n=f.cost_known) if f.cost_known else Figure(unit=Unit.USD, text="Unknown")
    ),
    help="What is known of it.",
)
COST_UNKNOWN: Turns = Measure(
    key="cost_unknown",
    label="Cost unknown",
    unit=Unit.COUNT,
    figure=lambda f: plain(f.cost_unknown, unit=Unit.COUNT, n=f.turns),
    help="Turns whose price nobody knows: never counted as free.",
    lookups=lambda _: {"cost_usd__isnull": "True"},
)


def tokens_of(key: str, label: str, of: Callable[[TurnFigures], int]) -> Turns:
    return Measure(
        key=key,
        label=label,
        unit=Unit.TOKENS,
        figure=lambda f: mean(of(f), None, f.tokens_known, unit=Unit.TOKENS),
    )


TOKENS_INPUT = tokens_of("tokens_input", "Input", lambda f: f.tokens_input)
TOKENS_CACHED = tokens_of("tokens_cached", "of it cached", lambda f: f.tokens_cached)
TOKENS_OUTPUT = tokens_of("tokens_output", "Output", lambda f: f.tokens_output)
TOKENS_REASONING = tokens_of("tokens_reasoning", "of it reasoning", lambda f: f.tokens_reasoning)
