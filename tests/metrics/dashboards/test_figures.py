"""One number as people read it: unit, interval, n; too few are said to be too few, unknown is never zero."""

import pytest

from apps.metrics.dashboards.figures import Unit, few, mean, plain, quantile, share
from apps.metrics.dashboards.measures import change, point
from apps.metrics.rollups.histogram import Histogram


def test_a_percentile_of_too_few_is_said_to_be_too_few() -> None:
    twelve = Histogram.of([100.0] * 12)
    assert quantile(twelve, 0.99).text == "12 turns: too few to say"
    assert quantile(twelve, 0.99).value is None
    assert quantile(twelve, 0.5).value == pytest.approx(100, rel=0.02)
    assert quantile(Histogram.of([]), 0.5).text == "No turns"
    assert quantile(Histogram.of([5.0]), 0.95).text == "1 turn: too few to say"


def test_a_share_has_its_interval_and_of_too_few_only_its_counts() -> None:
    found = share(10, 1000)
    assert (found.text, found.n) == ("1.0", 1000)
    assert found.bounds == pytest.approx((0.545, 1.831), abs=0.001)
    three = share(1, 3)
    assert (three.value, three.text, three.note) == (None, "3 turns: too few to say", "1 of 3")


def test_an_unknown_cost_is_unknown_and_said_beside_a_known_one() -> None:
    assert mean(0, 0, 0, unit=Unit.USD, n_unknown=4).text == "Unknown"
    known = mean(0.1, 0.001, 10, unit=Unit.USD, n_unknown=2)
    assert (known.text, known.note) == ("0.0100", "unknown for 2 more")


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (Unit.MS, 1234.4, "1,234"),
        (Unit.MS, 4.25, "4.2"),
        (Unit.PERCENT, 0.0, "0"),
        (Unit.PERCENT, 0.34, "0.3"),
        (Unit.PERCENT, 42.4, "42"),
        (Unit.PERCENT, 99.94, "99.9"),
        (Unit.USD, 0.0, "0"),
        (Unit.USD, 0.004213, "0.00421"),
        (Unit.USD, 1234.5, "1,234"),
        (Unit.USD, 0.00000001234, "0.00000001"),
        (Unit.COUNT, 12345, "12,345"),
        (Unit.RATIO, 1.5, "1.50"),
    ],
)
def test_a_number_is_written_with_the_digits_that_its_unit_needs(unit: Unit, value: float, text: str) -> None:
    assert unit.shown(value) == text


def test_a_change_is_judged_only_where_the_intervals_lie_apart() -> None:
    def ms(value: float, low: float, high: float) -> object:
        return plain(value, unit=Unit.MS, n=100, low=low, high=high)

    worse = change(ms(200, 190, 210), ms(100, 90, 110), better="low")  # type: ignore[arg-type]
    assert worse is not None
    assert (worse.text, worse.verdict, worse.detail) == ("▲ 100 %", "worse", "was 100 ms")
    chance = change(ms(110, 90, 130), ms(100, 90, 110), better="low")  # type: ignore[arg-type]
    assert chance is not None
    assert (chance.text, chance.verdict) == ("▲ 10 %", "may be chance")
    better = change(share(990, 1000), share(900, 1000), better="high")
    assert better is not None
    assert (better.text, better.verdict) == ("▲ 9.0 points", "better")
    many = change(ms(1200, 1100, 1300), ms(100, 90, 110), better="low")  # type: ignore[arg-type]
    assert many is not None
    assert many.text == "▲ 12 times"
    assert change(few(3, "turn", Unit.MS), ms(1, 1, 1), better="low") is None  # type: ignore[arg-type]
    first = change(ms(1, 1, 1), few(3, "turn", Unit.MS), better="low")  # type: ignore[arg-type]
    assert first is not None
    assert first.text == "Too few turns before to compare"


def test_a_count_has_no_growth_as_its_last_step_still_runs() -> None:
    found = change(plain(860, unit=Unit.COUNT, n=860), plain(1_000, unit=Unit.COUNT, n=1_000), better="")
    assert found is not None
    assert (found.text, found.verdict, found.detail) == ("1,000 in the period before", "", "")


def test_a_picture_marks_what_is_too_few_and_draws_nothing_as_a_gap() -> None:
    assert point(None).value is None
    rough = point(quantile(Histogram.of([100.0] * 30), 0.95))
    assert rough.value == pytest.approx(100, rel=0.02)
    assert rough.is_few
    # The largest of three is no 95th percentile, not even roughly.
    assert point(quantile(Histogram.of([1.0, 2.0, 3.0]), 0.95)).value is None
    sure = point(quantile(Histogram.of([100.0] * 500), 0.95))
    assert not sure.is_few
