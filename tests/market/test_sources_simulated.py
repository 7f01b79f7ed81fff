"""The simulated feed is the same everywhere, never rewrites its past, looks like a market and says what it is."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import log
from statistics import correlation, pstdev

import pytest

from apps.market import calendar
from apps.market.errors import NoData
from apps.market.sources.simulated import CHARACTERS, FIRST_DAY, SimulatedSource, simulate
from apps.market.sources.validation import validated
from apps.market.values import Kind, Series

SUNDAY = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
FINGERPRINT = "e4c26f8b28e25b970422b9471ab9578215a558bec814d24cd8db081cc0da866a"


def source_at(now: datetime) -> SimulatedSource:
    return SimulatedSource(lambda: now)


def moves(series: Series) -> list[float]:
    return [log(b / a) for a, b in pairwise(series.closes)]


def test_the_bars_are_the_same_on_every_machine() -> None:
    rows = [
        [symbol, bar.day.isoformat(), bar.open, bar.high, bar.low, bar.close, bar.volume]
        for symbol in sorted(CHARACTERS)
        for bar in simulate(symbol, date(2026, 11, 20)).bars
    ]
    assert hashlib.sha256(json.dumps(rows).encode()).hexdigest() == FINGERPRINT


@pytest.mark.parametrize("symbol", CHARACTERS)
def test_a_new_day_never_changes_an_old_one(symbol: str) -> None:
    whole = simulate(symbol, date(2026, 11, 20)).bars
    for n_days in (1, 2, 9, 400):
        earlier = simulate(symbol, date(2026, 11, 20) - timedelta(days=n_days)).bars
        assert whole[: len(earlier)] == earlier
        assert len(earlier) < len(whole)


@pytest.mark.parametrize("symbol", sorted(set(CHARACTERS) - {"BTC-USD"}))
def test_a_stock_has_a_bar_for_every_session_to_the_last_finished_one(symbol: str) -> None:
    days = [bar.day for bar in source_at(SUNDAY).bars(symbol).bars]
    assert days == calendar.sessions(FIRST_DAY, date(2026, 11, 20))


def test_bitcoin_has_a_bar_for_every_finished_utc_day() -> None:
    days = [bar.day for bar in source_at(SUNDAY).bars("BTC-USD").bars]
    assert (days[0], days[-1], len(days)) == (FIRST_DAY, date(2026, 11, 21), (date(2026, 11, 21) - FIRST_DAY).days + 1)


def test_the_feed_moves_on_when_a_session_closes() -> None:
    now = datetime(2026, 11, 23, 20, 59, tzinfo=UTC)
    source = SimulatedSource(lambda: now)
    assert source.bars("SPY").last.day == date(2026, 11, 20)
    assert source.bars("SPY") is source.bars("SPY")
    now = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
    assert source.bars("SPY").last.day == date(2026, 11, 23)


@pytest.mark.parametrize("symbol", CHARACTERS)
def test_it_moves_like_a_market(symbol: str) -> None:
    series = simulate(symbol, date(2026, 11, 20))
    assert validated(series.bars) == series.bars
    assert all(bar.volume > 0 for bar in series.bars)
    daily = moves(series)
    character = CHARACTERS[symbol]
    yearly = pstdev(daily) * (365 if character.every_day else 252) ** 0.5
    assert yearly == pytest.approx(character.volatility, rel=0.25)
    sizes = [abs(move) for move in daily]
    assert correlation(sizes[1:], sizes[:-1]) > 0.04, "wild days come together"
    assert abs(correlation(daily[1:], daily[:-1])) < 0.08, "yesterday does not tell tomorrow"
    gaps = [abs(b.open / a.close - 1) for a, b in pairwise(series.bars)]
    assert 0.05 < sum(gaps) / sum(sizes) < 0.8


def test_funds_and_their_stocks_move_together() -> None:
    spy, qqq = (moves(simulate(symbol, date(2026, 11, 20))) for symbol in ("SPY", "QQQ"))
    assert 0.5 < correlation(spy, qqq) < 0.98


@pytest.mark.parametrize("symbol", CHARACTERS)
def test_every_series_says_that_it_is_simulated(symbol: str) -> None:
    provenance = source_at(SUNDAY).bars(symbol).provenance
    assert provenance.kind is Kind.SIMULATED
    assert "simulated" in provenance.source
    assert "simulated" in provenance.note.lower()


@pytest.mark.parametrize("symbol", CHARACTERS)
def test_prices_start_at_a_round_number_that_nobody_can_take_for_the_real_one(symbol: str) -> None:
    assert CHARACTERS[symbol].start in {100, 10_000}


def test_what_it_does_not_simulate_is_no_data() -> None:
    with pytest.raises(NoData, match="AAPL"):
        source_at(SUNDAY).bars("AAPL")
    with pytest.raises(NoData, match="begins on 2019-01-02"):
        source_at(datetime(2018, 6, 1, tzinfo=UTC)).bars("SPY")
