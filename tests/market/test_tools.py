import asyncio
import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from apps.market.analysis.timeframes import TIMEFRAMES
from apps.market.errors import SourceUnavailable
from apps.market.tools.registry import TOOLS
from apps.market.tools.results import Knowledge
from apps.market.tools.tool import Arguments, Tool
from apps.market.tools.toolbox import Toolbox
from apps.market.values import Kind, Series
from tests.market.one_number import assert_tools_agree
from tests.market.series import make_bars, make_flat_bars, make_series, make_toolbox

AAPL = make_series(make_bars(700, 21), symbol="AAPL")
IBM = make_series(make_bars(700, 22), symbol="IBM")
META = make_series(make_bars(196, 23), symbol="META")
COIN = make_series(make_bars(800, 24, weekends=True), symbol="BTC-USD", kind=Kind.SIMULATED)
EVERY = (AAPL, IBM, META, COIN)


async def ask(name: str, arguments: Mapping[str, Any], *series: Series) -> dict[str, Any]:
    outcome = await make_toolbox(*(series or EVERY)).call(name, arguments)
    assert outcome.ok, outcome.result
    assert json.loads(json.dumps(outcome.result, allow_nan=False)) == outcome.result
    return outcome.result


async def refuse(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    outcome = await make_toolbox(*EVERY).call(name, arguments)
    assert not outcome.ok
    assert outcome.result.keys() == {"error"}
    error: dict[str, Any] = outcome.result["error"]
    assert error.keys() >= {"code", "message", "retryable"}
    assert error["message"].endswith(".")
    return error


def test_the_toolbox_keeps_the_contract_and_every_tool_stands_under_its_own_name() -> None:
    toolbox: Toolbox = make_toolbox()
    assert [schema["name"] for schema in toolbox.schemas()] == list(TOOLS)
    assert all(name == tool.name for name, tool in TOOLS.items())
    assert len(TOOLS) == 8


@pytest.mark.parametrize("symbol", [series.symbol for series in EVERY])
async def test_every_tool_says_the_same_of_a_symbol(symbol: str) -> None:
    await assert_tools_agree(make_toolbox(*EVERY), symbol)


async def test_a_quote_is_the_last_bar_against_the_one_before() -> None:
    quote = await ask("get_quote", {"symbol": " $aapl "})
    last, before = AAPL.bars[-1], AAPL.bars[-2]
    assert (quote["symbol"], quote["name"]) == ("AAPL", "Apple Inc.")
    assert quote["close"] == round(last.close, 2)
    assert quote["change"] == round(round(last.close, 2) - round(before.close, 2), 4 if abs(quote["change"]) < 1 else 2)
    assert quote["change_pct"] == round(100 * (quote["close"] / quote["previous_close"] - 1), 2)
    assert quote["sessions_old"] == 0
    assert quote["source"]["as_of"] == "2013-03-01"
    assert quote["source"]["kind"] == "sample"


async def test_a_first_bar_has_no_change() -> None:
    quote = await ask("get_quote", {"symbol": "AAPL"}, make_series(make_bars(1)))
    assert quote["previous_close"] is quote["change"] is quote["change_pct"] is None


@pytest.mark.parametrize(
    ("symbol", "now", "old"),
    [
        ("AAPL", datetime(2013, 3, 1, 22, tzinfo=UTC), 0),
        ("AAPL", datetime(2013, 3, 4, 12, tzinfo=UTC), 0),
        ("AAPL", datetime(2013, 3, 5, 22, tzinfo=UTC), 2),
        ("BTC-USD", datetime(2013, 3, 2, 1, tzinfo=UTC), 0),
        ("BTC-USD", datetime(2013, 3, 4, 1, tzinfo=UTC), 2),
    ],
)
async def test_age_counts_sessions_for_stocks_and_days_for_crypto(symbol: str, now: datetime, old: int) -> None:
    outcome = await make_toolbox(*EVERY, now=now).call("get_quote", {"symbol": symbol})
    assert outcome.result["sessions_old"] == old
    assert ("around the clock" in outcome.result["market_status"]) == (symbol == "BTC-USD")


@pytest.mark.parametrize(
    ("kind", "source", "label"),
    [
        (Kind.SAMPLE, "bokeh", "sample data to 1 Mar 2013"),
        (Kind.SIMULATED, "seeded", "simulated data to 1 Mar 2013"),
        (Kind.REAL, "Alpaca IEX", "Alpaca IEX, 1 Mar 2013 close"),
        (Kind.REAL, "your file AAPL.csv", "your file AAPL.csv to 1 Mar 2013"),
    ],
)
async def test_the_source_label_says_what_the_numbers_are(kind: Kind, source: str, label: str) -> None:
    quote = await ask("get_quote", {"symbol": "AAPL"}, make_series(AAPL.bars, kind=kind, source=source))
    assert quote["source"]["label"] == label


async def test_a_day_that_is_not_over_has_no_close_yet() -> None:
    during = datetime(2013, 3, 1, 15, tzinfo=UTC)
    toolbox = make_toolbox(make_series(AAPL.bars, kind=Kind.REAL, source="Alpaca (IEX)"), now=during)
    quote = (await toolbox.call("get_quote", {"symbol": "AAPL"})).result
    assert quote["source"]["label"] == "Alpaca (IEX), 1 Mar 2013 so far"
    assert quote["sessions_old"] == 0


@pytest.mark.parametrize(
    ("timeframe", "first"),
    [
        ("1M", date(2013, 2, 1)),
        ("3m", date(2012, 11, 30)),
        ("6M", date(2012, 8, 31)),
        ("ytd", date(2012, 12, 31)),
        ("1y", date(2012, 3, 1)),
        (None, date(2012, 3, 1)),
        ("2Y", date(2011, 3, 1)),
        ("max", AAPL.bars[0].day),
    ],
)
async def test_a_window_begins_with_the_close_its_change_is_counted_from(timeframe: str | None, first: date) -> None:
    bars = await ask("get_bars", {"symbol": "AAPL", "timeframe": timeframe})
    assert bars["first_day"] == bars["bars"][0][0] == first.isoformat()
    assert bars["last_day"] == bars["bars"][-1][0] == "2013-03-01"
    assert bars["n_bars"] == len(bars["bars"])
    lines = [
        *bars["overlays"].values(),
        bars["panes"]["rsi_14"],
        bars["panes"]["atr_14"],
        *bars["panes"]["macd"].values(),
    ]
    assert {len(line) for line in lines} == {bars["n_bars"]}
    assert bars["change_pct"] == round(100 * (bars["close"] - bars["bars"][0][4]) / bars["bars"][0][4], 2)
    assert bars["high"] == max(row[2] for row in bars["bars"])
    assert bars["low"] == min(row[3] for row in bars["bars"])
    assert [bars["high_day"], bars["high"]] in [[row[0], row[2]] for row in bars["bars"]]


async def test_a_history_shorter_than_the_window_is_noted() -> None:
    bars = await ask("get_bars", {"symbol": "META", "timeframe": "1Y"})
    assert bars["n_bars"] == 196
    assert any("shorter than one year" in note for note in bars["notes"])
    assert set(bars["overlays"]["sma_200"]) == {None}


async def test_below_200_bars_there_is_no_200_day_average_and_a_note_says_so() -> None:
    indicators = await ask("get_indicators", {"symbol": "META"})
    assert indicators["sma_200"] is indicators["vs_sma_200_pct"] is None
    assert "196 bars: too few for a 200-day average." in indicators["notes"]
    assert (await ask("get_indicators", {"symbol": "AAPL"}))["notes"] == []


@pytest.mark.parametrize("n", [1, 5, 20, 40, 60])
async def test_few_bars_give_what_can_be_computed_and_say_what_cannot(n: int) -> None:
    indicators = await ask("get_indicators", {"symbol": "AAPL"}, make_series(make_bars(n)))
    for name, needed in {
        "sma_20": 20,
        "sma_50": 50,
        "rsi_14": 15,
        "atr_14": 15,
        "macd": 34,
        "volume_avg_20": 20,
    }.items():
        assert (indicators[name] is None) == (n < needed), name
    assert any("settle only after about 100" in note for note in indicators["notes"])
    assert indicators["trend"] == "sideways" or n >= 60


async def test_ratios_follow_from_the_printed_numbers() -> None:
    indicators = await ask("get_indicators", {"symbol": "IBM"})
    assert indicators["vs_sma_50_pct"] == round(100 * (indicators["close"] / indicators["sma_50"] - 1), 2)
    assert indicators["atr_pct"] == round(100 * indicators["atr_14"] / indicators["close"], 2)
    assert indicators["volume_ratio"] == round(indicators["volume"] / indicators["volume_avg_20"], 2)
    year = [bar for bar in IBM.bars if bar.day > date(2012, 3, 2)]
    assert indicators["high_52w"] == round(max(bar.high for bar in year), 2)
    assert indicators["low_52w"] == round(min(bar.low for bar in year), 2)


async def test_52_weeks_are_364_days() -> None:
    bars = make_flat_bars([100.0] * 400)
    bars = [replace(bar, day=date(2013, 3, 1) - timedelta(days=399 - i)) for i, bar in enumerate(bars)]
    bars[-364] = replace(bars[-364], high=120.0, low=80.0)
    bars[-365] = replace(bars[-365], high=140.0, low=60.0)
    indicators = await ask("get_indicators", {"symbol": "BTC-USD"}, make_series(bars, symbol="BTC-USD"))
    assert (indicators["high_52w"], indicators["low_52w"]) == (120, 80)


async def test_volume_is_set_against_the_last_20_bars_the_last_one_among_them() -> None:
    bars = [
        replace(bar, volume=volume) for bar, volume in zip(make_bars(120), [7] * 100 + [100] * 19 + [500], strict=True)
    ]
    indicators = await ask("get_indicators", {"symbol": "AAPL"}, make_series(bars))
    assert (indicators["volume"], indicators["volume_avg_20"], indicators["volume_ratio"]) == (500, 120, 4.17)


@pytest.mark.parametrize(
    ("step", "trend"),
    [(0.2, "up"), (-0.2, "down")],
)
async def test_the_trend_is_the_order_of_close_and_averages(step: float, trend: str) -> None:
    bars = make_flat_bars([100 + step * i for i in range(260)])
    assert (await ask("get_indicators", {"symbol": "AAPL"}, make_series(bars)))["trend"] == trend
    turned = [*bars[:-40], *make_flat_bars([bars[-41].close - 3 * step * i for i in range(40)])]
    assert (await ask("get_indicators", {"symbol": "AAPL"}, make_series(turned)))["trend"] == "sideways"


async def test_a_plan_takes_what_was_asked() -> None:
    plan = await ask(
        "build_trade_plan",
        {"symbol": "AAPL", "direction": "LONG", "entry": 100, "stop": 95, "account": 25000, "risk_pct": 2},
    )
    assert (plan["direction"], plan["shares"], plan["setup"]) == ("long", 100, "given")


async def test_symbols_are_compared_and_a_double_name_is_no_second_symbol() -> None:
    comparison = await ask("compare_symbols", {"symbols": ["aapl", "IBM"], "timeframe": "6m"})
    assert comparison["symbols"] == ["AAPL", "IBM"]
    assert comparison["days"][0] == comparison["first_day"]
    error = await refuse("compare_symbols", {"symbols": ["AAPL", "aapl"]})
    assert error["code"] == "bad_arguments"


async def test_news_without_a_provider_is_no_news() -> None:
    news = await ask("get_news", {"symbol": "AAPL"})
    assert (news["provider"], news["articles"]) == (None, [])
    assert "No news provider" in news["note"]


async def test_knowledge_is_searched_with_the_limit_given_or_three() -> None:
    assert len((await ask("search_knowledge", {"query": "risk"}))["passages"]) == 3
    assert len((await ask("search_knowledge", {"query": "risk", "limit": 1}))["passages"]) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("get_quote", {}, "symbol: is required"),
        ("get_quote", {"symbol": ""}, "symbol"),
        ("get_quote", {"symbol": "A" * 61}, "symbol"),
        ("get_quote", {"symbol": None}, "symbol"),
        ("get_quote", {"symbol": "AAPL", "colour": "red"}, "colour: is not an argument"),
        ("get_bars", {"symbol": "AAPL", "timeframe": "2W"}, "timeframe"),
        ("build_trade_plan", {"symbol": "AAPL", "account": -1}, "account"),
        ("build_trade_plan", {"symbol": "AAPL", "account": float("nan")}, "account"),
        ("build_trade_plan", {"symbol": "AAPL", "account": float("inf")}, "account"),
        ("build_trade_plan", {"symbol": "AAPL", "risk_pct": 0}, "risk_pct"),
        ("build_trade_plan", {"symbol": "AAPL", "risk_pct": 101}, "risk_pct"),
        ("build_trade_plan", {"symbol": "AAPL", "direction": "up"}, "direction"),
        ("build_trade_plan", {"symbol": "AAPL", "direction": "long", "entry": 10, "stop": 11}, "below the entry"),
        ("compare_symbols", {"symbols": ["AAPL"]}, "symbols"),
        ("compare_symbols", {"symbols": "AAPL"}, "symbols"),
        ("compare_symbols", {"symbols": ["A", "B", "C", "D", "E", "F"]}, "symbols"),
        ("search_knowledge", {"query": "   "}, "query"),
        ("search_knowledge", {"query": "x" * 8001}, "query"),
        ("search_knowledge", {"query": "risk", "limit": 0}, "limit"),
    ],
)
async def test_arguments_that_do_not_fit_are_named_in_a_sentence(
    name: str, arguments: dict[str, Any], word: str
) -> None:
    error = await refuse(name, arguments)
    assert error["code"] == "bad_arguments"
    assert not error["retryable"]
    assert word in error["message"]


