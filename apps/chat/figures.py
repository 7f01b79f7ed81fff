"""What an answer shows besides its text: a chart, a plan card, a comparison; each from the tool result it repeats.

A figure is whole without a script: a summary in words, a table, and the data as JSON for the script that draws.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.chat import formats
from apps.chat.formats import Change
from apps.market.analysis.rounding import price_text

Json = dict[str, Any]

WATERMARKS = {"sample": "SAMPLE DATA", "simulated": "SIMULATED"}
DEFAULT_OVERLAYS = ("sma_50", "sma_200")
BASES = {
    "given": "entry as given",
    "support": "entry at support",
    "resistance": "entry at resistance",
    "close": "entry at the last close",
}
ROWS_IN_TABLE = 10
#: Room at both ends of the plan's scale, in percent of its width.
SCALE_MARGIN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    day: str
    open: str
    high: str
    low: str
    close: str
    volume: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    label: str
    price: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`payload` is what static/js/chart.js draws; `summary` says the same in a sentence or two."""

    id: str
    symbol: str
    title: str
    span: str
    summary: str
    source: str
    kind: str
    payload: Json
    rows: list[BarRow]
    lines: list[PriceLine]
    notes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One price of a plan: "Entry", "Stop", "Target 1". `mark` picks its sign on the scale."""

    mark: str
    label: str
    price: str
    detail: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a price stands on the plan's scale, 0 to 100."""

    mark: str
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    id: str
    symbol: str
    title: str
    basis: str
    steps: list[Step]
    reward_risk: str
    shares: str
    position: str
    risk: str
    risk_share: str
    invalidation: str
    #: How many sessions the plan waits for its entry.
    expiry: str
    assumptions: list[str]
    warnings: list[str]
    source: str
    kind: str
    marks: list[Mark]
    #: Start and width on the scale of what the stop risks and of what the last target would bring.
    risk_span: tuple[float, float]
    reward_span: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRow:
    slot: int
    symbol: str
    name: str
    close: str
    change: Change
    volatility: str
    drawdown: str
    rsi: str
    vs_sma_200: str
    source: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    id: str
    title: str
    span: str
    summary: str
    rows: list[ComparedRow]
    correlation: list[tuple[str, str]]
    notes: list[str]
    payload: Json


def chart(view: Json, result: Json, *, id: str) -> Chart:
    """A chart of a `get_bars` result as the sidecar's view asks for it; without a wish, with the two long averages."""
    source = result.get("source") or {}
    wanted = view.get("indicators") or DEFAULT_OVERLAYS
    lines = [line for line in view.get("lines") or [] if isinstance(line.get("price"), int | float)]
    first, last = formats.day(result["first_day"]), formats.day(result["last_day"])
    move = formats.change(result["change_pct"])
    moved = (
        "unchanged" if move.direction == "flat" else f"{move.direction} {formats.percent(abs(result['change_pct']))}"
    )
    label = source.get("label", "source unknown")
    closed = "stands at" if source.get("is_forming") else "closed at"
    summary = (
        f"{result['symbol']} {closed} {price_text(result['close'])} on {last} ({label}), {moved} since {first}. "
        f"Highest {price_text(result['high'])} on {formats.day(result['high_day'])}, "
        f"lowest {price_text(result['low'])} on {formats.day(result['low_day'])}."
    )
    return Chart(
        id=id,
        symbol=result["symbol"],
        title=formats.titled(result["symbol"], result["name"]),
        span=f"Daily, {first} to {last}",
        summary=summary,
        source=source.get("label", ""),
        kind=source.get("kind", ""),
        payload={
            "bars": result["bars"],
            "overlays": {name: result["overlays"][name] for name in wanted if name in (result.get("overlays") or {})},
            "panes": {name: result["panes"][name] for name in wanted if name in (result.get("panes") or {})},
            "lines": lines,
            "watermark": WATERMARKS.get(source.get("kind", ""), ""),
            "precision": 4 if result["close"] < 1 else 2,
        },
        rows=[bar_row(bar) for bar in reversed(result["bars"][-ROWS_IN_TABLE:])],
        lines=[
            PriceLine(label=str(line.get("label", "")), price=price_text(line["price"]), role=str(line.get("role", "")))
            for line in lines
        ],
        notes=list(result.get("notes") or []),
    )


def bar_row(bar: list[Any]) -> BarRow:
    day, *prices, volume = bar
    opened, high, low, close = (price_text(value) for value in prices)
    return BarRow(day=formats.day(day), open=opened, high=high, low=low, close=close, volume=formats.count(volume))


