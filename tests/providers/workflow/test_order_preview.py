"""What would be done is read from the person's own words, and nothing of it is guessed."""

import pytest

from apps.providers.analyst.intents import read
from apps.providers.workflow.order_preview import Incomplete, OrderPreview, in_words, read_preview
from tests.providers.workflow.running import after


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("buy 10 AAPL at 430", OrderPreview(side="buy", symbol="AAPL", quantity=10, price=430)),
        ("Buy 10 AAPL limit 400", OrderPreview(side="buy", symbol="AAPL", quantity=10, price=400)),
        ("sell 5 MSFT", OrderPreview(side="sell", symbol="MSFT", quantity=5)),
        ("buy 10 AAPL at market", OrderPreview(side="buy", symbol="AAPL", quantity=10)),
        (
            "short 20 TSLA at 300 stop 320",
            OrderPreview(side="sell short", symbol="TSLA", quantity=20, price=300, stop=320),
        ),
        ("cover 20 TSLA", OrderPreview(side="buy to cover", symbol="TSLA", quantity=20)),
        (
            "place an order to buy 10 shares of Apple at 430 with a stop at 420",
            OrderPreview(side="buy", symbol="AAPL", quantity=10, price=430, stop=420),
        ),
        (
            "buy 1,000 shares of IBM at $201.50",
            OrderPreview(side="buy", symbol="IBM", quantity=1000, price=201.5),
        ),
        ("buy 0.5 BTC at 60000", OrderPreview(side="buy", symbol="BTC-USD", quantity=0.5, price=60000)),
        ("buy AAPL", OrderPreview(side="buy", symbol="AAPL")),
    ],
)
def test_an_order_is_read_as_it_was_written(question: str, expected: OrderPreview) -> None:
    assert read_preview(read(question, ())) == expected


def test_the_symbol_spoken_of_before_is_meant() -> None:
    found = read_preview(read("sell 5 at 200", after("What's the price of IBM?")))
    assert found == OrderPreview(side="sell", symbol="IBM", quantity=5, price=200)


@pytest.mark.parametrize(
    ("question", "lacks"),
    [
        ("place a limit order for 10 AAPL at 400", ("the side (buy, sell, or sell short)",)),
        ("buy 10 shares of BLORP", ("the symbol",)),
        ("execute the order", ("the side (buy, sell, or sell short)", "the symbol")),
    ],
)
def test_what_is_missing_is_named(question: str, lacks: tuple[str, ...]) -> None:
    found = read_preview(read(question, ()))
    assert isinstance(found, Incomplete)
    assert found.lacks == lacks


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("sell 10 AAPL if it drops below 400", "condition"),
        ("buy 10 AAPL tomorrow", "condition"),
        ("buy 10 TSLA at 250 target 300", "figure"),
        ("buy $500 of AAPL", "figure"),
        ("buy 10 AAPL and sell 5 MSFT", "one order at a time"),
    ],
)
def test_nothing_that_was_said_is_left_out_of_what_is_approved(question: str, word: str) -> None:
    found = read_preview(read(question, ()))
    assert isinstance(found, Incomplete)
    assert word in found.why


def test_a_preview_prints_no_figure_that_the_person_did_not_write() -> None:
    words = in_words(OrderPreview(side="buy", symbol="AAPL", quantity=10, price=430.5))
    assert [part for part in words.split() if any(c.isdigit() for c in part)] == ["10", "430.5"]
    assert "- Stop: not named" in words
    assert "Nothing is placed" in words