async def test_what_was_passed_is_not_repeated_to_the_reader() -> None:
    error = await refuse("get_bars", {"symbol": "AAPL", "timeframe": "<script>", "a": 1, "b": 2, "c": 3})
    assert "<script>" not in str(error)
    assert "and 1 more" in error["message"]


async def test_an_unknown_symbol_is_an_error_with_the_nearest_names() -> None:
    error = await refuse("get_levels", {"symbol": "APPL"})
    assert error["code"] == "unknown_symbol"
    assert error["nearest"] == ["AAPL"]


async def test_a_symbol_without_bars_or_with_too_few_is_an_error() -> None:
    short = make_toolbox(make_series(make_bars(60)))
    assert (await short.call("get_quote", {"symbol": "IBM"})).result["error"]["code"] == "no_data"
    for name in ("get_levels", "build_trade_plan"):
        error = (await short.call(name, {"symbol": "AAPL"})).result["error"]
        assert (error["code"], error["n_bars"]) == ("not_enough_history", 60)


async def test_an_unknown_tool_is_an_error_that_lists_the_tools() -> None:
    error = await refuse("get_horoscope", {})
    assert error["code"] == "unknown_tool"
    assert "get_quote" in error["message"]


class Empty(Arguments):
    pass


def toolbox_of(run: Any) -> Toolbox:
    return make_toolbox(tools={"probe": Tool(name="probe", description="", arguments=Empty, run=run)})


