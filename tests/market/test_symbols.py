"""The bundled list of instruments: what is in it, how a symbol is resolved, what is offered for a misspelling."""

import json

import pytest

from apps.market.errors import UnknownSymbol
from apps.market.sources.sample import SampleSource
from apps.market.sources.simulated import CHARACTERS
from apps.market.symbols.instruments import FILE, display_name, instrument, name_key, nearest, resolve, universe


def test_the_list_is_whole_and_consistent() -> None:
    everything = universe()
    assert len(everything.instruments) > 1100
    assert list(everything.instruments) == sorted(everything.instruments)
    assert all(one.name and one.asset in {"stock", "etf", "crypto"} for one in everything.instruments.values())
    names = [one.name for one in everything.instruments.values()]
    assert len(names) == len(set(names))
    pointed_at = {*everything.aliases.values(), *everything.popular, *everything.stand_ins.values()}
    assert pointed_at <= set(everything.instruments)
    assert all(alias == name_key(alias) for alias in everything.aliases)


def test_no_symbol_is_listed_twice() -> None:
    symbols = [row[0] for row in json.loads(FILE.read_text())["instruments"]]
    assert len(symbols) == len(set(symbols))


def test_the_origin_of_the_list_is_told() -> None:
    notice = FILE.with_name("NOTICE.md").read_text()
    assert "symbols.json" in notice
    assert "MIT License" in notice


@pytest.mark.parametrize("symbol", [*SampleSource().symbols(), *CHARACTERS])
def test_every_symbol_with_bundled_bars_is_listed(symbol: str) -> None:
    assert instrument(symbol).symbol == symbol


@pytest.mark.parametrize(
    ("symbol", "name", "asset"),
    [
        ("AAPL", "Apple", "stock"),
        ("META", "Meta Platforms", "stock"),
        ("GOOG", "Alphabet (Class C)", "stock"),
        ("KO", "Coca-Cola", "stock"),
        ("T", "AT&T", "stock"),
        ("SPY", "SPDR S&P 500", "etf"),
        ("BTC-USD", "Bitcoin", "crypto"),
    ],
)
def test_an_instrument_has_the_name_people_use(symbol: str, name: str, asset: str) -> None:
    found = instrument(symbol)
    assert (found.symbol, found.name, found.asset) == (symbol, name, asset)
    assert found.industry
    assert display_name(symbol) == name


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("aapl", "AAPL"),
        (" AAPL ", "AAPL"),
        ("BRK-B", "BRK.B"),
        ("brk/b", "BRK.B"),
        ("btc/usd", "BTC-USD"),
        ("BTC", "BTC-USD"),
        ("FB", "META"),
        ("Google", "GOOG"),
        ("at&t", "T"),
        ("AT and T", "T"),
        ("Estee Lauder", "EL"),
        ("ZZZZ", None),
        ("", None),
        ("price of AAPL", None),
    ],
)
def test_a_symbol_is_resolved_however_it_is_written(written: str, symbol: str | None) -> None:
    assert resolve(written) == symbol


def test_an_unknown_symbol_offers_the_nearest() -> None:
    with pytest.raises(UnknownSymbol, match=r'There is no symbol "APPL" here\. Did you mean AAPL') as caught:
        instrument("APPL")
    assert caught.value.details["symbol"] == "APPL"
    assert caught.value.details["nearest"][0] == "AAPL"
    assert len(caught.value.details["nearest"]) <= 3


def test_an_unknown_symbol_that_is_like_none_offers_none() -> None:
    with pytest.raises(UnknownSymbol) as caught:
        instrument("ZZZZ")
    assert str(caught.value) == 'There is no symbol "ZZZZ" here.'
    assert caught.value.details["nearest"] == []


def test_a_hostile_symbol_is_cut_and_kept_as_plain_text() -> None:
    with pytest.raises(UnknownSymbol) as caught:
        instrument("<script>\nalert(1)</script>" + "x" * 9000)
    assert len(str(caught.value)) < 160
    assert "\n" not in str(caught.value)
    assert "<script> alert(1)</script>" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "symbol"),
    [("TLSA", "TSLA"), ("NVDIA", "NVDA"), ("microsft", "MSFT"), ("bitcon", "BTC-USD"), ("gold", "GLD"), ("Oil", "USO")],
)
def test_the_nearest_comes_first(written: str, symbol: str) -> None:
    assert nearest(written)[0] == symbol


def test_symbols_of_the_users_own_are_instruments_too() -> None:
    found = instrument("myfnd", also=["MYFND"])
    assert (found.symbol, found.name, found.asset) == ("MYFND", "MYFND", "stock")
    with pytest.raises(UnknownSymbol):
        instrument("MYFND")
