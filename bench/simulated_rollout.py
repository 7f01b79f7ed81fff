"""A long rollout in memory: sessions come and come back while operations changes shares, stops and resumes.

The assignments are kept as the database keeps them, once; everything else is the product's own code.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from apps.routing.buckets import N_BUCKETS, BucketMap, bucket_of
from apps.routing.choose import Assignment, Inputs, Reason, Standing, choose

NAMES = ("responses", "workflow", "agents_sdk", "analyst")
#: A turn in so many is the first of its session.
TURNS_A_SESSION = 4


@dataclass(slots=True, kw_only=True)
class Result:
    """What happened. `flips` are turns off their session's provider that no stop explains."""

    n_turns: int = 0
    n_sessions: int = 0
    n_diverted: int = 0
    flips: int = 0
    #: For each change of shares: buckets moved, and the fewest that could have.
    moves: list[tuple[int, int]] = field(default_factory=list)
    #: For each span between two changes: the largest gap, in points, between a share and its part of new sessions.
    gaps: list[tuple[int, float]] = field(default_factory=list)


def simulate(*, n_turns: int, n_changes: int, seed: int) -> Result:
    """Runs it. Every change of shares comes after the same number of turns; stops come and go in between."""
    random, result = Random(seed), Result()
    buckets, killed = BucketMap.of_one("responses"), frozenset[str]()
    assignments: dict[UUID, Assignment] = {}
    sessions: list[UUID] = []
    for _ in range(n_changes):
        buckets = _change(buckets, random, result)
        begun: Counter[str] = Counter()
        for turn in range(n_turns // n_changes):
            if turn % 5_000 == 0:
                killed = frozenset({random.choice(NAMES[1:])}) if random.random() < 0.4 else frozenset()
            if not sessions or turn % TURNS_A_SESSION == 0:
                sessions.append(UUID(int=random.getrandbits(128)))
                session = sessions[-1]
            else:
                session = sessions[random.randrange(len(sessions))]
            _turn(session, buckets, killed, assignments, begun, result)
        n_begun = begun.total()
        shares = buckets.shares()
        gap = max(abs(begun[name] / n_begun - shares.get(name, 0) / N_BUCKETS) for name in NAMES)
        result.gaps.append((n_begun, 100 * gap))
    result.n_sessions = len(assignments)
    return result


def _turn(
    session: UUID,
    buckets: BucketMap,
    killed: frozenset[str],
    assignments: dict[UUID, Assignment],
    begun: Counter[str],
    result: Result,
) -> None:
    bucket, had = bucket_of(session, "salt"), assignments.get(session)
    route = choose(
        Inputs(
            standing=Standing(providers=NAMES, fallback_chain=("responses", "analyst"), unavailable={}, killed=killed),
            bucket=bucket,
            bucket_owner=buckets.owners[bucket],
            shares={},
            assignment=had,
        )
    )
    if had is None:
        assert route.new_assignment is not None
        assignments[session] = route.new_assignment
        begun[route.new_assignment.provider] += 1
    belongs_to = assignments[session].provider
    result.n_turns += 1
    is_explained = route.reason is Reason.KILL_SWITCH and belongs_to in killed
    result.n_diverted += is_explained
    result.flips += route.assigned_provider != belongs_to or (route.provider != belongs_to and not is_explained)


def _change(buckets: BucketMap, random: Random, result: Result) -> BucketMap:
    cuts = sorted(random.randrange(N_BUCKETS + 1) for _ in NAMES[1:])
    shares = dict(zip(NAMES, (b - a for a, b in zip([0, *cuts], [*cuts, N_BUCKETS], strict=True)), strict=True))
    now = buckets.shares()
    moved = buckets.move(shares)
    fewest = sum(max(0, share - now.get(name, 0)) for name, share in shares.items())
    result.moves.append((sum(move.n_buckets for move in buckets.moves_to(moved)), fewest))
    return moved
