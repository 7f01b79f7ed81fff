"""Commands to a chart are read from the person's own messages, one after another."""

import pytest

from apps.providers.analyst.chart_changes import BARE
from apps.providers.workflow.chart_commands import read_command
from tests.providers.workflow.running import after

CHART = "Show me the AAPL chart"
AVERAGES = ("sma_50", "sma_200")


@pytest.mark.parametrize(
    ("messages", "symbol", "timeframe", "indicators", "does"),
    [
        ([CHART], "AAPL", None, (), {"load"}),
        (["load TSLA"], "TSLA", None, (), {"load"}),
        (["IBM chart with RSI over 3 months"], "IBM", "3M", ("rsi_14",), {"load", "timeframe", "indicator"}),
        ([CHART, "show 6M instead"], "AAPL", "6M", (), {"timeframe"}),
        ([CHART, "and MSFT?"], "MSFT", None, (), {"load"}),
        ([CHART, "weekly"], "AAPL", None, (), {"timeframe"}),
        ([CHART, "zoom out"], "AAPL", "2Y", (), {"timeframe"}),
        ([CHART, "zoom in", "zoom in"], "AAPL", "3M", (), {"timeframe"}),
        (["AAPL chart max", "zoom out"], "AAPL", "MAX", (), {"timeframe"}),
        (["AAPL chart 1 month", "zoom in"], "AAPL", "1M", (), {"timeframe"}),
        ([CHART, "add RSI"], "AAPL", None, (*AVERAGES, "rsi_14"), {"indicator"}),
        ([CHART, "with RSI"], "AAPL", None, ("rsi_14",), {"indicator"}),
        ([CHART, "add RSI and show 3 months"], "AAPL", "3M", (*AVERAGES, "rsi_14"), {"indicator", "timeframe"}),
        ([CHART, "add RSI", "thanks", "add MACD"], "AAPL", None, (*AVERAGES, "rsi_14", "macd"), {"indicator"}),
        ([CHART, "add RSI", "remove RSI"], "AAPL", None, AVERAGES, {"indicator"}),
        ([CHART, "add RSI", "remove the 50-day average"], "AAPL", None, ("sma_200", "rsi_14"), {"indicator"}),
        ([CHART, "turn the rsi off"], "AAPL", None, AVERAGES, {"indicator"}),
        ([CHART, "no averages please"], "AAPL", None, BARE, {"indicator"}),
        ([CHART, "remove all indicators"], "AAPL", None, BARE, {"indicator"}),
        ([CHART, "remove all indicators", "add macd"], "AAPL", None, (*BARE, "macd"), {"indicator"}),
        ([CHART, "remove RSI", "show 6M instead"], "AAPL", "6M", AVERAGES, {"timeframe"}),
        (["show NVDA without the averages"], "NVDA", None, BARE, {"load", "indicator"}),
    ],
)
def test_a_command_says_how_the_chart_shall_stand(
    messages: list[str], symbol: str, timeframe: str | None, indicators: tuple[str, ...], does: set[str]
) -> None:
    command = read_command(messages[-1], after(*messages[:-1]))
    assert command is not None
    assert command.reading.symbols == (symbol,)
    assert command.reading.parameters.timeframe == timeframe
    assert command.reading.parameters.indicators == indicators
    assert command.does == does


@pytest.mark.parametrize(
    "messages",
    [
        ["What's the price of AAPL?"],
        ["pull up NVDA"],
        ["show me the chart"],
        ["chart of BLORP"],
        ["add RSI"],
        [CHART, "what is RSI?"],
        [CHART, "why?"],
        [CHART, "where is the stop?"],
        [CHART, "buy 10 shares"],
        ["What's the price of AAPL?", "remove the averages"],
    ],
)
def test_other_questions_are_no_command(messages: list[str]) -> None:
    assert read_command(messages[-1], after(*messages[:-1])) is None


@pytest.mark.parametrize("question", ["pull up NVDA", "NVDA", "now NVDA please"])
def test_where_a_classifier_says_chart_a_name_alone_is_one(question: str) -> None:
    command = read_command(question, (), is_surely_chart=True)
    assert command is not None
    assert command.reading.symbols == ("NVDA",)


def test_a_price_stays_a_price_whatever_a_classifier_says() -> None:
    assert read_command("What's the price of NVDA?", (), is_surely_chart=True) is None
