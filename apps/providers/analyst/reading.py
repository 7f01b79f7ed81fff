"""What one question asks for, as values: the intent, the symbols, and the figures the person gave."""

from dataclasses import dataclass, field

from apps.market.symbols.mentions import UnknownMention


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the person named; None or empty where they did not. Prices are per share, `risk_pct` in points."""

    timeframe: str | None = None
    account: float | None = None
    risk_pct: float | None = None
    #: A loss in dollars that the person would take; a tool needs it as a share of the account.
    risk_amount: float | None = None
    direction: str | None = None
    entry: float | None = None
    stop: float | None = None
    #: The stop's distance from the entry, in percent of it.
    stop_pct: float | None = None
    #: A number of shares that the person would trade; a plan's size follows the risk instead.
    shares: float | None = None
    #: Keys of overlays and panes of `get_bars`: "rsi_14", "sma_200", "macd", …
    indicators: tuple[str, ...] = ()
    #: Averages asked for by a length that the tools do not have, as written: "100-day".
    other_averages: tuple[str, ...] = ()
    #: A length of bar that the tools do not have, as written: "weekly", "5-minute"; "" where none was named.
    other_bars: str = ""
    #: The named entries asked for, of "ltb", "st" and "qe".
    named_entries: tuple[str, ...] = ()
    #: Whether a day or a year in the past was named; a quote is always the last one.
    other_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One question, understood. `topic` narrows the intent: "order", "why", "forecast", "insider", …

    `confidence` is the model's own probability of `intent`, None for intents it has no class for.
    """

    intent: str
    question: str
    confidence: float | None = None
    symbols: tuple[str, ...] = ()
    unknown: tuple[UnknownMention, ...] = ()
    parameters: Parameters = field(default_factory=Parameters)
    topic: str = ""
