"""Wording that every answer shares: where prices come from, how old they are, what speaks for and against."""

from collections.abc import Iterator

from apps.providers.analyst.turn import Result, Turn

#: Momentum is "up" from the first RSI on, "down" below it; MACD has to agree.
MIDDLE_RSI = 50.0
CRYPTO = "-USD"
SIMULATED = "simulated: made-up prices, not the market's"


def data_in_words(result: Result, path: str = "source") -> str:
    """What kind of data it is, as people read it: "sample data"."""
    match result.get(f"{path}.kind"):
        case "simulated":
            return SIMULATED
        case "sample":
            return "sample data"
        case _:
            return f"data from {result.words(f'{path}.source')}"


def stamp(result: Result, path: str = "source") -> str:
    """Day and kind of the data, for the first sentence: "on 1 Mar 2013 (sample data)"."""
    return f"on {result.day(f'{path}.as_of')} ({data_in_words(result, path)})"


def closed_at(result: Result) -> str:
    """The verb before a price: a day that is not over has not closed."""
    return "stands at" if result.get("source.is_forming") else "closed at"


def last_close(result: Result) -> str:
    return "price so far" if result.get("source.is_forming") else "last close"


def a_close(result: Result) -> str:
    return "a price of" if result.get("source.is_forming") else "a close of"


def changed(result: Result, path: str) -> str:
    """ "rose 1.25 %", "fell 2.48 %" or "did not move"."""
    value = result.get(path)
    if not value:
        return "did not move"
    return f"{'rose' if value > 0 else 'fell'} {result.size_percent(path)}"


def side_of(result: Result, path: str) -> str:
    """ "2.10 % above" or "2.10 % below", of a distance in percent."""
    return f"{result.size_percent(path)} {'below' if result.get(path) < 0 else 'above'}"


def age(quote: Result) -> str:
    """How old the quote is, and what the market does now."""
    old = quote.get("sessions_old")
    if quote.get("source.is_forming"):
        return quote.words("market_status")
    if not old:
        text = "That is the last finished session."
    else:
        unit = "day" if quote.get("symbol").endswith(CRYPTO) else "session"
        ago = f"{quote.number('sessions_old', 'count')} {unit if old == 1 else f'{unit}s'}"
        is_sample = quote.get("source.kind") == "sample"
        text = f"The sample ends there, {ago} ago." if is_sample else f"That price is {ago} old."
    return f"{text} {quote.words('market_status')}"


def stale(turn: Turn) -> Iterator[str]:
    """One sentence where the prices are behind the market; a sample says its day by itself."""
    quote = turn.result("get_quote")
    if quote and quote.get("sessions_old") and quote.get("source.kind") != "sample":
        yield age(quote)


def source_notes(turn: Turn) -> Iterator[str]:
    """What must be known of market data: that it is stale, that its last bar still forms, which venue it is of.

    Sample and simulated data are named in each answer's own words; their notes stand beside it, with the sources.
    """
    told: set[str] = set()
    for result in turn.good_results:
        for path in source_paths(result):
            note = result.get(f"{path}.note")
            if note and note not in told and result.get(f"{path}.kind") == "real":
                told.add(note)
                yield sentence(result.words(f"{path}.note"))


def source_paths(result: Result) -> Iterator[str]:
    """Where a result names its source, or the source of each of its rows."""
    if result.holds("source"):
        yield "source"
    if result.holds("rows"):
        yield from (f"rows.{number}.source" for number in range(len(result.get("rows"))))


