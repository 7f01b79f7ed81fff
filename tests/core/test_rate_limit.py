"""Limits: how many hits pass, when the next one does, and what the cache gets to see.

Each test counts under keys of its own, so the cache may be a shared one.
"""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core.cache import cache
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.rate_limit import Rate, hit, parse_rate

START = 1_000_000_020.0  # the first second of a 60-second window
RATE = Rate(count=20, seconds=60)


@pytest.fixture
def key() -> str:
    return uuid4().hex


def count_allowed(*, now: float, attempts: int, key: str, rate: Rate = RATE) -> int:
    return sum(hit(key=key, rate=rate, now=now).allowed for _ in range(attempts))


@pytest.fixture
def cache_names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of each entry that the limiter reads or writes, in order."""
    names: list[str] = []

    def watch(operation: str) -> None:
        real = getattr(cache, operation)

        def watched(name: str, *args: object, **options: object) -> object:
            names.append(name)
            return real(name, *args, **options)

        monkeypatch.setattr(cache, operation, watched)

    for operation in ("add", "incr", "decr", "get"):
        watch(operation)
    return names


def test_a_burst_passes_up_to_the_count_and_no_further(key: str) -> None:
    verdicts = [hit(key=key, rate=RATE, now=START + 5) for _ in range(25)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 20 + [False] * 5
    assert [verdict.remaining for verdict in verdicts] == [*range(19, -1, -1), 0, 0, 0, 0, 0]
    assert all(verdict.retry_after_s == 0 for verdict in verdicts[:20])
    assert all(verdict.retry_after_s > 0 for verdict in verdicts[20:])


def test_the_edge_of_a_window_allows_no_second_burst(key: str) -> None:
    assert count_allowed(now=START + 59.9, attempts=40, key=key) == 20
    assert count_allowed(now=START + 60.1, attempts=40, key=key) == 0
    # Half-way through the next window half of the burst has slid out.
    assert count_allowed(now=START + 90, attempts=40, key=key) == 10
    assert count_allowed(now=START + 300, attempts=40, key=key) == 20


def test_a_refused_hit_does_not_count(key: str) -> None:
    count_allowed(now=START, attempts=20, key=key)
    refused = [hit(key=key, rate=RATE, now=START + 1) for _ in range(100)]
    assert not any(verdict.allowed for verdict in refused)
    assert len({verdict.retry_after_s for verdict in refused}) == 1
    assert count_allowed(now=START + 63, attempts=40, key=key) == 1


def test_keys_and_periods_are_counted_apart(key: str) -> None:
    assert count_allowed(now=START, attempts=30, key=key) == 20
    assert count_allowed(now=START, attempts=30, key=f"{key} other") == 20
    assert count_allowed(now=START, attempts=30, key=key, rate=Rate(count=25, seconds=3600)) == 25


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(1, 30),
    seconds=st.integers(1, 600),
    gaps=st.lists(st.floats(0, 120), min_size=1, max_size=40),
)
def test_waiting_as_long_as_told_is_enough_and_a_second_less_is_not(
    count: int, seconds: int, gaps: list[float]
) -> None:
    key, rate, now = uuid4().hex, Rate(count=count, seconds=seconds), START
    for gap in gaps:
        now += gap
        verdict = hit(key=key, rate=rate, now=now)
        if verdict.allowed:
            continue
        if verdict.retry_after_s > 1:
            assert not hit(key=key, rate=rate, now=now + verdict.retry_after_s - 1.001).allowed
        now += verdict.retry_after_s
        assert hit(key=key, rate=rate, now=now).allowed


@settings(max_examples=100, deadline=None)
@given(offset=st.floats(0, 60), steps=st.lists(st.floats(0, 3), min_size=30, max_size=60))
def test_no_two_seconds_ever_see_more_than_the_count_and_its_share(offset: float, steps: list[float]) -> None:
    """Two seconds of sixty let one thirtieth of the count slide out: one hit beside the twenty at most."""
    key, now = uuid4().hex, START + offset
    allowed_at: list[float] = []
    for step in steps:
        now += step
        allowed_at += [now] * count_allowed(now=now, attempts=5, key=key)
    for start in allowed_at:
        assert sum(start <= moment <= start + 2 for moment in allowed_at) <= 21


def test_racing_threads_never_pass_more_than_the_count(key: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(lambda _: hit(key=key, rate=RATE, now=START + 5), range(400)))
    assert sum(verdict.allowed for verdict in verdicts) == 20
    assert count_allowed(now=START + 6, attempts=5, key=key) == 0


def test_a_counter_that_the_cache_drops_is_begun_anew(key: str, cache_names: list[str]) -> None:
    count_allowed(now=START, attempts=20, key=key)
    cache.delete_many(set(cache_names))
    assert count_allowed(now=START, attempts=25, key=key) == 20


def test_the_cache_never_sees_the_key(cache_names: list[str]) -> None:
    count_allowed(now=START, attempts=25, key="address:203.0.113.7")
    assert len(cache_names) > 50
    assert not [name for name in cache_names if "203.0.113.7" in name or "address" in name]
    cache.delete_many(set(cache_names))


def test_counters_leave_the_cache_by_themselves(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[float] = []
    real = cache.add
    monkeypatch.setattr(cache, "add", lambda name, value, timeout: kept.append(timeout) or real(name, value, timeout))
    hit(key=key, rate=RATE, now=START)
    assert kept == [120]


@pytest.mark.parametrize(
    ("text", "count", "seconds"), [("20/60", 20, 60), (" 5000/86400 ", 5000, 86400), ("1/1", 1, 1)]
)
def test_a_rate_is_read_as_count_and_seconds(text: str, count: int, seconds: int) -> None:
    assert parse_rate(text) == Rate(count=count, seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "20", "20/", "/60", "20/60/3", "0/60", "20/0", "-1/60", "20/1m", "1.5/60", "٢٠/٦٠", "20 per 60"]
)
def test_a_rate_that_is_none_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no rate\. Write count/seconds"):
        parse_rate(text)
