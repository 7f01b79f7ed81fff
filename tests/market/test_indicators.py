import math
from fractions import Fraction

import pytest

from apps.market.analysis import indicators
from tests.market.oracle import assert_equal_to_talib
from tests.market.series import make_bars


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("start", "swing"), [(100.0, 0.015), (0.4, 0.03), (90_000.0, 0.04)], ids=["stock", "penny", "coin"]
)
def test_every_indicator_equals_talib_on_long_walks(seed: int, start: float, swing: float) -> None:
    assert_equal_to_talib(make_bars(2500, seed, start=start, swing=swing))


@pytest.mark.parametrize("n", [1, 2, 14, 15, 19, 20, 26, 33, 34, 35, 199, 200, 201])
def test_short_histories_have_values_on_the_same_bars_as_talib(n: int) -> None:
    assert_equal_to_talib(make_bars(n, seed=n))


def test_a_moving_average_is_the_rounded_mean_of_its_window_however_long_the_history() -> None:
    closes = [bar.close for bar in make_bars(4000, seed=3)]
    average = indicators.sma(closes, 200)
    for i in (199, 1000, 3999):
        exact = sum(map(Fraction, closes[i - 199 : i + 1])) / 200
        assert average[i] == float(exact)
    assert indicators.sma(closes[-200:], 200)[-1] == average[-1]


def test_a_still_price_has_flat_bands_no_range_and_no_rsi() -> None:
    closes = [7.31] * 60
    bands = indicators.bollinger(closes)
    assert bands.upper[-1] == bands.middle[-1] == bands.lower[-1] == 7.31
    assert indicators.atr(closes, closes, closes)[-1] == 0
    assert indicators.rsi(closes)[-1] is None
    assert indicators.macd(closes).histogram[-1] == 0


def test_rsi_is_100_of_a_price_that_only_rose_and_0_of_one_that_only_fell() -> None:
    rising = [float(value) for value in range(1, 60)]
    assert indicators.rsi(rising)[-1] == 100
    assert indicators.rsi(rising[::-1])[-1] == 0


def test_bollinger_uses_the_population_deviation() -> None:
    closes = [float(value) for value in range(1, 21)]
    deviation = math.sqrt(sum((value - 10.5) ** 2 for value in closes) / 20)
    assert indicators.bollinger(closes).upper[-1] == pytest.approx(10.5 + 2 * deviation, rel=1e-14)


def test_no_bars_give_no_values() -> None:
    assert indicators.sma([], 20) == indicators.ema([], 12) == indicators.rsi([]) == []
    assert indicators.bollinger([]).upper == indicators.macd([]).line == indicators.atr([], [], []) == []
