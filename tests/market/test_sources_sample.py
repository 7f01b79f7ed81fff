"""The bundled history is the public-domain file, whole, adjusted for its splits and for nothing else."""

import hashlib
import re
from datetime import date
from itertools import pairwise

import pytest

from apps.market import calendar
from apps.market.errors import NoData
from apps.market.sources.sample import FILE, SPLITS, SampleSource, _quoted
from apps.market.values import Kind

SYMBOLS = ("AAPL", "GOOG", "IBM", "META", "MSFT")


def test_the_file_is_the_one_its_notice_names() -> None:
    notice = FILE.with_name("NOTICE.md").read_text()
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() in notice
    assert FILE.with_name("stocks-licence.json").exists()


@pytest.mark.parametrize(
    ("symbol", "first_day", "n_bars", "close"),
    [
        ("AAPL", date(2000, 3, 1), 3270, 430.47),
        ("GOOG", date(2004, 8, 19), 2148, 806.19),
        ("IBM", date(2000, 3, 1), 3270, 202.91),
        ("META", date(2012, 5, 18), 196, 27.78),
        ("MSFT", date(2000, 3, 1), 3270, 27.95),
    ],
)
def test_each_symbol_has_its_whole_history(symbol: str, first_day: date, n_bars: int, close: float) -> None:
    series = SampleSource().bars(symbol)
    assert series.symbol == symbol
    assert (series.bars[0].day, len(series.bars), series.last.close) == (first_day, n_bars, close)
    assert series.last.day == series.provenance.as_of == date(2013, 3, 1)
    assert series.provenance.kind is Kind.SAMPLE


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_session_has_its_bar(symbol: str) -> None:
    days = [bar.day for bar in SampleSource().bars(symbol).bars]
    assert days == calendar.sessions(days[0], days[-1])


@pytest.mark.parametrize(("symbol", "splits"), [*SPLITS.items()])
def test_a_split_is_no_crash(symbol: str, splits: tuple[tuple[date, int], ...]) -> None:
    raw, adjusted = (
        {bar.day: bar for bar in _quoted(symbol)},
        {bar.day: bar for bar in SampleSource().bars(symbol).bars},
    )
    for day, shares in splits:
        before = calendar.previous_session(day)
        assert raw[day].close / raw[before].close == pytest.approx(1 / shares, abs=0.06)
        assert adjusted[day].close / adjusted[before].close == pytest.approx(1, abs=0.12)


def test_no_price_halves_overnight_but_the_one_that_did() -> None:
    halved = [
        (symbol, bar.day)
        for symbol in SYMBOLS
        for previous, bar in pairwise(SampleSource().bars(symbol).bars)
        if not 0.7 < bar.close / previous.close < 1.4
    ]
    assert halved == [("AAPL", date(2000, 9, 29))]


def test_prices_and_volumes_before_both_splits_are_adjusted_by_both() -> None:
    first, raw = SampleSource().bars("AAPL").bars[0], next(_quoted("AAPL"))
    assert first.close == pytest.approx(raw.close / 4)
    assert first.volume == raw.volume * 4


def test_meta_says_what_it_was_then() -> None:
    assert "Meta Platforms (then Facebook, FB)" in SampleSource().bars("META").provenance.note


def test_the_name_of_the_source_tells_its_last_day() -> None:
    match = re.search(r"to (\d+) (\w+) (\d+)", SampleSource.name)
    assert match
    last = SampleSource().bars("IBM").last.day
    assert match.groups() == (str(last.day), f"{last:%b}", f"{last:%Y}")


def test_a_symbol_it_does_not_have_is_no_data() -> None:
    with pytest.raises(NoData, match="TSLA"):
        SampleSource().bars("TSLA")
