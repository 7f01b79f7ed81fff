"""Turns as the engine stores them, their tool results built from the tools' own result types."""

import dataclasses
import json
import math
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from apps.assistant.models import Turn
from apps.market.tools import results
from apps.market.values import Kind
from apps.providers.sidecar import ChartView, Fact, Sidecar

REQUEST_ID = uuid.UUID("0a1b2c3d-0000-4000-8000-000000000001")
LAST_DAY = date(2013, 3, 1)


def as_stored(value: Any) -> Any:
    """A result as the database gives it back: dates as ISO days, kinds as their values."""
    return json.loads(json.dumps(dataclasses.asdict(value), default=str))


def make_source(symbol: str = "AAPL", *, kind: Kind = Kind.SAMPLE) -> results.Source:
    label = "simulated data to 1 Mar 2013" if kind == Kind.SIMULATED else "sample data to 1 Mar 2013"
    return results.Source(symbol=symbol, source="sample", kind=kind, as_of=LAST_DAY, label=label)


def make_days(n: int) -> list[date]:
    days, day = [], LAST_DAY
    while len(days) < n:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def make_bars(*, n: int = 30, symbol: str = "AAPL", close: float = 430.47, kind: Kind = Kind.SAMPLE) -> dict[str, Any]:
    """A wave of `n` days that ends at `close`, with overlays that begin late, as real ones do."""
    days = make_days(n)
    closes = [close * (1 + 0.2 * math.sin((n - 1 - i) / 40) + 0.02 * math.sin((n - 1 - i) * 2.4)) for i in range(n)]
    bars: list[list[Any]] = []
    for i, (day, c) in enumerate(zip(days, closes, strict=True)):
        o = closes[i - 1] if i else c * 0.99
        high, low = max(o, c) * 1.008, min(o, c) * 0.993
        bars.append([day.isoformat(), round(o, 2), round(high, 2), round(low, 2), round(c, 2), 9_000_000 + 70_000 * i])

    def average(length: int) -> list[float | None]:
        return [round(sum(closes[i - length : i]) / length, 2) if i >= length else None for i in range(1, n + 1)]

    return as_stored(
        results.Bars(
            symbol=symbol,
            name="Apple Inc.",
            timeframe="1Y",
            first_day=days[0],
            last_day=days[-1],
            n_bars=n,
            close=close,
            change_pct=-21.05,
            high=max(b[2] for b in bars),
            high_day=days[n // 2],
            low=min(b[3] for b in bars),
            low_day=days[-1],
            bars=bars,
            overlays={"sma_50": average(min(50, n // 3)), "sma_200": average(min(120, n // 2)), "ema_12": average(5)},
            panes={"rsi_14": [None] * 5 + [50 + 20 * math.sin(i / 8) for i in range(n - 5)]},
            notes=["Fewer than 200 days: the 200-day average starts late."],
            source=make_source(symbol, kind=kind),
        )
    )


def make_plan(*, direction: str = "long") -> dict[str, Any]:
    entry, stop, targets = (425.11, 409.80, (452.00, 484.94)) if direction == "long" else (452.0, 466.0, (430.0, 419.0))
    return as_stored(
        results.TradePlan(
            symbol="AAPL",
            name="Apple Inc.",
            direction=direction,
            setup="LTB",
            close=430.47,
            entry=entry,
            entry_reason="tested four times since 12 Nov 2012; 61.8 % retracement",
            stop=stop,
            stop_reason="0.5 ATR below the level 415.55",
            stop_distance_pct=-3.6,
            stop_distance_atr=1.33,
            targets=[
                results.Target(price=targets[0], reward_risk=1.76, reason="First resistance, three touches."),
                results.Target(price=targets[1], reward_risk=3.91, reason="High of January."),
            ],
            reward_risk=1.76,
            account=10_000,
            risk_pct=1,
            risk_per_share=15.31,
            risk_amount=91.86,
            shares=6,
            position_value=2550.66,
            position_pct=25.51,
            invalidation="A close below 409.80, or no fill within 10 sessions, voids the plan.",
            expires_sessions=10,
            assumptions=["Account of 10,000 assumed", "Risk of 1 % assumed"],
            warnings=["The close is below the 200-day average, so the plan goes against the trend."],
            source=make_source(),
        )
    )


def make_comparison(*, n: int = 30, second_kind: Kind = Kind.SAMPLE) -> dict[str, Any]:
    def row(symbol: str, name: str, change_pct: float, kind: Kind) -> results.ComparedSymbol:
        return results.ComparedSymbol(
            symbol=symbol,
            name=name,
            first_close=500.0,
            close=430.47,
            change_pct=change_pct,
            volatility_pct=31.2,
            max_drawdown_pct=-40.31,
            rsi_14=38.4,
            vs_sma_200_pct=None,
            source=make_source(symbol, kind=kind),
        )

    days = make_days(n)
    return as_stored(
        results.Comparison(
            symbols=["AAPL", "GOOG"],
            timeframe="1Y",
            first_day=days[0],
            last_day=days[-1],
            n_days=n,
            rows=[row("AAPL", "Apple Inc.", -21.05, Kind.SAMPLE), row("GOOG", "Google Inc.", 29.77, second_kind)],
            correlation={"AAPL/GOOG": 0.41},
            days=days,
            performance={
                "AAPL": [round(-21.05 * i / (n - 1) + 4 * math.sin(i / 3), 2) for i in range(n)],
                "GOOG": [round(29.77 * i / (n - 1) + 4 * math.cos(i / 4), 2) for i in range(n)],
            },
            notes=["Past performance says little about the next year."],
        )
    )


def make_call(call_id: str, name: str, result: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        "ok": "error" not in result,
        "result": result,
        "latency_ms": 12.3,
    }


def make_turn(
    *,
    question: str = "What's the price of AAPL?",
    answer: str = "AAPL closed at 430.47 on 1 Mar 2013 (sample data).",
    status: str = "succeeded",
    sidecar: Sidecar | None = None,
    tool_calls: list[dict[str, Any]] | None = None,
    error: str = "",
    number: int = 1,
    request_id: uuid.UUID = REQUEST_ID,
) -> Turn:
    return Turn(
        request_id=request_id,
        number=number,
        question=question,
        answer=answer,
        status=status,
        error=error,
        provider="analyst",
        model="analyst-1",
        sidecar=sidecar.as_json() if sidecar else {},
        tool_calls=tool_calls or [],
        ttft_ms=8.4,
        latency_ms=1412.0,
        started_at=datetime(2013, 3, 4, 14, 30, tzinfo=UTC),
    )


def make_chart_turn(*, n: int = 30, kind: Kind = Kind.SAMPLE, **changes: Any) -> Turn:
    lines = [
        {"price": 409.8, "label": "Support", "role": "support"},
        {"price": 452.0, "label": "Resistance", "role": "resistance"},
    ]
    sidecar = Sidecar(
        intent="chart",
        symbols=["AAPL"],
        charts=[ChartView(call_id="c1", symbol="AAPL", timeframe="1Y", lines=lines)],
        facts=[Fact(id="f1", text="430.47", call_id="c1", path="close", label="AAPL close on 1 Mar 2013")],
        sources=[{"label": "sample data to 1 Mar 2013", "kind": "sample", "as_of": "2013-03-01", "symbol": "AAPL"}],
        suggestions=["Where is support for AAPL?", "Compare AAPL and GOOG"],
    )
    calls = [make_call("c1", "get_bars", make_bars(n=n, kind=kind), symbol="AAPL", timeframe="1Y")]
    return make_turn(**{"question": "Show me the AAPL chart", "sidecar": sidecar, "tool_calls": calls} | changes)


def make_plan_turn(**changes: Any) -> Turn:
    sidecar = Sidecar(intent="plan", symbols=["AAPL"], plan_call_id="p1")
    calls = [make_call("p1", "build_trade_plan", make_plan(), symbol="AAPL")]
    return make_turn(**{"sidecar": sidecar, "tool_calls": calls} | changes)


def make_comparison_turn(*, n: int = 30, second_kind: Kind = Kind.SAMPLE, **changes: Any) -> Turn:
    sidecar = Sidecar(intent="compare", symbols=["AAPL", "GOOG"], comparison_call_id="k1")
    calls = [
        make_call("k1", "compare_symbols", make_comparison(n=n, second_kind=second_kind), symbols=["AAPL", "GOOG"])
    ]
    return make_turn(**{"sidecar": sidecar, "tool_calls": calls} | changes)