def sentence(text: str) -> str:
    """The phrase with a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def clause(text: str) -> str:
    """A phrase of a tool as a part of our own sentence."""
    return text.strip().rstrip(".")


def momentum(indicators: Result) -> str | None:
    """ "up", "down" or "mixed" by RSI and MACD; None where either is missing."""
    rsi, histogram = indicators.get("rsi_14"), indicators.get("macd_histogram")
    if rsi is None or histogram is None:
        return None
    if rsi >= MIDDLE_RSI and histogram > 0:
        return "up"
    return "down" if rsi < MIDDLE_RSI and histogram < 0 else "mixed"


def bias_of(indicators: Result) -> str:
    """Bullish when trend and momentum both point up, bearish when both point down, neutral otherwise."""
    match indicators.get("trend"), momentum(indicators):
        case "up", "up":
            return "bullish"
        case "down", "down":
            return "bearish"
        case _:
            return "neutral"


def trend_sentence(indicators: Result) -> str:
    trend = indicators.get("trend")
    direction = {"up": "The trend points up", "down": "The trend points down"}.get(trend, "The trend runs sideways")
    parts = []
    if indicators.has("vs_sma_50_pct"):
        parts.append(f"{side_of(indicators, 'vs_sma_50_pct')} its 50-day average")
    if indicators.has("vs_sma_200_pct"):
        parts.append(f"{side_of(indicators, 'vs_sma_200_pct')} its 200-day average")
    where = f": the close is {' and '.join(parts)}" if parts else ""
    return f"{direction}{where}."


def momentum_sentence(indicators: Result) -> str:
    parts = []
    if indicators.has("rsi_14"):
        rsi = indicators.get("rsi_14")
        state = "overbought" if rsi >= 70 else "oversold" if rsi <= 30 else "neither overbought nor oversold"
        parts.append(f"RSI(14) is {indicators.number('rsi_14', 'one_place')}, {state}")
    if indicators.has("macd_histogram"):
        above = "above" if indicators.get("macd_histogram") > 0 else "below"
        parts.append(f"MACD stands {above} its signal line")
    if not parts:
        return ""
    state = {"up": "Momentum is up", "down": "Momentum is down", "mixed": "Momentum is mixed"}.get(
        momentum(indicators) or "", "On momentum"
    )
    return f"{state}: {'; '.join(parts)}."


def missing_average(indicators: Result) -> Iterator[str]:
    """Why there is no 200-day average, where there is none."""
    if not indicators.has("sma_200"):
        bars = indicators.number("n_bars", "count")
        yield f"There is no 200-day average: {indicators.get('symbol')} has {bars} bars here, and it takes two hundred."


def cases(turn: Turn) -> Iterator[str]:
    """Bull case, bear case and what would change the view, as conditions on measured prices."""
    indicators, levels = turn.result("get_indicators"), turn.result("get_levels")
    if indicators is None:
        return
    plan = turn.result("build_trade_plan")
    above = ("resistance.0.price" if levels and levels.get("resistance") else None) if levels else None
    below = ("support.0.price" if levels and levels.get("support") else None) if levels else None
    yield "\n".join(
        (
            f"- **Bull case:** if {up_condition(indicators, levels, above)}, buyers have shown their hand"
            f"{next_step(levels, 'resistance')}.",
            f"- **Bear case:** if {down_condition(indicators, levels, below)}, sellers are in charge"
            f"{next_step(levels, 'support')}.",
            "- **What would change the view:** "
            f"{plan_turning_point(plan, indicators) if plan else turning_point(indicators)}.",
        )
    )


def up_condition(indicators: Result, levels: Result | None, path: str | None) -> str:
    if levels and path:
        return f"it closes above the resistance at {levels.price(path)}"
    return f"it closes above its 52-week high, {indicators.price('high_52w')}"


def down_condition(indicators: Result, levels: Result | None, path: str | None) -> str:
    if levels and path:
        return f"it closes below the support at {levels.price(path)}"
    return f"it closes below its 52-week low, {indicators.price('low_52w')}"


def next_step(levels: Result | None, side: str) -> str:
    """The level after the nearest one."""
    if levels is None or len(levels.get(side)) < 2:
        return ""
    return f", and the next {side} is {levels.price(f'{side}.1.price')}"


def turning_point(indicators: Result) -> str:
    path, name = ("sma_200", "200-day") if indicators.has("sma_200") else ("sma_50", "50-day")
    if not indicators.has(path):
        return "more history; with so few bars there is no average to lean on"
    above = indicators.get("close") >= indicators.get(path)
    wrong = "below" if above else "above"
    rsi = f", with RSI(14) {'under' if above else 'over'} its middle," if indicators.has("rsi_14") else ""
    return f"a close {wrong} the {name} average at {indicators.price(path)}{rsi} would say this reading is wrong"


def plan_turning_point(plan: Result, indicators: Result) -> str:
    """What would speak against the plan's own direction, which need not be the trend's."""
    direction = plan.get("direction")
    behind, ahead = ("below", "above") if direction == "long" else ("above", "below")
    path, name = ("sma_200", "200-day") if indicators.has("sma_200") else ("sma_50", "50-day")
    has_average = indicators.has(path)
    is_along = has_average and (indicators.get("close") >= indicators.get(path)) == (direction == "long")
    if is_along:
        average = f"the {name} average at {indicators.price(path)}"
        return f"a close {behind} {average} would turn the longer trend against this {direction}"
    void = f"a close {behind} the stop at {plan.price('stop')} voids this {direction}"
    if not has_average:
        return void
    average = f"the {name} average at {indicators.price(path)}"
    return f"{void}; a close {ahead} {average} would put the longer trend behind it"


def bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