async def test_a_source_that_refuses_may_be_asked_again() -> None:
    def run(arguments: Empty, market: object) -> Knowledge:
        raise SourceUnavailable("The source limits us.", retry_after_s=30)

    outcome = await toolbox_of(run).call("probe", {})
    assert outcome.result == {
        "error": {
            "code": "source_unavailable",
            "message": "The source limits us.",
            "retryable": True,
            "retry_after_s": 30,
        }
    }


async def test_an_unexpected_failure_is_logged_and_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def run(arguments: Empty, market: object) -> Knowledge:
        raise ZeroDivisionError("a secret of the house")

    with caplog.at_level(logging.ERROR):
        outcome = await toolbox_of(run).call("probe", {})
    assert not outcome.ok
    assert outcome.result["error"]["code"] == "internal"
    assert "secret" not in str(outcome.result)
    (record,) = caplog.records
    assert record.getMessage() == "tool failed"
    assert record.tool == "probe"
    assert record.exc_info


async def test_a_tool_runs_off_the_event_loop_so_that_others_go_on() -> None:
    met = threading.Barrier(2, timeout=10)

    def run(arguments: Empty, market: object) -> Knowledge:
        met.wait()
        return Knowledge(query=str(threading.get_ident()), passages=[])

    toolbox = toolbox_of(run)
    outcomes = await asyncio.gather(toolbox.call("probe", {}), toolbox.call("probe", {}))
    assert all(outcome.ok for outcome in outcomes)
    assert all(outcome.latency_ms > 0 for outcome in outcomes)
    assert str(threading.get_ident()) not in [outcome.result["query"] for outcome in outcomes]


def test_every_timeframe_that_charts_know_can_be_asked_for() -> None:
    parameters = {schema["name"]: schema["parameters"] for schema in make_toolbox().schemas()}
    for name in ("get_bars", "compare_symbols"):
        assert parameters[name]["properties"]["timeframe"]["enum"] == [*TIMEFRAMES, None]
