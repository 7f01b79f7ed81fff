"""What the page shows beside the answer: charts with their lines, the plan, the comparison, sources, next questions."""

from typing import Any

from apps.providers.analyst.answers import talk
from apps.providers.analyst.answers.chart import overlays
from apps.providers.analyst.answers.phrases import bias_of
from apps.providers.analyst.turn import Result, Turn
from apps.providers.sidecar import ChartView, Sidecar

CHARTED = frozenset({"chart", "indicators", "levels", "plan"})
#: Intents whose chart carries other lines than the levels, or none.
WITHOUT_LEVELS = frozenset({"indicators", "plan"})
MOST_LINES = 3
MOST_FIGURES = 4
INDICATOR_DEFAULTS = ("sma_50", "sma_200", "rsi_14", "macd")


def sidecar(turn: Turn) -> Sidecar:
    reading = turn.reading
    plan, comparison = turn.result("build_trade_plan"), turn.result("compare_symbols")
    return Sidecar(
        intent=reading.intent,
        confidence=None if reading.confidence is None else round(reading.confidence, 3),
        symbols=shown_symbols(turn),
        bias=bias(turn),
        charts=charts(turn),
        plan_call_id=plan.call_id if plan else None,
        comparison_call_id=comparison.call_id if comparison else None,
        entry=plan.get("entry") if plan else None,
        stop=plan.get("stop") if plan else None,
        targets=[target["price"] for target in plan.get("targets")] if plan else [],
        facts=list(turn.ledger.facts),
        sources=sources(turn),
        suggestions=suggestions(turn),
    )


def shown_symbols(turn: Turn) -> list[str]:
    if turn.reading.intent == "overview":
        return list(dict.fromkeys(quote.get("symbol") for quote in turn.results("get_quote")))
    return [symbol for symbol in turn.reading.symbols if symbol not in turn.left_out]


def bias(turn: Turn) -> str | None:
    """By the written rule, of the first symbol spoken of; None for an answer that reads none."""
    read = turn.result("get_indicators")
    if read is None or turn.reading.intent not in (*CHARTED, "quote"):
        return None
    return bias_of(read) if read.get("symbol") in shown_symbols(turn)[:1] else None


def charts(turn: Turn) -> list[ChartView]:
    """One a symbol and window that bars were fetched of; none for reasons, and none beside a comparison's own chart."""
    reading = turn.reading
    if reading.topic == "why" or (reading.intent not in CHARTED and turn.result("compare_symbols")):
        return []
    asked = reading.parameters.indicators
    if reading.intent == "indicators" and not asked:
        asked = INDICATOR_DEFAULTS
    windows = {(bars.get("symbol"), bars.get("timeframe")): bars for bars in turn.results("get_bars")}
    return [
        ChartView(
            call_id=bars.call_id,
            symbol=bars.get("symbol"),
            timeframe=bars.get("timeframe"),
            indicators=overlays(bars, asked),
            lines=lines(turn, bars.get("symbol")),
        )
        for bars in list(windows.values())[:MOST_FIGURES]
    ]


def lines(turn: Turn, symbol: str) -> list[dict[str, Any]]:
    """Horizontal prices on the chart of `symbol`: those of its plan, or its nearest levels."""
    plan, levels = (of_symbol(turn.results(name), symbol) for name in ("build_trade_plan", "get_levels"))
    if plan:
        found = [line(plan, "entry", "Entry", "entry"), line(plan, "stop", "Stop", "stop")]
        count = len(plan.get("targets"))
        names = ["Target"] if count == 1 else [f"Target {index + 1}" for index in range(count)]
        return found + [line(plan, f"targets.{i}.price", name, "target") for i, name in enumerate(names)]
    if levels and turn.reading.intent not in WITHOUT_LEVELS:
        found = [
            line(levels, f"{side}.{index}.price", side.capitalize(), side)
            for side in ("support", "resistance")
            for index in range(min(MOST_LINES, len(levels.get(side))))
        ]
        return found + [
            line(levels, f"{key}.price", key.upper(), "entry") for key in ("ltb", "st", "qe") if levels.get(key)
        ]
    return []


def of_symbol(results: list[Result], symbol: str) -> Result | None:
    return next((result for result in results if result.get("symbol") == symbol), None)


def line(result: Result, path: str, label: str, role: str) -> dict[str, Any]:
    return {"price": result.get(path), "label": label, "role": role}


def sources(turn: Turn) -> list[dict[str, Any]]:
    """Each source once, in the order of the calls."""
    found: list[dict[str, Any]] = []
    for called in turn.calls:
        if not called.ok:
            continue
        result = turn.ledger.results[called.call_id]
        for source in (result.get("source"), *(row.get("source") for row in result.get("rows", []))):
            if source:
                found.append({key: source[key] for key in ("label", "kind", "as_of", "symbol", "note")})
        for passage in result.get("passages", [])[:1]:
            label = f"{passage['file']}, “{passage['heading']}”"
            found.append({"label": label, "kind": "knowledge", "file": passage["file"], "heading": passage["heading"]})
        if result.get("articles"):
            found.append({"label": result["provider"], "kind": "news", "as_of": None, "symbol": result["symbol"]})
    return [source for index, source in enumerate(found) if source not in found[:index]]


