"""The bucket map keeps its promises: exact shares, the fewest moves, nothing taken from a provider that grows."""

from collections import Counter
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.buckets import N_BUCKETS, BucketMap, Move, bucket_of, owner_in
from apps.routing.errors import BadBucketMap, BadShares

NAMES = ("agents_sdk", "analyst", "responses", "workflow")


@st.composite
def shares(draw: st.DrawFn) -> dict[str, int]:
    cuts = sorted(draw(st.lists(st.integers(0, N_BUCKETS), min_size=3, max_size=3)))
    edges = [0, *cuts, N_BUCKETS]
    return {name: high - low for name, low, high in zip(NAMES, edges, edges[1:], strict=False)}


@pytest.mark.parametrize(
    ("session_id", "salt", "bucket"),
    [
        ("00000000-0000-0000-0000-000000000000", "salt", 8750),
        ("00000000-0000-0000-0000-000000000000", "pepper", 391),
        ("6f1f6f0e-4c1e-4b7e-9a55-0d2f3c1b8e77", "salt", 5582),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "salt", 6773),
    ],
)
def test_a_session_falls_into_the_same_bucket_for_ever(session_id: str, salt: str, bucket: int) -> None:
    assert bucket_of(UUID(session_id), salt) == bucket


def test_sessions_spread_evenly_over_the_buckets() -> None:
    tenths = Counter(bucket_of(uuid4(), "even") // 1000 for _ in range(20_000))
    # 2,000 a tenth are expected with a standard deviation of 42; six of them stay out of reach of chance.
    assert all(abs(n - 2000) < 255 for n in tenths.values()), tenths


@settings(max_examples=40, deadline=None)
@given(shares(), shares())
def test_a_move_gives_exact_shares_by_the_fewest_moves(before: dict[str, int], after: dict[str, int]) -> None:
    old = BucketMap.of_one("responses").move(before)
    new = old.move(after)
    assert new.shares() == {name: share for name, share in sorted(after.items()) if share}
    fewest = sum(max(0, after[name] - before[name]) for name in NAMES)
    assert sum(move.n_buckets for move in old.moves_to(new)) == fewest
    for name in NAMES:
        if after[name] >= before[name]:
            lost = [b for b in range(N_BUCKETS) if old.owners[b] == name != new.owners[b]]
            assert not lost, f"{name} grew and lost {len(lost)} buckets"


@settings(max_examples=20, deadline=None)
@given(shares())
def test_a_map_survives_its_text(wanted: dict[str, int]) -> None:
    bucket_map = BucketMap.of_one("analyst").move(wanted)
    text = bucket_map.encode()
    assert len(text) < N_BUCKETS + 100
    assert BucketMap.decode(text) == bucket_map
    assert [owner_in(text, b) for b in (0, 4_127, 9_999)] == [bucket_map.owners[b] for b in (0, 4_127, 9_999)]


def test_three_providers_move_the_minimum_where_ranges_laid_end_to_end_would_not() -> None:
    stages = [(8_000, 1_000, 1_000), (5_000, 2_500, 2_500), (0, 5_000, 5_000)]
    bucket_map, moved = BucketMap.of_one("responses"), []
    for responses, workflow, agents_sdk in stages:
        after = bucket_map.move({"responses": responses, "workflow": workflow, "agents_sdk": agents_sdk})
        moved.append(sum(move.n_buckets for move in bucket_map.moves_to(after)))
        bucket_map = after
    assert moved == [2_000, 3_000, 5_000]


def test_a_stage_taken_back_and_tried_again_gives_the_same_buckets() -> None:
    start = BucketMap.of_one("responses")
    quarter = start.move({"responses": 7_500, "workflow": 2_500})
    again = quarter.move({"responses": 10_000}).move({"responses": 7_500, "workflow": 2_500})
    assert again == quarter


def test_moves_name_giver_and_taker() -> None:
    before = BucketMap.of_one("responses")
    after = before.move({"responses": 8_400, "workflow": 1_500, "analyst": 100})
    assert before.moves_to(after) == [
        Move(giver="responses", taker="workflow", n_buckets=1_500),
        Move(giver="responses", taker="analyst", n_buckets=100),
    ]


@pytest.mark.parametrize(
    "wanted", [{"responses": 9_999}, {"responses": 10_001}, {"responses": 10_500, "workflow": -500}]
)
def test_a_map_refuses_shares_that_are_no_whole(wanted: dict[str, int]) -> None:
    with pytest.raises(BadShares):
        BucketMap.of_one("responses").move(wanted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "this one has 0"),
        ("A=responses\nAAA", "this one has 3"),
        ("A=responses\n" + "B" * N_BUCKETS, "without naming its owner"),
        ("responses\n" + "A" * N_BUCKETS, "names no owner"),
    ],
)
def test_a_damaged_text_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(BadBucketMap, match=words):
        BucketMap.decode(text)


@pytest.mark.parametrize("text", ["", "A=responses\nAAA", "A=responses\n" + "B" * N_BUCKETS])
def test_a_damaged_text_names_no_single_owner_either(text: str) -> None:
    with pytest.raises(BadBucketMap, match="4,127"):
        owner_in(text, 4_127)


def test_an_owner_whose_name_would_break_the_legend_is_refused() -> None:
    with pytest.raises(BadBucketMap, match="name"):
        BucketMap.of_one("a provider").encode()
