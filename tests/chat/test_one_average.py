"""The 200-day average is one number, wherever a person meets it: in the text, the chart, and the table beside it."""

import re
import uuid
from contextlib import aclosing

import pytest
from asgiref.sync import async_to_sync

from apps.assistant.engine import run_turn
from apps.assistant.models import Turn
from apps.assistant.owner import Owner
from apps.chat.presenter import turn_view

pytestmark = pytest.mark.django_db


def ask(question: str) -> Turn:
    async def read() -> None:
        events = run_turn(session_id=uuid.uuid4(), question=question, owner=Owner(visitor_id=uuid.UUID(int=1)))
        async with aclosing(events):
            async for _ in events:
                pass

    async_to_sync(read)()
    return Turn.objects.latest("started_at")


def result_of(turn: Turn, tool: str) -> dict:
    return next(call["result"] for call in turn.tool_calls if call["name"] == tool)


@pytest.mark.parametrize("symbol", ["AAPL", "IBM", "GOOG", "MSFT", "TSLA", "SPY", "BTC-USD"])
def test_text_and_chart_show_the_same_200_day_average(symbol: str) -> None:
    indicators = ask(f"What do the indicators say about {symbol}?")
    average = result_of(indicators, "get_indicators")["sma_200"]
    assert f"{average:,.2f}" in indicators.answer
    (drawn,) = turn_view(ask(f"Show me the {symbol} chart"), is_staff=False).charts
    assert drawn.payload["overlays"]["sma_200"][-1] == average


@pytest.mark.parametrize(("symbol", "other"), [("AAPL", "IBM"), ("GOOG", "MSFT"), ("TSLA", "NVDA"), ("SPY", "QQQ")])
def test_a_comparison_measures_against_the_same_200_day_average(symbol: str, other: str) -> None:
    alone = result_of(ask(f"What do the indicators say about {symbol}?"), "get_indicators")
    table = result_of(ask(f"Compare {symbol} and {other}"), "compare_symbols")
    row = next(row for row in table["rows"] if row["symbol"] == symbol)
    assert row["vs_sma_200_pct"] == alone["vs_sma_200_pct"]
    assert row["vs_sma_200_pct"] == pytest.approx((alone["close"] / alone["sma_200"] - 1) * 100, abs=0.006)


def test_with_fewer_than_200_bars_nobody_shows_one_and_the_answer_says_why() -> None:
    turn = ask("What do the indicators say about META?")
    assert result_of(turn, "get_indicators")["sma_200"] is None
    assert re.search(r"196 bars", turn.answer)
    assert not re.search(r"200-day average (?:at|of|is) [\d.,]+\d", turn.answer)
    chart = ask("Show me the META chart")
    assert set(result_of(chart, "get_bars")["overlays"]["sma_200"]) == {None}
