"""One repository: the first source that has a symbol wins, a past day hides what came later, settings are checked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from apps.market.errors import NoData
from apps.market.repository import BarsRepository, DataDescription, default_repository
from apps.market.sources.csv_folder import CsvFolderSource
from apps.market.sources.sample import SampleSource
from apps.market.sources.simulated import SimulatedSource
from apps.market.values import Kind

NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
HEAD = "date,open,high,low,close,volume\n"


def clock() -> datetime:
    return NOW


def make_repository(as_of: date | None = None) -> BarsRepository:
    return BarsRepository([SampleSource(), SimulatedSource(clock)], clock, as_of=as_of)


@pytest.fixture(autouse=True)
def _forget_the_default() -> Iterator[None]:
    default_repository.cache_clear()
    yield
    default_repository.cache_clear()


@pytest.mark.parametrize(("symbol", "kind"), [("AAPL", Kind.SAMPLE), ("TSLA", Kind.SIMULATED)])
def test_each_symbol_comes_from_the_source_that_has_it(symbol: str, kind: Kind) -> None:
    assert make_repository().series(symbol).provenance.kind is kind


def test_the_first_source_that_has_a_symbol_wins(tmp_path: Path) -> None:
    (tmp_path / "AAPL.csv").write_text(HEAD + "2026-11-19,1,1,1,1,1\n")
    own = CsvFolderSource(tmp_path)
    assert BarsRepository([own, SampleSource()], clock).series("AAPL").last.close == 1
    assert BarsRepository([SampleSource(), own], clock).series("AAPL").last.close == 430.47


def test_symbols_are_those_of_all_sources() -> None:
    assert make_repository().symbols() == (
        "AAPL", "AMZN", "BTC-USD", "GOOG", "IBM", "META", "MSFT", "NVDA", "PLTR", "QQQ", "SPY", "TSLA",
    )  # fmt: skip


def test_a_symbol_without_bars_is_told_what_there_is() -> None:
    with pytest.raises(NoData, match=r"no prices of F here.*prices of AAPL, AMZN, .* and TSLA") as caught:
        make_repository().series("F")
    assert caught.value.details["symbol"] == "F"
    assert "AAPL" in caught.value.details["available"]


def test_a_csv_file_that_cannot_be_used_says_why_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "ACME.csv").write_text(HEAD + "2026-11-19,1,1,1,x,1\n")
    (tmp_path / "GOOD.csv").write_text(HEAD + "2026-11-19,1,1,1,1,1\n")
    with pytest.raises(NoData, match=r"ACME\.csv, line 2: close 'x' is not a number.*prices of GOOD\."):
        BarsRepository([CsvFolderSource(tmp_path)], clock).series("ACME")


def test_a_past_day_hides_all_that_came_later() -> None:
    day = date(2012, 12, 24)
    whole, past = make_repository().series("AAPL"), make_repository(as_of=day).series("AAPL")
    assert past.bars == tuple(bar for bar in whole.bars if bar.day <= day)
    assert past.provenance.as_of == past.last.day == day
    assert make_repository().at(day).series("AAPL") == past
    with pytest.raises(NoData, match="on or before 2012-12-24"):
        make_repository(as_of=day).series("TSLA")


def test_a_day_after_the_last_bar_hides_nothing() -> None:
    assert make_repository(as_of=date(2026, 1, 1)).series("AAPL") == make_repository().series("AAPL")


def test_the_default_is_the_sample_with_the_simulated_feed() -> None:
    repository = default_repository()
    assert repository is default_repository()
    assert repository.describe() == DataDescription(
        kind=Kind.SAMPLE, label="Sample data to 1 Mar 2013; some symbols simulated"
    )
    assert repository.clock().tzinfo is not None


def test_a_csv_folder_stands_alone(settings, tmp_path: Path) -> None:
    (tmp_path / "ACME.csv").write_text(HEAD + "2026-11-19,1,1,1,1,1\n")
    settings.MARKET_DATA = f"csv:{tmp_path}"
    assert default_repository().describe() == DataDescription(kind=Kind.REAL, label="Your CSV files")
    assert default_repository().symbols() == ("ACME",)


def test_a_relative_csv_folder_is_seen_from_the_project(settings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    settings.BASE_DIR = tmp_path
    settings.MARKET_DATA = "csv:mine"
    assert default_repository().symbols() == ()


def test_alpaca_serves_any_symbol_it_may_know(settings) -> None:
    settings.MARKET_DATA, settings.ALPACA_API_KEY, settings.ALPACA_SECRET_KEY = "alpaca", "key", "secret"
    assert default_repository().describe() == DataDescription(kind=Kind.REAL, label="Live (Alpaca IEX)")
    assert default_repository().symbols() is None


@pytest.mark.parametrize(
    ("market_data", "sentence"),
    [
        ("yahoo", "MARKET_DATA is 'yahoo'; it must be sample, alpaca or csv:PATH."),
        ("", "MARKET_DATA is ''; it must be sample, alpaca or csv:PATH."),
        ("sample:x", "MARKET_DATA is 'sample:x'; it must be sample, alpaca or csv:PATH."),
        ("alpaca", "MARKET_DATA is alpaca, which needs ALPACA_API_KEY and ALPACA_SECRET_KEY."),
        ("csv", "MARKET_DATA is csv, but there is no folder '(none given)'. Set it as csv:PATH."),
        ("csv:", "MARKET_DATA is csv, but there is no folder '(none given)'. Set it as csv:PATH."),
        ("csv:/no/such/folder", "MARKET_DATA is csv, but there is no folder '/no/such/folder'. Set it as csv:PATH."),
    ],
)
def test_a_setting_that_cannot_work_is_a_sentence_at_start(settings, market_data: str, sentence: str) -> None:
    settings.MARKET_DATA = market_data
    assert [(check.id, check.msg) for check in run_checks(tags=["market"])] == [("market.E001", sentence)]
    with pytest.raises(ImproperlyConfigured) as caught:
        default_repository()
    assert str(caught.value) == sentence


def test_the_default_settings_pass_the_check() -> None:
    assert run_checks(tags=["market"]) == []


def test_half_a_key_pair_names_the_missing_half(settings) -> None:
    settings.MARKET_DATA, settings.ALPACA_API_KEY = "alpaca", "the-key"
    (check,) = run_checks(tags=["market"])
    assert check.msg == "MARKET_DATA is alpaca, which needs ALPACA_SECRET_KEY."


def test_another_share_class_is_offered_first() -> None:
    with pytest.raises(NoData, match=r"no prices of GOOGL here\. There are prices of GOOG, Alphabet") as caught:
        make_repository().series("GOOGL")
    assert caught.value.details["available"][:2] == ["GOOG", "AAPL"]
