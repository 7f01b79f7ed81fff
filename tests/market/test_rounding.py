"""A price is printed one way, whoever prints it: a tool's sentence, the analyst, the page."""

import pytest

from apps.chat import figures
from apps.market.analysis.rounding import price_text
from apps.providers.analyst.ledger import print_number


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (1234.5, "1,234.50"),
        (430.47, "430.47"),
        (0.4321, "0.4321"),
        (0.5, "0.50"),
        (1.0, "1.00"),
        (-10.93, "−10.93"),
        (0.0, "0.00"),
    ],
)
def test_a_price_is_printed_one_way(value: float, printed: str) -> None:
    assert price_text(value) == print_number(value, "price") == printed


def test_the_page_prints_the_prices_of_a_bar_as_the_text_does() -> None:
    row = figures.bar_row(["2013-03-01", 0.5, 0.61, 0.4321, 0.55, 1000])
    assert (row.open, row.low) == (print_number(0.5, "price"), print_number(0.4321, "price"))
