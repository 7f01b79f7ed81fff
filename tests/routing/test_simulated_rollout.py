"""A long rollout of many sessions: nobody leaves their provider unexplained, and as few buckets move as can."""

from bench.simulated_rollout import simulate


def test_over_twenty_changes_of_shares_nobody_flips_and_the_fewest_buckets_move() -> None:
    result = simulate(n_turns=60_000, n_changes=20, seed=7)
    assert (result.n_turns, result.flips) == (60_000, 0)
    assert result.n_diverted > 1_000
    assert len(result.moves) == 20
    assert all(moved == fewest for moved, fewest in result.moves)


def test_the_share_of_new_sessions_is_what_was_set() -> None:
    result = simulate(n_turns=100_000, n_changes=1, seed=11)
    [(n_sessions, gap)] = result.gaps
    # Four standard deviations of a share of one half.
    assert gap < 4 * 50 / n_sessions**0.5
