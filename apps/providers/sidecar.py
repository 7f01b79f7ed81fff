"""The structured part of an answer: the same shape from every provider, so that one page shows them all."""

from dataclasses import asdict, dataclass, field
from typing import Any

INTENTS = (
    "quote",
    "chart",
    "indicators",
    "levels",
    "plan",
    "compare",
    "news",
    "overview",
    "knowledge",
    "greeting",
    "clarify",
    "out_of_scope",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A printed number or date and the tool value it repeats.

    `text` is how the answer prints it. Facts stand in the order in which the answer prints them, so a page can link
    each occurrence. `path` leads into the result of `call_id`: "targets.0.price".
    """

    id: str
    text: str
    call_id: str
    path: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartView:
    """A chart to draw from the `get_bars` result of `call_id`.

    `indicators` name overlays or panes of that result. `lines` are horizontal prices:
    `{"price", "label", "role"}` with role support, resistance, entry, stop or target.
    """

    call_id: str
    symbol: str
    timeframe: str
    indicators: list[str] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What the page shows beside the text. Call ids point at tool results of the same turn.

    `confidence` is the classifier's own probability for `intent`, 0 to 1, or None where none was measured.
    """

    intent: str
    confidence: float | None = None
    symbols: list[str] = field(default_factory=list)
    #: "bullish", "bearish" or "neutral", by written rule; None where the answer takes no side.
    bias: str | None = None
    charts: list[ChartView] = field(default_factory=list)
    #: Call id of the `build_trade_plan` result to show as a card.
    plan_call_id: str | None = None
    #: Call id of the `compare_symbols` result to show as a table and a line chart.
    comparison_call_id: str | None = None
    #: The plan's prices as its tool gave them; None and empty where there is no plan.
    entry: float | None = None
    stop: float | None = None
    targets: list[float] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    #: Numbers and dates that the answer prints and that neither a tool nor the person gave, as printed.
    unverified: list[str] = field(default_factory=list)
    #: One a source: {"label", "kind", "as_of", "symbol", "note"}, or {"label", "kind": "knowledge", "file", "heading"}.
    sources: list[dict[str, Any]] = field(default_factory=list)
    #: Questions to ask next, ready to send.
    suggestions: list[str] = field(default_factory=list)
    version: int = 1

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