def suggestions(turn: Turn) -> list[str]:
    """Two or three questions that follow from this answer, ready to send."""
    reading = turn.reading
    if reading.unknown and not turn.calls:
        nearest = [symbol for mention in reading.unknown for symbol in mention.nearest][:3]
        return [f"What's the price of {symbol}?" for symbol in nearest] or list(talk.EXAMPLES)
    if failed := after_failure(turn):
        return failed
    symbol = reading.symbols[0] if reading.symbols else "AAPL"
    return [question for question in follow_ups(turn, symbol) if question.lower() != reading.question.lower()][:3]


def follow_ups(turn: Turn, symbol: str) -> list[str]:
    reading, other = turn.reading, peer(turn)
    match reading.intent:
        case "quote":
            return [
                f"Show me the {symbol} chart",
                f"Where are the levels of {symbol}?",
                f"Compare {symbol} and {other}",
            ]
        case "chart":
            return [f"Where are support and resistance for {symbol}?", f"What do the indicators say about {symbol}?"]
        case "indicators":
            return [f"Where would you enter {symbol} and where is the stop?", f"Compare {symbol} and {other}"]
        case "levels":
            return [f"Where would you enter {symbol} and where is the stop?", "How do you find levels?"]
        case "plan":
            return [
                f"Plan {symbol} with a $25,000 account and 1% risk",
                "How does position sizing work?",
                f"Show me the {symbol} chart",
            ]
        case "compare":
            return [f"What do the indicators say about {name}?" for name in reading.symbols[:2]]
        case "news":
            return [f"Show me the {symbol} chart", f"What do the indicators say about {symbol}?"]
        case "overview":
            return ["Show me the SPY chart", "What do the indicators say about QQQ?", "Compare SPY and QQQ"]
        case "knowledge":
            return [
                "Where would you enter IBM and where is the stop?",
                "What does load the boat mean?",
                "How do you size a position?",
            ]
        case "greeting":
            return ["How is the market?", *talk.EXAMPLES[:2]]
        case "clarify":
            return clarifying(reading.topic, symbol, named=bool(reading.symbols))
        case _:
            return declined(reading.topic, symbol, named=bool(reading.symbols))


def peer(turn: Turn) -> str:
    """A symbol that the one spoken of can be compared with: of the same kind of data, so that they share days."""
    kinds = [source["kind"] for source in sources(turn) if "symbol" in source]
    peers = ("SPY", "QQQ") if kinds[:1] == ["simulated"] else ("MSFT", "GOOG")
    return next((symbol for symbol in peers if symbol not in turn.reading.symbols), peers[0])


def after_failure(turn: Turn) -> list[str]:
    """Nothing could be had: other symbols where the data has none of this one, else the same question again."""
    if not turn.failures or any(called.ok for called in turn.calls):
        return []
    error = turn.ledger.results[turn.failures[0].call_id]["error"]
    if error.get("available"):
        return [f"What's the price of {symbol}?" for symbol in error["available"][:3]]
    if error["code"] == "not_enough_history":
        return ["Compare AAPL and GOOG", "Compare SPY and QQQ"]
    return [turn.reading.question, *talk.EXAMPLES[:1]]


def clarifying(wanted: str, symbol: str, *, named: bool) -> list[str]:
    choices = ("AAPL", "SPY", "TSLA")
    match wanted:
        case "meant":
            return [f"What's the price of {symbol}?"]
        case "compare":
            pairs = [f"Compare {symbol} and {other}" for other in ("MSFT", "GOOG", "SPY")]
            return pairs if named else ["Compare AAPL and GOOG", "Compare SPY and QQQ", "Compare IBM and MSFT"]
        case "plan":
            return [f"Trade plan for {choice}" for choice in choices]
        case "levels":
            return [f"Key levels of {choice}" for choice in choices]
        case "chart":
            return [f"Show me the {choice} chart" for choice in choices]
        case "indicators":
            return [f"What do the indicators say about {choice}?" for choice in choices]
        case "news":
            return [f"Any news on {choice}?" for choice in choices]
        case _:
            return [f"What's the price of {symbol}?", f"Show me the {symbol} chart", f"Trade plan for {symbol}"]


def declined(topic: str, symbol: str, *, named: bool) -> list[str]:
    match topic:
        case "distress":
            return ["How do I deal with a losing streak?", "How does position sizing work?"]
        case "reckless" | "promises":
            return ["How does position sizing work?", f"Trade plan for {symbol} risking 1%"]
        case "" if named:
            return declined("fundamentals", symbol, named=named)
        case "order":
            return clarifying("plan", symbol, named=named)
        case "" | "tax_or_law" | "advice" | "closed_preview":
            return list(talk.EXAMPLES)
        case _:
            return [
                f"What's the price of {symbol}?",
                f"Show me the {symbol} chart",
                f"What do the indicators say about {symbol}?",
            ]
