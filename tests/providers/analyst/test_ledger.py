"""A number is printed as the tool gave it, and each printing is a fact."""

import pytest

from apps.providers.analyst.ledger import Ledger, print_day, print_number


@pytest.mark.parametrize(
    ("value", "style", "printed"),
    [
        (430.47, "price", "430.47"),
        (430.5, "price", "430.50"),
        (68123.45, "price", "68,123.45"),
        (0.1234, "price", "0.1234"),
        (0.5, "price", "0.50"),
        (-0.0212, "price", "−0.0212"),
        (-10.93, "signed_price", "−10.93"),
        (1.25, "percent", "+1.25 %"),
        (-2.48, "percent", "−2.48 %"),
        (0.0, "percent", "0.00 %"),
        (-2.48, "size_percent", "2.48 %"),
        (1.0, "plain_percent", "1 %"),
        (0.5, "plain_percent", "0.5 %"),
        (27300000, "count", "27,300,000"),
        (2.4, "ratio", "2.40"),
        (-0.34, "ratio", "−0.34"),
        (-1.7, "size_ratio", "1.70"),
        (46.4, "one_place", "46.4"),
    ],
)
def test_styles_keep_the_value(value: float, style: str, printed: str) -> None:
    assert print_number(value, style) == printed


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ValueError, match="no number style"):
        print_number(1.0, "fancy")


def test_a_day_is_printed_as_people_write_it() -> None:
    assert print_day("2013-03-01") == "1 Mar 2013"


def make_ledger() -> Ledger:
    ledger = Ledger()
    source = {"as_of": "2013-03-01"}
    targets = [{"price": 204.95, "reason": "50-day average at 197.94; low 197.51 of 25 Feb 2013"}]
    ledger.add("call_1", {"symbol": "IBM", "close": 202.91, "targets": targets, "source": source})
    return ledger


def test_facts_stand_in_the_order_of_printing() -> None:
    ledger = make_ledger()
    ledger.number("call_1", "targets.0.price")
    ledger.day("call_1", "source.as_of")
    ledger.number("call_1", "close")
    assert [(fact.id, fact.text, fact.path) for fact in ledger.facts] == [
        ("f1", "204.95", "targets.0.price"),
        ("f2", "1 Mar 2013", "source.as_of"),
        ("f3", "202.91", "close"),
    ]
    assert ledger.facts[0].label == "IBM targets 0 price"


def test_each_number_in_a_phrase_is_a_fact_but_names_and_days_are_not() -> None:
    ledger = make_ledger()
    assert ledger.words("call_1", "targets.0.reason") == "50-day average at 197.94; low 197.51 of 25 Feb 2013"
    assert [fact.text for fact in ledger.facts] == ["197.94", "197.51"]


def test_only_a_part_that_is_there_can_be_quoted() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        make_ledger().words("call_1", "targets.0.reason", part="something else")


def test_a_place_that_is_not_in_the_result_cannot_be_printed() -> None:
    with pytest.raises(KeyError):
        make_ledger().number("call_1", "open")


def test_a_day_without_its_year_is_no_fact() -> None:
    ledger = Ledger()
    ledger.add("c", {"symbol": "AAPL", "market_status": "NYSE is closed until Monday 23 November, 09:30 ET."})
    assert "23 November" in ledger.words("c", "market_status")
    assert ledger.facts == []
