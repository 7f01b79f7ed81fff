"""A long rollout of many sessions: nobody leaves their provider unexplained, and as few buckets move as can."""

from collections import Counter
from random import Random
from uuid import UUID

from apps.routing.buckets import N_BUCKETS, BucketMap, bucket_of
from bench.simulated_rollout import simulate


def test_over_twenty_changes_of_shares_nobody_flips_and_the_fewest_buckets_move() -> None:
    result = simulate(n_turns=60_000, n_changes=20, seed=7)
    assert (result.n_turns, result.flips) == (60_000, 0)
    assert result.n_diverted > 1_000
    assert len(result.moves) == 20
    assert all(moved == fewest for moved, fewest in result.moves)


def test_the_share_of_a_hundred_thousand_sessions_is_within_half_a_point_of_what_was_set() -> None:
    random, n = Random(11), 100_000
    buckets = BucketMap.of_one("responses").move({"responses": 6_666, "workflow": 2_501, "agents_sdk": 833})
    begun = Counter(buckets.owners[bucket_of(UUID(int=random.getrandbits(128)), "salt")] for _ in range(n))
    for name, share in buckets.shares().items():
        assert abs(begun[name] / n - share / N_BUCKETS) < 0.005
