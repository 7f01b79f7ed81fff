"""Cost and tokens a session, latency and first text of turns: for reading, with what they rest on."""

import json
import statistics

import numpy as np
import pytest

from apps.metrics.evidence.figures import ALPHA_MEANS, N_STAR
from apps.routing.evidence.intervals import mean_interval
from tests.metrics.evidence.rollouts import QUARTER, figures, make_rollout, make_session, make_turn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rollout() -> None:
    make_rollout()


def test_a_session_costs_the_sum_of_its_turns() -> None:
    for costs in (("0.10", "0.20"), ("0.50",)):
        session = make_session()
        for cost in costs:
            make_turn(session, cost_usd=cost, tokens=100)
    cost, tokens = figures()["amounts"]["cost_usd"]["candidate"], figures()["amounts"]["tokens"]["candidate"]
    assert (cost["n"], cost["n_unknown"]) == (2, 0)
    assert cost["mean"]["value"] == pytest.approx(0.4)
    assert cost["mean"]["low"] < 0.4 < cost["mean"]["high"]
    assert tokens["mean"]["value"] == pytest.approx(150)


def test_one_turn_of_unknown_cost_makes_its_session_unknown_and_never_free() -> None:
    half_known = make_session()
    make_turn(half_known, cost_usd=None)
    make_turn(half_known, cost_usd="9.00")
    for _ in range(2):
        make_turn(make_session(), cost_usd="0.30")
    cost = figures()["amounts"]["cost_usd"]["candidate"]
    assert (cost["n"], cost["n_unknown"]) == (2, 1)
    assert cost["mean"]["value"] == pytest.approx(0.3)


def test_where_nothing_is_known_nothing_is_said() -> None:
    for provider in ("workflow", "responses"):
        for _ in range(3):
            make_turn(make_session(provider), cost_usd=None, tokens=None)
    for amount in figures()["amounts"].values():
        assert amount == {
            "candidate": {"n": 0, "n_unknown": 3, "mean": None},
            "control": {"n": 0, "n_unknown": 3, "mean": None},
            "difference": None,
        }


def test_what_is_free_is_known_to_cost_nothing() -> None:
    for _ in range(2):
        make_turn(make_session(), cost_usd="0")
    assert figures()["amounts"]["cost_usd"]["candidate"]["mean"]["value"] == 0


def test_the_difference_is_taken_within_each_set_of_shares() -> None:
    # Everything became dearer when the shares grew; the providers cost the same throughout.
    small, large = {"responses": 9000, "workflow": 1000}, {"responses": 5000, "workflow": 5000}
    for shares, n_workflow, n_responses, cost in ((small, 2, 20, "0.10"), (large, 20, 20, "0.90")):
        for provider, n in (("workflow", n_workflow), ("responses", n_responses)):
            for _ in range(n):
                make_turn(make_session(provider, shares=shares), cost_usd=cost)
    amounts = figures()["amounts"]["cost_usd"]
    assert amounts["candidate"]["mean"]["value"] > amounts["control"]["mean"]["value"] + 0.2
    assert amounts["difference"]["value"] == pytest.approx(0)


def test_one_absurd_bill_counts_as_the_one_below_it() -> None:
    for number in range(201):
        make_turn(make_session(), cost_usd="5000.00" if number == 0 else "0.10")
    mean = figures()["amounts"]["cost_usd"]["candidate"]["mean"]
    assert mean["value"] == pytest.approx(0.1)


def test_a_mean_s_interval_is_that_of_all_its_sessions_under_any_shares() -> None:
    values = [0.1, 0.2, 0.6, 0.7]
    for number, value in enumerate(values):
        shares = (QUARTER, {"responses": 9000, "workflow": 1000})[number % 2]
        make_turn(make_session(shares=shares), cost_usd=str(value))
    mean = figures()["amounts"]["cost_usd"]["candidate"]["mean"]
    expected = mean_interval(4, 0.4, statistics.stdev(values), alpha=ALPHA_MEANS, n_star=N_STAR)
    assert expected
    assert mean == pytest.approx({"value": 0.4, "low": expected.low, "high": expected.high, "n": 4})


def test_the_times_are_those_of_the_sessions_that_are_evidence() -> None:
    make_turn(make_session())
    make_turn(make_session("responses", shares={"responses": 10_000}))
    times = figures()["times"]["latency_ms"]
    assert (times["candidate"]["n"], times["control"]["n"]) == (1, 0)


def test_quantiles_are_those_of_the_arm_s_turns() -> None:
    rng = np.random.default_rng(7)
    times = rng.lognormal(8, 0.5, 100)
    for number, value in enumerate(times):
        make_turn(make_session(), latency_ms=float(value), ttft_ms=float(value) / 10 if number % 2 else None)
    make_turn(make_session("responses"), latency_ms=1.0, ttft_ms=1.0)
    found = figures()["times"]
    latency, ttft = found["latency_ms"]["candidate"], found["ttft_ms"]["candidate"]
    assert (latency["n"], ttft["n"]) == (100, 50)
    for label, p in (("p50", 0.5), ("p95", 0.95)):
        assert latency[label]["value"] == pytest.approx(np.quantile(times, p))
    assert latency["p50"]["low"] == pytest.approx(np.sort(times)[39])
    assert latency["p50"]["high"] == pytest.approx(np.sort(times)[60])
    assert ttft["p50"]["value"] == pytest.approx(np.quantile(times[1::2], 0.5) / 10)


def test_too_few_turns_say_so_with_their_number() -> None:
    for _ in range(12):
        make_turn(make_session())
    assert figures()["times"]["latency_ms"] == {
        "candidate": figures()["times"]["latency_ms"]["candidate"] | {"n": 12, "p95": None, "p99": None},
        "control": {"n": 0, "p50": None, "p95": None, "p99": None},
    }


def test_a_turn_that_the_person_stopped_has_no_latency() -> None:
    make_turn(make_session(), status="interrupted", ttft_ms=500.0)
    times = figures()["times"]
    assert (times["latency_ms"]["candidate"]["n"], times["ttft_ms"]["candidate"]["n"]) == (0, 1)


def test_figures_are_plain_json() -> None:
    make_turn(make_session())
    assert json.loads(json.dumps(figures(), allow_nan=False)) == figures()