def plan_card(result: Json, *, id: str) -> PlanCard:
    """The card of a `build_trade_plan` result."""
    entry, stop, targets = result["entry"], result["stop"], result["targets"]
    source = result.get("source") or {}
    steps = [
        Step(mark="entry", label="Entry", price=price_text(entry), detail="", reason=result["entry_reason"]),
        Step(
            mark="stop",
            label="Stop",
            price=price_text(stop),
            detail=stop_distance(result),
            reason=result["stop_reason"],
        ),
        *(
            Step(
                mark="target",
                label=f"Target {number}",
                price=price_text(target["price"]),
                detail=f"{target['reward_risk']:.2f} : 1",
                reason=target["reason"],
            )
            for number, target in enumerate(targets, start=1)
        ),
    ]
    prices = [entry, stop, *(target["price"] for target in targets)]
    place = scale(prices)
    goal = max((target["price"] for target in targets), key=lambda p: abs(p - entry), default=entry)
    sessions = result["expires_sessions"]
    return PlanCard(
        id=id,
        symbol=result["symbol"],
        title=f"{result['symbol']} · {result['direction'].capitalize()} plan",
        basis=basis(result["setup"]),
        steps=steps,
        reward_risk=f"{result['reward_risk']:.2f} : 1",
        shares=formats.count(result["shares"]),
        position=f"{price_text(result['position_value'])}, {formats.percent(result['position_pct'])} of the account",
        risk=price_text(result["risk_amount"]),
        risk_share=f"{result['risk_pct']:g} % of {result['account']:,.0f} at most",
        invalidation=result["invalidation"],
        expiry=f"{sessions} session{'' if sessions == 1 else 's'}",
        assumptions=list(result.get("assumptions") or []),
        warnings=list(result.get("warnings") or []),
        source=source.get("label", ""),
        kind=source.get("kind", ""),
        marks=[
            Mark(mark=mark, x=place(value))
            for mark, value in [("stop", stop), ("entry", entry), *(("target", t["price"]) for t in targets)]
        ],
        risk_span=span(place(stop), place(entry)),
        reward_span=span(place(entry), place(goal)),
    )


def stop_distance(result: Json) -> str:
    away, in_atr = abs(result["stop_distance_pct"]), abs(result["stop_distance_atr"])
    return f"{formats.percent(away)} away, {in_atr:.2f} × ATR"


def basis(setup: str) -> str:
    """What the entry rests on, as a clause."""
    return BASES.get(setup, f"{setup} entry")


def scale(prices: list[float]) -> Callable[[float], float]:
    """A function from a price to its place on a scale from 0 to 100 that holds all of them."""
    low, high = min(prices), max(prices)
    width = (high - low) or 1.0
    return lambda value: round(SCALE_MARGIN + (value - low) / width * (100 - 2 * SCALE_MARGIN), 2)


def span(a: float, b: float) -> tuple[float, float]:
    return min(a, b), round(abs(a - b), 2)


def comparison(result: Json, *, id: str) -> Comparison:
    """The table and the line chart of a `compare_symbols` result."""
    rows = [compared_row(row, slot=slot) for slot, row in enumerate(result["rows"], start=1)]
    kinds = {row.kind for row in rows}
    first, last = formats.day(result["first_day"]), formats.day(result["last_day"])
    return Comparison(
        id=id,
        title=formats.listed([row.symbol for row in rows]),
        span=f"{first} to {last}, {formats.count(result['n_days'])} days in common",
        summary=f"Since {first}: " + ", ".join(f"{row.symbol} {row.change.text}" for row in rows) + ".",
        rows=rows,
        correlation=[
            (pair.replace("/", " and "), f"{r:.2f}".replace("-", "−")) for pair, r in result["correlation"].items()
        ],
        notes=list(result.get("notes") or []),
        payload={
            "days": result["days"],
            "series": [{"symbol": row.symbol, "values": result["performance"][row.symbol]} for row in rows],
            "watermark": " · ".join(WATERMARKS[kind] for kind in sorted(kinds) if kind in WATERMARKS),
        },
    )


def compared_row(row: Json, *, slot: int) -> ComparedRow:
    source = row.get("source") or {}
    rsi, vs_sma_200 = row.get("rsi_14"), row.get("vs_sma_200_pct")
    return ComparedRow(
        slot=slot,
        symbol=row["symbol"],
        name=row["name"],
        close=price_text(row["close"]),
        change=formats.change(row["change_pct"]),
        volatility=formats.percent(row["volatility_pct"]),
        drawdown=formats.percent(row["max_drawdown_pct"]),
        rsi="n/a" if rsi is None else f"{rsi:.1f}",
        vs_sma_200="n/a" if vs_sma_200 is None else formats.signed_percent(vs_sma_200),
        source=source.get("label", ""),
        kind=source.get("kind", ""),
    )
