"""The small line of a tile: gaps stay gaps, and one point is no line."""

from apps.metrics.dashboards.sparklines import HEIGHT, WIDTH, sparkline


def test_a_gap_is_a_gap_and_a_point_between_gaps_a_dot() -> None:
    found = sparkline([1, 2, None, 3, None, 2, 1])
    assert found is not None
    assert found.path.count("M") == 2
    assert len(found.dots) == 2


def test_one_known_value_is_no_line() -> None:
    assert sparkline([None, 4, None]) is None
    assert sparkline([]) is None


def test_it_stays_in_its_box_and_a_level_line_runs_in_the_middle() -> None:
    found = sparkline([5, 5, 5])
    assert found is not None
    assert {y for _, y in found.dots} == {HEIGHT / 2}
    assert all(0 <= x <= WIDTH for x, _ in found.dots)
