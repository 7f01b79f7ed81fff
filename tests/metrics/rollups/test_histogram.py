"""Histograms: percentiles within 2 % of the exact ones, bounds that cover, and bytes that add up."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.metrics.rollups.histogram import (
    COUNT_BITS,
    HEADER,
    N_BUCKETS,
    UPPER,
    VERSION,
    Histogram,
    UnknownHistogram,
    merged,
    no_counts,
)

#: A busy machine draws slowly; that says nothing of what is drawn.
unhurried = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
TIMES = st.lists(st.floats(min_value=0.002, max_value=1e9), min_size=1, max_size=100)


@unhurried
@given(values=TIMES, p=st.sampled_from([0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_two_percent_of_the_exact_one(values: list[float], p: float) -> None:
    found = Histogram.of(values).quantile(p)
    assert found == pytest.approx(float(np.quantile(values, p)), rel=0.0197)


@unhurried
@given(values=TIMES)
def test_what_is_stored_is_read_again(values: list[float]) -> None:
    histogram = Histogram.of(values)
    assert Histogram.from_bytes(histogram.to_bytes()) == histogram


@unhurried
@given(parts=st.lists(TIMES, max_size=5))
def test_stored_histograms_one_after_the_other_are_their_sum(parts: list[list[float]]) -> None:
    histograms = [Histogram.of(part) for part in parts]
    together = Histogram.of([value for part in parts for value in part])
    assert Histogram.from_bytes(b"".join(one.to_bytes() for one in histograms)) == together
    assert merged(histograms) == together
    assert sum(histograms, Histogram()) == together


def test_nothing_zero_negative_and_huge_values_have_their_place() -> None:
    assert Histogram().to_bytes() == b""
    assert Histogram().quantile(0.5) is None
    histogram = Histogram.of([0.0, -5.0, 0.0001, float("nan")])
    assert (histogram.n, histogram.quantile(0.0), histogram.quantile(0.5)) == (3, 0.0, 0.0)
    assert Histogram.of([1e300, float("inf")]).counts[N_BUCKETS - 1] == 2


@pytest.mark.parametrize("count", [1, 2**20 - 1, 2**20, 2**21 - 2, 2**32 + 17, 2**40])
def test_a_count_of_any_size_is_stored(count: int) -> None:
    counts = no_counts()
    counts[7] = counts[9] = count
    assert Histogram.from_bytes(Histogram(counts=counts).to_bytes()).counts[[7, 9]].tolist() == [count, count]


def test_a_histogram_takes_four_bytes_a_bucket_and_four_for_its_version() -> None:
    values = np.random.default_rng(1).lognormal(8, 0.6, 500)
    histogram = Histogram.of(values)
    assert len(histogram.to_bytes()) == 4 + 4 * np.count_nonzero(histogram.counts) < 400


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (b"abc", "multiple of 4"),
        (np.array([5 << COUNT_BITS | 1], dtype="<u4").tobytes(), "begins with its version"),
        (np.array([HEADER << COUNT_BITS | VERSION + 1], dtype="<u4").tobytes(), "another version"),
        (np.array([HEADER << COUNT_BITS | VERSION, 2000 << COUNT_BITS], dtype="<u4").tobytes(), "beyond them"),
    ],
)
def test_bytes_that_are_no_histogram_are_refused(stored: bytes, words: str) -> None:
    with pytest.raises(UnknownHistogram, match=words):
        Histogram.from_bytes(stored)


@pytest.mark.parametrize(("p", "fewest"), [(0.5, 6), (0.95, 76), (0.99, 396)])
def test_too_few_values_have_no_interval(p: float, fewest: int) -> None:
    values = np.random.default_rng(2).lognormal(8, 0.6, fewest)
    assert Histogram.of(values[:-1]).interval(p) is None
    found = Histogram.of(values).interval(p)
    assert found is not None
    assert found.low <= found.value <= found.high
    assert found.n == fewest


@pytest.mark.parametrize(("p", "n"), [(0.5, 30), (0.95, 120), (0.99, 900)])
def test_the_interval_covers_the_true_quantile_as_often_as_it_says(p: float, n: int) -> None:
    rng = np.random.default_rng(3)
    truth = float(np.quantile(rng.lognormal(8, 0.6, 2_000_000), p))
    covered = 0
    for _ in range(500):
        found = Histogram.of(rng.lognormal(8, 0.6, n)).interval(p)
        assert found is not None
        covered += found.low <= truth <= found.high
    # Three standard errors below 95 %.
    assert covered / 500 > 0.92


@unhurried
@given(value=st.floats(min_value=0.002, max_value=1e9))
def test_a_value_lies_in_its_bucket(value: float) -> None:
    (bucket,) = np.flatnonzero(Histogram.of([value]).counts)
    assert UPPER[bucket - 1] < value <= UPPER[bucket]


def test_a_quantile_outside_of_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Histogram.of([1.0]).quantile(1.5)
