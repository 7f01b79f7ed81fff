"""How times are spread, in a form that can be added up: counts in buckets, each 4 % wider than the one before.

A percentile read from it is at most 2 % off the exact one. Stored histograms that follow one another are their sum, so
that a database can add them up by putting them together.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from apps.routing.evidence.intervals import Interval, quantile_interval

#: A bucket ends this many times further up than the one before it.
GROWTH = 1.04
#: Bucket 0 holds what is not above it, also zero and less; in milliseconds, a microsecond.
SMALLEST = 0.001
N_BUCKETS = 1024
#: How it is stored: records of 32 bits, little-endian, the bucket in the upper 12, a count in the lower 20.
VERSION = 1
COUNT_BITS = 20
LARGEST_COUNT = (1 << COUNT_BITS) - 1
#: The bucket of the first record, whose count is the version.
HEADER = (1 << 12) - 1

Counts = npt.NDArray[np.int64]

# Where each bucket ends, and what its values are taken for: in proportion as far from its lower end as from its upper.
UPPER = np.concatenate([[0.0], SMALLEST * GROWTH ** np.arange(N_BUCKETS - 1)])
MIDDLE = np.concatenate([[0.0, SMALLEST], UPPER[2:] * 2 / (1 + GROWTH)])


class UnknownHistogram(Exception):
    """Bytes that are no histogram of this version; `str(error)` says what they are."""


def buckets_of(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The bucket of each value, none of which is NaN. What lies beyond the last bucket counts in it."""
    found = np.searchsorted(UPPER, values, side="left")
    return np.minimum(found, N_BUCKETS - 1).astype(np.int64)


def no_counts() -> Counts:
    return np.zeros(N_BUCKETS, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """How many values lie in each bucket. `a + b` holds those of both."""

    counts: Counts = field(default_factory=no_counts)

    @classmethod
    def of(cls, values: Iterable[float]) -> "Histogram":
        """What is not a number is left out."""
        numbers = np.fromiter(values, dtype=np.float64)
        numbers = numbers[~np.isnan(numbers)]
        return cls(counts=np.bincount(buckets_of(numbers), minlength=N_BUCKETS).astype(np.int64))

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Histogram":
        """One stored histogram, or the sum of several that follow one another; none at all is empty."""
        return cls.all_from_bytes([stored])[0]

    @classmethod
    def all_from_bytes(cls, stored: Sequence[bytes]) -> "list[Histogram]":
        """Each as `from_bytes` has it; hundreds take as long as a few."""
        lengths = np.fromiter(map(len, stored), dtype=np.int64, count=len(stored))
        if (lengths % 4).any():
            raise UnknownHistogram("The length of a histogram is a multiple of 4 bytes, and that of one here is not.")
        records = np.frombuffer(b"".join(stored), dtype="<u4")
        buckets, counts = (records >> COUNT_BITS).astype(np.int64), records & LARGEST_COUNT
        headers = buckets == HEADER
        begins = (np.cumsum(lengths) - lengths)[lengths > 0] // 4
        if not headers[begins].all():
            raise UnknownHistogram("A histogram begins with its version, and this does not.")
        if (counts[headers] != VERSION).any():
            raise UnknownHistogram(f"A histogram of another version than {VERSION}.")
        kept = ~headers
        if (buckets[kept] >= N_BUCKETS).any():
            raise UnknownHistogram(f"A histogram has {N_BUCKETS} buckets, and this has one beyond them.")
        places = np.repeat(np.arange(len(stored)) * N_BUCKETS, lengths // 4)[kept] + buckets[kept]
        # Sums below 2^53 are exact in the floats that bincount adds up.
        summed = np.bincount(places, weights=counts[kept], minlength=len(stored) * N_BUCKETS)
        return [cls(counts=one) for one in summed.astype(np.int64).reshape(len(stored), N_BUCKETS)]

    def to_bytes(self) -> bytes:
        """Nothing for an empty one. A count beyond 20 bits takes several records."""
        filled = np.flatnonzero(self.counts)
        if not len(filled):
            return b""
        counts = self.counts[filled]
        repeats = -(-counts // LARGEST_COUNT)
        buckets = np.repeat(filled, repeats)
        records = np.full(len(buckets), LARGEST_COUNT, dtype=np.int64)
        records[np.cumsum(repeats) - 1] = counts - (repeats - 1) * LARGEST_COUNT
        header = np.array([HEADER << COUNT_BITS | VERSION], dtype="<u4")
        return header.tobytes() + (buckets << COUNT_BITS | records).astype("<u4").tobytes()

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(counts=self.counts + other.counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and bool((self.counts == other.counts).all())

    __hash__ = None  # type: ignore[assignment]

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def quantile(self, p: float) -> float | None:
        """The p-quantile, interpolated as PostgreSQL's `percentile_cont` does, at most 2 % off; None of no values."""
        if not 0 <= p <= 1:
            raise ValueError(f"A quantile lies between 0 and 1; this is {p}.")
        return self._value(p, np.cumsum(self.counts))

    def interval(self, p: float, *, level: float = 0.95) -> Interval | None:
        """The p-quantile with bounds that hold it with probability `level`, whatever the values' shape.

        The bounds are order statistics, widened to the ends of their buckets. None where the values are too few for
        such bounds: below 6 for p50, 76 for p95, 396 for p99.
        """
        up_to = np.cumsum(self.counts)
        # Of the values 0, 1, 2 … each is its own place.
        places = quantile_interval(range(int(up_to[-1])), p, level=level)
        value = self._value(p, up_to)
        if places is None or value is None:
            return None
        low, high = np.searchsorted(up_to, (int(places.low), int(places.high)), side="right")
        return Interval(value=value, low=float(UPPER[max(low - 1, 0)]), high=float(UPPER[high]), n=places.n)

    @staticmethod
    def _value(p: float, up_to: Counts) -> float | None:
        """The p-quantile, from how many values lie in each bucket and those below it."""
        n = int(up_to[-1])
        if n == 0:
            return None
        place = p * (n - 1)
        # The buckets of the values at these places among the ascending ones, counted from 0.
        low, high = MIDDLE[np.searchsorted(up_to, (math.floor(place), math.ceil(place)), side="right")]
        return float(low + (place - math.floor(place)) * (high - low))


def merged(histograms: Iterable[Histogram]) -> Histogram:
    counts = [histogram.counts for histogram in histograms]
    return Histogram(counts=np.sum(counts, axis=0)) if counts else Histogram()


def percentiles(histogram: Histogram) -> Mapping[str, Interval | None]:
    """p50, p95 and p99; None where the values are too few to say."""
    return {name: histogram.interval(p) for name, p in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
