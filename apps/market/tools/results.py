"""What each tool answers. Prices and percentages are rounded here, once, to the places people read.

Prices have two places (four below 1), percentages two, ratios two, RSI one. A percentage is in points: 1.25
means 1.25 %. A value that cannot be computed is None and a note says why. Dates are ISO days in JSON.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.market.values import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where numbers come from, as people read it. `label` is one clause: "sample data to 1 Mar 2013"."""

    symbol: str
    source: str
    kind: Kind
    as_of: date
    label: str
    note: str = ""
    #: The last bar's day is not over: its "close" is the price so far.
    is_forming: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The last bar of a symbol against the one before it."""

    symbol: str
    name: str
    close: float
    previous_close: float | None
    change: float | None
    change_pct: float | None
    open: float
    high: float
    low: float
    volume: int
    #: One sentence on the market now: "NYSE is closed; it opens Monday 09:30 ET."
    market_status: str
    #: Trading sessions between the last bar and the last finished session; 0 means up to date.
    sessions_old: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A window of daily bars with overlays of the same length, each computed over the whole history.

    `bars` rows are `[ISO day, open, high, low, close, volume]`, oldest first. `overlays` maps `sma_20`, `sma_50`,
    `sma_200`, `ema_12`, `ema_26`, `bollinger_upper`, `bollinger_lower` to a value or None per bar. `panes` maps
    `rsi_14` to such a list, `macd` to `{"macd": …, "signal": …, "histogram": …}`, `atr_14` to a list.
    """

    symbol: str
    name: str
    timeframe: str
    first_day: date
    last_day: date
    n_bars: int
    close: float
    change_pct: float
    high: float
    high_day: date
    low: float
    low_day: date
    bars: list[list[Any]]
    overlays: dict[str, list[float | None]]
    panes: dict[str, Any]
    notes: list[str]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators:
    """The last value of each indicator, computed over the whole history; None with a note where bars are too few."""

    symbol: str
    name: str
    n_bars: int
    close: float
    sma_20: float | None
    sma_50: float | None
    sma_200: float | None
    #: Where the close stands against the average, in percent of the average.
    vs_sma_50_pct: float | None
    vs_sma_200_pct: float | None
    ema_12: float | None
    ema_26: float | None
    rsi_14: float | None
    macd: float | None
    macd_signal: float | None
    macd_histogram: float | None
    atr_14: float | None
    #: ATR in percent of the close.
    atr_pct: float | None
    bollinger_upper: float | None
    bollinger_middle: float | None
    bollinger_lower: float | None
    volume: int
    volume_avg_20: int | None
    #: Today's volume over its 20-day average: 1.5 means half as much again.
    volume_ratio: float | None
    high_52w: float
    low_52w: float
    #: From the 52-week high to the close, in percent of the high; never above 0.
    vs_high_52w_pct: float | None
    #: "up", "down" or "sideways", by written rule: close, 50-day and 200-day average in order.
    trend: str
    notes: list[str]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One price level. `name` is "support", "resistance", "LTB", "ST" or "QE"; `reasons` say why it is one."""

    name: str
    price: float
    #: From the close to the level, in percent of the close; negative below.
    distance_pct: float
    #: The same in multiples of ATR(14).
    distance_atr: float
    touches: int
    last_touch: date | None
    reasons: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Support below and resistance above the close, nearest first, and the three named entries.

    A named entry is None when no level meets its written definition; `why_none` then says why, by name.
    """

    symbol: str
    name: str
    close: float
    atr_14: float
    support: list[Level]
    resistance: list[Level]
    ltb: Level | None
    st: Level | None
    qe: Level | None
    why_none: dict[str, str]
    notes: list[str]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a plan takes profit. `reward_risk` is the distance to it over the distance to the stop."""

    price: float
    reward_risk: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePlan:
    """A conditional plan, never an advice: if price does this, then entry, stop, targets and size are these.

    `shares` is whole and rounded down. `risk_amount` is what the stop would cost with these shares.
    `assumptions` say which inputs were not given ("account of 10,000 assumed"); `warnings` what is weak.
    """

    symbol: str
    name: str
    direction: str
    #: "LTB", "ST", "QE", "support", "resistance" (of a short), "close" or "given": what the entry rests on.
    setup: str
    close: float
    entry: float
    entry_reason: str
    stop: float
    stop_reason: str
    stop_distance_pct: float
    stop_distance_atr: float
    targets: list[Target]
    #: To the first target.
    reward_risk: float
    account: float
    risk_pct: float
    risk_per_share: float
    risk_amount: float
    shares: int
    position_value: float
    position_pct: float
    #: What would make the plan void, as one sentence.
    invalidation: str
    #: The plan lapses if not filled within this many sessions.
    expires_sessions: int
    assumptions: list[str]
    warnings: list[str]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSymbol:
    """One row of a comparison, over the window that all its symbols share."""

    symbol: str
    name: str
    first_close: float
    close: float
    change_pct: float
    #: Annualised standard deviation of daily log returns, in percent.
    volatility_pct: float
    #: Deepest fall from a high inside the window, in percent, as a negative number.
    max_drawdown_pct: float
    rsi_14: float | None
    vs_sma_200_pct: float | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two to five symbols over the days they have in common. `performance` is in percent since the first day."""

    symbols: list[str]
    timeframe: str
    first_day: date
    last_day: date
    n_days: int
    rows: list[ComparedSymbol]
    #: Pearson correlation of daily log returns by pair: {"AAPL/GOOG": 0.41}.
    correlation: dict[str, float]
    days: list[date]
    performance: dict[str, list[float]]
    notes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    title: str
    url: str
    publisher: str
    published_at: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Recent articles on a symbol; without a news provider `articles` is empty and `note` says so."""

    symbol: str
    name: str
    provider: str | None
    articles: list[Article]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A part of our own writing: the text under one heading of one file, as Markdown."""

    file: str
    heading: str
    title: str
    text: str
    #: BM25 score; comparable only within one answer.
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    query: str
    passages: list[Passage]
