"""Costs computed by hand, by the bundled list and by our own prices; what nobody knows stays unknown."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from apps.providers.prices.costs import Cost, speech_cost, token_cost, transcription_cost
from apps.providers.prices.listed import list_version
from apps.providers.prices.overrides import Override, overrides_known

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LISTED = "genai-prices 0.2.3"


def usd(amount: str, version: str = LISTED) -> Cost:
    return Cost(usd=Decimal(amount), version=version)


UNKNOWN = Cost(usd=None, version="")


def tokens(model: str, *, fresh: int = 0, cached: int = 0, out: int = 0, written: int = 0, at: Any = NOON) -> Cost:
    return token_cost(
        model=model,
        tokens_input=fresh + cached + written,
        tokens_cached=cached,
        tokens_cache_written=written,
        tokens_output=out,
        at=at,
    )


def ours(number: int = 7, model: str = "gpt-4o", *, since: datetime = NOON, **prices: Any) -> Override:
    amounts = {name: Decimal(str(price)) for name, price in prices.items() if name != "uses_list"}
    return Override(number=number, model=model, valid_from=since, uses_list=bool(prices.get("uses_list")), **amounts)


@pytest.fixture
def override() -> Iterator[Any]:
    yield lambda *overrides: overrides_known.replace(overrides)
    overrides_known.replace(())


def test_the_version_names_the_package_whose_list_it_is() -> None:
    assert list_version() == LISTED


@pytest.mark.parametrize(
    ("used", "cost"),
    [
        # gpt-4o is listed at 2.50 in, 1.25 cached and 10.00 out a million.
        ({"fresh": 1_000_000}, "2.5"),
        ({"cached": 1_000_000}, "1.25"),
        ({"out": 1_000_000}, "10"),
        ({"fresh": 600, "cached": 400, "out": 200}, "0.004"),
        # One token of 0.0000025: no digit of it is lost.
        ({"fresh": 1}, "0.0000025"),
        ({}, "0"),
    ],
)
def test_a_call_costs_what_the_list_says(used: dict[str, int], cost: str) -> None:
    assert tokens("gpt-4o", **used) == usd(cost)


def test_reasoning_is_paid_as_the_output_that_it_is_part_of() -> None:
    # 6.1-terra: 1.00 in, 0.05 cached, 5.00 out; of the 100 tokens out 60 were reasoning.
    assert tokens("gpt-6.1-terra", fresh=600, cached=400, out=100) == usd("0.00112")


def test_what_was_written_to_the_cache_has_its_own_price() -> None:
    # 500 at 1.00, 200 cached at 0.05, 300 written at 1.25, 10 out at 5.00.
    assert tokens("gpt-6.1-terra", fresh=500, cached=200, written=300, out=10) == usd("0.000935")


def test_a_long_question_costs_more_a_token() -> None:
    # Above 272,000 tokens in, terra takes 2.00 in and 7.50 out.
    assert tokens("gpt-6.1-terra", fresh=300_000, out=1_000) == usd("0.6075")


@pytest.mark.parametrize("model", ["gpt-4o-2024-08-06", "GPT-4o"])
def test_a_dated_snapshot_costs_what_its_model_costs(model: str) -> None:
    assert tokens(model, fresh=1000, out=10) == usd("0.0026")


@pytest.mark.parametrize(("day", "cost"), [(20, "0.0053"), (21, "0.0042"), (22, "0.0042")])
def test_a_price_is_that_of_the_day_of_the_call(day: int, cost: str) -> None:
    # 5.6-sol went from 5.00 and 30.00 to 4.00 and 20.00 on 21 August 2026.
    assert tokens("gpt-5.6-sol", fresh=1000, out=10, at=datetime(2026, 8, day, 12, tzinfo=UTC)) == usd(cost)


@pytest.mark.parametrize("model", ["llama-3.3-70b", "", "gpt-6.1-terra-of-tomorrow", "ft:gpt-4o:org::1"])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert tokens(model, fresh=1000, out=10) == UNKNOWN
    assert transcription_cost(model=model, audio_seconds=60) == UNKNOWN
    assert speech_cost(model=model, characters=1000) == UNKNOWN


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "tts-1", "omni-moderation-latest"])
def test_tokens_of_a_model_that_is_not_sold_by_the_token_are_not_free(model: str) -> None:
    assert tokens(model, fresh=1000, out=10) == UNKNOWN


def test_a_part_without_a_price_leaves_the_whole_unknown() -> None:
    assert tokens("text-embedding-3-small", fresh=1000) == usd("0.00002")
    assert tokens("text-embedding-3-small", fresh=1000, out=3) == UNKNOWN


@pytest.mark.parametrize(
    ("model", "seconds", "cost"),
    # Listed by the hour: 0.27, 0.36, 1.02.
    [
        ("gpt-transcribe", 60, "0.0045"),
        ("gpt-transcribe", 2.4, "0.00018"),
        ("whisper-1", 90, "0.009"),
        ("gpt-live-transcribe", 60, "0.017"),
        ("gpt-transcribe", 0, "0"),
    ],
)
def test_what_was_heard_costs_by_its_length(model: str, seconds: float, cost: str) -> None:
    assert transcription_cost(model=model, audio_seconds=seconds, at=NOON) == usd(cost)


@pytest.mark.parametrize(("model", "cost"), [("tts-1", "0.00615"), ("tts-1-hd", "0.0123")])
def test_what_was_spoken_costs_by_its_characters(model: str, cost: str) -> None:
    # 410 characters at 15.00 and 30.00 a million.
    assert speech_cost(model=model, characters=410, at=NOON) == usd(cost)


@pytest.mark.parametrize("model", ["gpt-4o-transcribe", "gpt-4o-mini-tts", "gpt-4o"])
def test_a_voice_that_is_sold_by_the_token_has_no_price_by_length(model: str) -> None:
    assert transcription_cost(model=model, audio_seconds=60) == UNKNOWN
    assert speech_cost(model=model, characters=1000) == UNKNOWN


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_length_that_is_none_has_no_cost(seconds: float, override: Any) -> None:
    assert transcription_cost(model="whisper-1", audio_seconds=seconds) == UNKNOWN
    override(ours(model="whisper-1", usd_per_audio_minute=1))
    assert transcription_cost(model="whisper-1", audio_seconds=seconds) == UNKNOWN


def test_the_sandbox_costs_nothing_until_somebody_prices_it(override: Any) -> None:
    assert tokens("sandbox/gpt-4o", fresh=1000, out=10) == usd("0", "sandbox")
    assert transcription_cost(model="sandbox/anything", audio_seconds=60) == usd("0", "sandbox")
    assert speech_cost(model="sandbox/anything", characters=1000) == usd("0", "sandbox")
    override(ours(model="sandbox/gpt-4o", usd_per_million_input=1, usd_per_million_output=2))
    assert tokens("sandbox/gpt-4o", fresh=1000, out=10) == usd("0.00102", "override 7")


def test_our_own_price_comes_before_the_list(override: Any) -> None:
    override(ours(usd_per_million_input=1, usd_per_million_cached=0.5, usd_per_million_output=4))
    # 1,000,000 at 1.00, 2,000,000 cached at 0.50, 1,000,000 out at 4.00.
    assert tokens("gpt-4o", fresh=1_000_000, cached=2_000_000, out=1_000_000) == usd("6", "override 7")
    assert tokens("GPT-4o-2024-08-06", fresh=1_000_000) == usd("1", "override 7")
    assert tokens("gpt-4o-mini", fresh=1_000_000) == usd("0.15")


def test_a_snapshot_with_a_price_of_its_own_has_that(override: Any) -> None:
    override(
        ours(7, usd_per_million_input=1, usd_per_million_output=1),
        ours(8, "gpt-4o-2024-08-06", usd_per_million_input=3, usd_per_million_output=1),
    )
    assert tokens("gpt-4o-2024-08-06", fresh=1_000_000) == usd("3", "override 8")
    assert tokens("gpt-4o-2024-11-20", fresh=1_000_000) == usd("1", "override 7")


def test_cached_tokens_without_a_price_cost_as_other_input(override: Any) -> None:
    override(ours(usd_per_million_input=2, usd_per_million_output=4))
    assert tokens("gpt-4o", fresh=100, cached=900, written=1000, out=500) == usd("0.006", "override 7")


def test_a_price_of_nothing_is_a_price(override: Any) -> None:
    override(ours(usd_per_million_input=0, usd_per_million_output=0))
    assert tokens("gpt-4o", fresh=1000, out=10) == usd("0", "override 7")


def test_our_own_prices_by_the_minute_and_by_the_character(override: Any) -> None:
    override(ours(model="whisper-1", usd_per_audio_minute=0.01, usd_per_million_characters=20))
    assert transcription_cost(model="whisper-1", audio_seconds=90, at=NOON) == usd("0.015", "override 7")
    assert speech_cost(model="whisper-1", characters=410, at=NOON) == usd("0.0082", "override 7")
    # Nobody said what its tokens cost, and the list is not asked.
    assert tokens("whisper-1", fresh=1) == UNKNOWN


@pytest.mark.parametrize(
    ("hours", "cost", "version"),
    [(-1, "0.0025", LISTED), (0, "0.001", "override 7"), (25, "0.003", "override 8"), (49, "0.0025", LISTED)],
)
def test_our_own_price_is_that_of_the_moment_of_the_call(override: Any, hours: int, cost: str, version: str) -> None:
    override(
        ours(7, since=NOON, usd_per_million_input=1, usd_per_million_output=1),
        # Entered later, withdrawn on the day after it begins.
        ours(9, since=NOON + timedelta(hours=48), uses_list=True),
        ours(8, since=NOON + timedelta(hours=24), usd_per_million_input=3, usd_per_million_output=1),
    )
    assert tokens("gpt-4o", fresh=1000, at=NOON + timedelta(hours=hours)) == usd(cost, version)


def test_of_two_that_begin_together_the_newer_counts(override: Any) -> None:
    override(
        ours(8, usd_per_million_input=3, usd_per_million_output=1),
        ours(7, usd_per_million_input=1, usd_per_million_output=1),
    )
    assert tokens("gpt-4o", fresh=1000) == usd("0.003", "override 8")


def test_more_cached_tokens_than_tokens_are_all_of_them() -> None:
    miscounted = token_cost(model="gpt-4o", tokens_input=100, tokens_output=0, tokens_cached=900, at=NOON)
    assert miscounted == tokens("gpt-4o", cached=100)
    written = token_cost(
        model="gpt-6.1-terra", tokens_input=100, tokens_output=0, tokens_cached=90, tokens_cache_written=90, at=NOON
    )
    assert written == tokens("gpt-6.1-terra", cached=90, written=10)


def test_a_call_that_would_cost_more_than_any_has_no_cost(override: Any) -> None:
    override(ours(usd_per_million_input=1000, usd_per_million_output=1000))
    assert tokens("gpt-4o", fresh=10_000_000) == usd("10000", "override 7")
    assert tokens("gpt-4o", fresh=10_000_000, out=1) == UNKNOWN


def test_a_cost_is_rounded_to_what_a_row_holds(override: Any) -> None:
    override(ours(usd_per_million_input=0.001234, usd_per_million_output=0))
    # 0.001234 × 1,000,007 / 1,000,000 = 0.001234008638
    assert tokens("gpt-4o", fresh=1_000_007) == usd("0.00123401", "override 7")


def test_no_connection_is_opened_for_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> NoReturn:
        raise AssertionError("a price was asked for over the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert tokens("gpt-4o", fresh=1000, out=10).usd


def test_threads_may_ask_for_the_first_price_together() -> None:
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from apps.providers.prices.costs import token_cost\n"
        "ask = lambda _: token_cost(model='gpt-4o', tokens_input=1000000, tokens_output=0).as_float\n"
        "assert set(ThreadPoolExecutor(8).map(ask, range(64))) == {2.5}\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


def test_prices_are_the_same_from_every_thread() -> None:
    with ThreadPoolExecutor(8) as pool:
        costs = set(pool.map(lambda _: tokens("gpt-6-luna", fresh=5000, out=50), range(64)))
    # 5,000 at 0.10 and 50 at 0.50 a million.
    assert costs == {usd("0.000525")}


def test_the_list_is_not_read_before_a_price_is_asked_for() -> None:
    script = (
        "import sys\n"
        "from apps.providers.prices.listed import load_prices\n"
        "import apps.providers.prices.costs\n"
        "assert 'genai_prices' not in sys.modules\n"
        "load_prices()\n"
        "assert 'genai_prices.data' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)
