"""The bundled real bars: exact against TA-Lib, and one number for one thing in every tool."""

from datetime import UTC, datetime

import pytest

from apps.market.repository import default_repository
from apps.market.symbols.instruments import instrument
from apps.market.tools.market_toolbox import MarketToolbox
from tests.market.one_number import assert_tools_agree
from tests.market.oracle import assert_equal_to_talib
from tests.market.series import WeekdayCalendar, knowledge

SAMPLES = ["AAPL", "GOOG", "IBM", "META", "MSFT"]
SIMULATED = ["TSLA", "NVDA", "AMZN", "SPY", "QQQ", "PLTR", "BTC-USD"]


@pytest.mark.parametrize("symbol", SAMPLES)
def test_every_indicator_equals_talib_on_the_sample_bars(symbol: str) -> None:
    assert_equal_to_talib(default_repository().series(symbol).bars)


@pytest.mark.parametrize("symbol", SAMPLES + SIMULATED)
async def test_the_200_day_average_is_one_number_in_chart_table_and_levels(symbol: str) -> None:
    toolbox = MarketToolbox(
        repository=default_repository(),
        instruments=instrument,
        calendar=WeekdayCalendar(),
        knowledge=knowledge,
        clock=lambda: datetime.now(UTC),
    )
    await assert_tools_agree(toolbox, symbol)
