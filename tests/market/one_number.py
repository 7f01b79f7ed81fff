"""What must be one number, whichever tool says it."""

import re

from apps.market.analysis.rounding import price_text
from apps.market.tools.toolbox import Toolbox


async def assert_tools_agree(toolbox: Toolbox, symbol: str) -> None:
    """The same close, averages and ATR in quote, chart, indicators, levels and plan."""
    results = {}
    for name in ("get_quote", "get_bars", "get_indicators", "get_levels", "build_trade_plan"):
        outcome = await toolbox.call(name, {"symbol": symbol})
        assert outcome.ok, outcome.result
        results[name] = outcome.result
    quote, bars, indicators, levels, plan = results.values()
    assert (
        quote["close"]
        == bars["close"]
        == bars["bars"][-1][4]
        == indicators["close"]
        == levels["close"]
        == plan["close"]
    )
    for name, line in bars["overlays"].items():
        assert line[-1] == indicators[name], name
    assert bars["panes"]["rsi_14"][-1] == indicators["rsi_14"]
    assert bars["panes"]["atr_14"][-1] == indicators["atr_14"] == levels["atr_14"]
    assert bars["panes"]["macd"]["histogram"][-1] == indicators["macd_histogram"]
    said = re.findall(r"200-day average (?:at )?([\d.,]*\d)", str(levels))
    assert set(said) <= {price_text(indicators["sma_200"])} if indicators["sma_200"] else not said
