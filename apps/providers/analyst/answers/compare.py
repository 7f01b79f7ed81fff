"""Two to five symbols side by side, as a table over the days they share."""

from collections.abc import Iterator

from apps.market.analysis.timeframes import IN_WORDS
from apps.providers.analyst.answers import phrases
from apps.providers.analyst.turn import Result, Turn

HEADER = "| Symbol | Change | Close | Volatility | Deepest fall | RSI(14) | vs 200-day average |"
RULE = "|:--|--:|--:|--:|--:|--:|--:|"
CLOSE_TOGETHER = 0.7
UNRELATED = 0.3
MOST_PAIRS = 3


def paragraphs(turn: Turn) -> Iterator[str]:
    comparison = turn.result("compare_symbols")
    if comparison is None:
        return
    rows = range(len(comparison.get("rows")))
    yield headline(comparison)
    yield "\n".join((HEADER, RULE, *(row(comparison, f"rows.{index}") for index in rows)))
    yield " ".join(reading(comparison))
    notes = [phrases.sentence(comparison.words(f"notes.{i}")) for i in range(len(comparison.get("notes")))]
    if notes:
        yield " ".join(notes)
    yield conditions(comparison)


def ordered(comparison: Result) -> list[int]:
    """Rows by change, best first."""
    rows = comparison.get("rows")
    return sorted(range(len(rows)), key=lambda index: -rows[index]["change_pct"])


def headline(comparison: Result) -> str:
    best, *_, worst = ordered(comparison)
    window = IN_WORDS.get(comparison.get("timeframe"), "the window asked for")
    if comparison.get("notes"):
        window = "the days they share"
    symbols = [comparison.get(f"rows.{index}.symbol") for index in (best, worst)]
    first = (
        f"**{symbols[0]} did better than {symbols[1]}**"
        if len(comparison.get("rows")) == 2
        else (f"**{symbols[0]} did best and {symbols[1]} worst**")
    )
    return (
        f"{first} over {window}: {comparison.percent(f'rows.{best}.change_pct')} against "
        f"{comparison.percent(f'rows.{worst}.change_pct')}, from {comparison.day('first_day')} to "
        f"{comparison.day('last_day')} ({kinds(comparison)})."
    )


def kinds(comparison: Result) -> str:
    rows = comparison.get("rows")
    described = [(row["symbol"], phrases.data_in_words(comparison, f"rows.{i}.source")) for i, row in enumerate(rows)]
    if len({text for _, text in described}) == 1:
        return described[0][1]
    groups: dict[str, list[str]] = {}
    for symbol, text in described:
        groups.setdefault(text, []).append(symbol)
    return "; ".join(f"{' and '.join(symbols)}: {text}" for text, symbols in groups.items())


def row(comparison: Result, path: str) -> str:
    cells = [
        comparison.get(f"{path}.symbol"),
        comparison.percent(f"{path}.change_pct"),
        comparison.price(f"{path}.close"),
        comparison.size_percent(f"{path}.volatility_pct"),
        comparison.percent(f"{path}.max_drawdown_pct"),
        comparison.number(f"{path}.rsi_14", "one_place") if comparison.has(f"{path}.rsi_14") else "–",
        comparison.percent(f"{path}.vs_sma_200_pct") if comparison.has(f"{path}.vs_sma_200_pct") else "–",
    ]
    return f"| {' | '.join(cells)} |"


def reading(comparison: Result) -> Iterator[str]:
    rows = comparison.get("rows")
    calmest = min(range(len(rows)), key=lambda index: rows[index]["volatility_pct"])
    deepest = min(range(len(rows)), key=lambda index: rows[index]["max_drawdown_pct"])
    yield (
        f"{rows[calmest]['symbol']} was the calmer ride."
        if len(rows) == 2
        else f"{rows[calmest]['symbol']} was the calmest ride."
    )
    if rows[deepest]["max_drawdown_pct"] < 0:
        depth = comparison.size_percent(f"rows.{deepest}.max_drawdown_pct")
        yield f"{rows[deepest]['symbol']} fell furthest from a high, by {depth}."
    for pair in telling_pairs(comparison.get("correlation")):
        value = comparison.get(f"correlation.{pair}")
        how = (
            "move closely together"
            if value >= CLOSE_TOGETHER
            else "hardly move together"
            if value < UNRELATED
            else "move together in part"
        )
        yield f"{pair.replace('/', ' and ')} {how} (correlation {comparison.number(f'correlation.{pair}', 'ratio')})."


def telling_pairs(correlation: dict[str, float | None]) -> list[str]:
    """The pairs to speak of: all of a few, else the closest and the loosest."""
    known = sorted((value, pair) for pair, value in correlation.items() if value is not None)
    if len(known) <= MOST_PAIRS:
        return [pair for pair in correlation if correlation[pair] is not None]
    return [known[-1][1], known[0][1]]


def conditions(comparison: Result) -> str:
    rows = comparison.get("rows")
    best, *_, worst = (rows[index]["symbol"] for index in ordered(comparison))
    return (
        f"If the lead of {best} holds through the next pullback, the relative strength is real; "
        f"if {worst} closes the gap while "
        f"{best} stalls, this ranking has turned. Past performance says little about the next stretch."
    )
