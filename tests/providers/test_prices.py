"""Costs come from the bundled list or our own table; what nobody knows stays unknown."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest

from apps.providers import prices
from apps.providers.prices import Price, cost_usd


def test_a_listed_model_has_its_price() -> None:
    # A million tokens at the list's 2.50 in, 1.25 cached and 10.00 out.
    assert cost_usd(model="gpt-4o", tokens_input=1_000_000, tokens_output=0) == pytest.approx(2.5)
    assert cost_usd(model="gpt-4o", tokens_input=1_000_000, tokens_output=0, tokens_cached=1_000_000) == pytest.approx(
        1.25
    )
    assert cost_usd(model="gpt-4o", tokens_input=0, tokens_output=1_000_000) == pytest.approx(10)


def test_a_dated_snapshot_costs_what_its_model_costs() -> None:
    dated = cost_usd(model="gpt-4o-2024-08-06", tokens_input=1000, tokens_output=10)
    assert dated == cost_usd(model="gpt-4o", tokens_input=1000, tokens_output=10)


@pytest.mark.parametrize("model", ["llama-3.3-70b", "", "gpt-6.1-terra-of-tomorrow", "ft:gpt-4o:org::1"])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert cost_usd(model=model, tokens_input=1000, tokens_output=10) is None


def test_a_model_that_is_sold_by_the_second_is_not_free() -> None:
    assert cost_usd(model="gpt-live-transcribe", tokens_input=1000, tokens_output=10) is None


def test_the_sandbox_costs_nothing() -> None:
    assert cost_usd(model="sandbox/gpt-4o", tokens_input=1000, tokens_output=10) == 0.0
    assert cost_usd(model="sandbox/anything", tokens_input=1000, tokens_output=10) == 0.0


def test_our_own_table_comes_before_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prices.OVERRIDES, "gpt-4o", Price(input=1.0, cached=0.5, output=4.0))
    assert cost_usd(
        model="gpt-4o", tokens_input=3_000_000, tokens_output=1_000_000, tokens_cached=2_000_000
    ) == pytest.approx(1.0 + 1.0 + 4.0)


def test_more_cached_tokens_than_tokens_are_all_of_them() -> None:
    miscounted = cost_usd(model="gpt-4o", tokens_input=100, tokens_output=0, tokens_cached=900)
    assert miscounted == cost_usd(model="gpt-4o", tokens_input=100, tokens_output=0, tokens_cached=100)


def test_no_connection_is_opened_for_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> NoReturn:
        raise AssertionError("a price was asked for over the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert cost_usd(model="gpt-4o", tokens_input=1000, tokens_output=10)


def test_threads_may_ask_for_the_first_price_together() -> None:
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from apps.providers.prices import cost_usd\n"
        "ask = lambda _: cost_usd(model='gpt-4o', tokens_input=1000000, tokens_output=0)\n"
        "assert set(ThreadPoolExecutor(8).map(ask, range(64))) == {2.5}\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)


def test_prices_are_the_same_from_every_thread() -> None:
    with ThreadPoolExecutor(8) as pool:
        costs = set(pool.map(lambda _: cost_usd(model="gpt-6-luna", tokens_input=5000, tokens_output=50), range(64)))
    assert len(costs) == 1
    assert None not in costs


def test_the_list_is_not_read_before_a_price_is_asked_for() -> None:
    script = (
        "import sys, apps.providers.prices as prices\n"
        "assert 'genai_prices' not in sys.modules\n"
        "prices.load_prices()\n"
        "assert 'genai_prices.data' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60)
