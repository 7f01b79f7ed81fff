import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from apps.market.analysis.rounding import change_percent, price, price_text, ratio
from apps.market.tools.encoding import to_json
from apps.market.values import Kind

NAN, INFINITY = float("nan"), float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    value: Any


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Kind.SAMPLE, "sample"),
        (date(2013, 3, 1), "2013-03-01"),
        (NAN, None),
        (-INFINITY, None),
        ([1.5, None, 2], [1.5, None, 2]),
        ([1.5, NAN], [1.5, None]),
        ([INFINITY, -INFINITY, "a"], [None, None, "a"]),
        ([["2013-03-01", 1.0, 2], ["2013-03-04", NAN, 3]], [["2013-03-01", 1.0, 2], ["2013-03-04", None, 3]]),
        ([["2013-03-01", 1.0], ["2013-03-04", 2.0]], [["2013-03-01", 1.0], ["2013-03-04", 2.0]]),
        ([date(2013, 3, 1)], ["2013-03-01"]),
        ((1, 2), [1, 2]),
        ([], []),
        ({"a": Shape(value=NAN)}, {"a": {"value": None}}),
        (True, True),
    ],
)
def test_values_become_json(value: Any, expected: Any) -> None:
    encoded = to_json(Shape(value=value))["value"]
    assert encoded == expected
    assert json.loads(json.dumps(encoded, allow_nan=False)) == expected


def test_a_list_is_copied_so_that_nobody_changes_a_shared_one() -> None:
    row = [1.0, 2.0]
    encoded = to_json([row])
    encoded[0].append(3.0)
    assert row == [1.0, 2.0]


def test_what_json_has_no_shape_for_is_refused() -> None:
    with pytest.raises(TypeError, match="set has no JSON shape"):
        to_json({"a": {1, 2}})


def test_prices_have_two_places_and_four_below_one() -> None:
    assert [price(value) for value in (1234.567, 1.006, 0.123456, -0.55556, -3.14159)] == [
        1234.57,
        1.01,
        0.1235,
        -0.5556,
        -3.14,
    ]
    assert [price_text(value) for value in (1234.5, 0.1235)] == ["1,234.50", "0.1235"]


def test_no_number_is_a_negative_zero() -> None:
    for value in (price(-0.00001), ratio(-0.001), change_percent(100, 99.9999)):
        assert str(value) == "0.0"
