"""Cases small enough to work out on paper."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest

from apps.routing.evidence.processes import ABOVE, BELOW, rate_ceiling
from apps.routing.evidence.weighing import Judgement, Verdict, judge
from tests.routing.evidence.rollouts import make_cell


def judged(*cells: object, **rule: float) -> Judgement:
    return judge(cells, **{"alpha_harm": 0.01, "alpha_safe": 0.05, "safe_margin": 0.02} | rule)  # type: ignore[arg-type]


def test_without_a_session_nothing_is_known() -> None:
    judgement = judged()
    assert judgement == judged(make_cell(1 / 9, (0, 0), (0, 0)))
    assert judgement == Judgement(
        verdict=Verdict.INCONCLUSIVE,
        n_candidate=0,
        n_control=0,
        bad_candidate=0,
        bad_control=0,
        rate_candidate=None,
        rate_control=None,
        e_value=1.0,
        log_e=0.0,
        threshold=pytest.approx(100),
        risk_ratio=None,
        risk_ratio_low=0.0,
        risk_ratio_high=None,
        excess_ceiling=1.0,
        more_sessions=None,
        leads_to=None,
    )


def test_sessions_without_a_bad_one_are_no_evidence_of_harm() -> None:
    judgement = judged(make_cell(1, (0, 40), (0, 40)))
    assert judgement.log_e == pytest.approx(0)
    assert (judgement.rate_candidate, judgement.rate_control) == (0, 0)
    assert (judgement.risk_ratio, judgement.risk_ratio_low, judgement.risk_ratio_high) == (None, 0, None)


def test_one_bad_candidate_session_weighs_as_the_odds_say() -> None:
    # Even odds: the candidate's with probability θ/(1 + θ) under the ratio θ, and with 1/2 under no harm.
    weights = np.exp(ABOVE.log_weights)
    by_hand = float(np.sum(weights * 2 * ABOVE.multipliers / (1 + ABOVE.multipliers)))
    assert judged(make_cell(1, (1, 10), (0, 10))).e_value == pytest.approx(by_hand)


def test_one_bad_control_session_weighs_as_the_odds_say() -> None:
    # 1 : 9: the control's with probability 1/(1 + θ/9) under the ratio θ, and with 9/10 under no harm.
    weights = np.exp(ABOVE.log_weights)
    by_hand = float(np.sum(weights / (1 + ABOVE.multipliers / 9) / 0.9))
    assert judged(make_cell(1 / 9, (0, 10), (1, 90))).e_value == pytest.approx(by_hand)


def test_a_margin_moves_the_null() -> None:
    # At even odds and twice the rate allowed, the candidate's probability is 2/3, and λ·2/(1 + λ·2) under harm.
    weights = np.exp(ABOVE.log_weights)
    by_hand = float(np.sum(weights * 1.5 * 2 * ABOVE.multipliers / (1 + 2 * ABOVE.multipliers)))
    assert judged(make_cell(1, (1, 10), (0, 10)), harm_margin=2).e_value == pytest.approx(by_hand)


def test_what_the_margin_allows_is_not_harmful() -> None:
    cell = make_cell(1, (180, 3000), (100, 3000))
    assert judged(cell).verdict == Verdict.HARMFUL
    assert judged(cell, harm_margin=2).verdict == Verdict.INCONCLUSIVE


def test_the_ratio_of_one_cell_is_the_quotient_of_its_counts_over_the_odds() -> None:
    judgement = judged(make_cell(1 / 9, (5, 50), (4, 450)))
    assert judgement.risk_ratio == pytest.approx(5 / 4 * 9)
    assert judgement.rate_candidate == pytest.approx(0.1)
    assert judgement.rate_control == pytest.approx(4 / 450)


def test_a_candidate_without_a_bad_session_has_the_ratio_0_and_an_upper_bound() -> None:
    judgement = judged(make_cell(1, (0, 400), (30, 400)))
    assert judgement.risk_ratio == 0
    assert judgement.risk_ratio_low == 0
    assert judgement.risk_ratio_high is not None
    assert judgement.risk_ratio_high < 1


def test_a_control_without_a_bad_session_bounds_the_ratio_from_below_only() -> None:
    judgement = judged(make_cell(1, (30, 400), (0, 400)))
    assert (judgement.risk_ratio, judgement.risk_ratio_high) == (None, None)
    assert judgement.risk_ratio_low > 1


@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_sessions_do_not_bound_a_rate(n: int) -> None:
    # Even a multiplier of 0.02 needs four good sessions for 0.02**-n·weight to pass 1/0.05 against a rate of 1.
    expected = float(np.sum(np.exp(BELOW.log_weights) * BELOW.multipliers**-n))
    ceiling = rate_ceiling(bad=0, n=n, alpha=0.05)
    assert (ceiling == 1.0) == (expected < 20)
    assert rate_ceiling(bad=n, n=n, alpha=0.05) == 1.0


def test_the_ceiling_of_a_rate_solves_its_equation() -> None:
    ceiling = rate_ceiling(bad=0, n=300, alpha=0.05)
    by_hand = np.sum(np.exp(BELOW.log_weights) * (1 - ceiling + ceiling * BELOW.multipliers) ** -300.0)
    assert float(by_hand) == pytest.approx(20, rel=1e-6)
    # No bound at this level can lie below the one for a fixed number of sessions, "the rule of three".
    assert 3 / 300 < ceiling < 6 / 300


def test_cells_in_which_an_arm_could_get_nobody_are_left_out() -> None:
    concurrent = make_cell(1, (3, 100), (2, 100))
    alone = make_cell(math.inf, (50, 500), (0, 0)), make_cell(0, (0, 0), (70, 700))
    assert judged(concurrent, *alone) == judged(concurrent)


def test_a_judgement_survives_json_however_much_evidence_there_is() -> None:
    for times in (1, 100, 100_000):
        judgement = judged(make_cell(1 / 9, (6 * times, 10 * times), (times, 90 * times)))
        again = json.loads(json.dumps(asdict(judgement), allow_nan=False))
        assert again["verdict"] == "harmful"
        assert again["log_e"] > again["threshold"] ** 0
        assert (again["e_value"] is None) == (judgement.log_e > 709.78)
