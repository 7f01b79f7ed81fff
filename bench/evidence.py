"""What the judgement of a rollout is worth: false alarms, sessions until harm is found, sessions until SAFE, speed.

Simulates whole rollouts with a fixed seed and looks as often as anything can change. The figures are for reading;
tests/routing/evidence holds smaller simulations to their limits.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from apps.routing.evidence.forecast import Rule, is_harmful, is_safe
from apps.routing.evidence.guardrails import alphas
from apps.routing.evidence.processes import ABOVE, ASTRAY, Counts, log_e_of_ratio
from apps.routing.evidence.weighing import judge, sample_ratio
from tests.routing.evidence.rollouts import Rollouts, Stage, first_time, make_cell, ramp, with_outage

ALPHA = 0.01
FAILURES = alphas(ALPHA)["backend_failures"]
LATENCY = alphas(ALPHA)["slow_answers"]
ALPHA_SAFE, MARGIN = 0.05, 0.02
RULE = Rule(log_harm=-np.log(FAILURES), log_safe=-np.log(ALPHA_SAFE / 2), safe_margin=MARGIN, harm_margin=1.0)
BATCH = 250
Array = npt.NDArray[np.float64]


def batches(stages: Sequence[Stage], repetitions: int, seed: int) -> Iterator[Rollouts]:
    rng = np.random.default_rng(seed)
    for _ in range(0, repetitions, BATCH):
        yield Rollouts.draw(stages, repetitions=BATCH, rng=rng)


def alarms(stages: Sequence[Stage], *, alpha: float, repetitions: int, seed: int) -> tuple[Array, Array]:
    """Sessions and bad candidate sessions until the alarm, looking after every bad session."""
    sessions, failures = [], []
    for rollouts in batches(stages, repetitions, seed):
        counts, when = rollouts.at_each_bad_session()
        reached = log_e_of_ratio(counts, ratio=1.0, mixture=ABOVE) >= -np.log(alpha)
        sessions.append(first_time(reached, when))
        failures.append(first_time(reached, counts.candidate.sum(axis=-1).astype(int)))
    return np.concatenate(sessions), np.concatenate(failures)


def verdicts(stages: Sequence[Stage], *, repetitions: int, every: int, seed: int) -> tuple[Array, Array]:
    """Sessions until SAFE and until HARMFUL, each as if the other stopped nothing."""
    safe, harmful = [], []
    for rollouts in batches(stages, repetitions, seed):
        for part in np.array_split(np.arange(BATCH), 5):
            sample, when = Rollouts(
                stages=rollouts.stages,
                is_candidate=rollouts.is_candidate[part],
                is_bad=rollouts.is_bad[part],
                stage_of=rollouts.stage_of,
            ).at_each(every)
            safe.append(first_time(is_safe(sample, RULE), when))
            harmful.append(first_time(is_harmful(sample, RULE), when))
    return np.concatenate(safe), np.concatenate(harmful)


def median(values: Array) -> str:
    middle = np.median(values)
    return f"{middle:9,.0f}" if np.isfinite(middle) else "    never in"


def false_alarms() -> None:
    print(f"  False rollbacks, 10 → 25 → 50 → 100 %, 3,000 sessions a stage, a look after every failure, alpha {ALPHA}")
    quiet = ramp(0.01)
    cases = {
        "1 % in both arms": (quiet, 20_000),
        "5 % in both arms": (ramp(0.05), 10_000),
        "and 60 % in both for 200 a stage": (with_outage(quiet, rate=0.6, start=1000, n=200), 10_000),
    }
    for name, (stages, repetitions) in cases.items():
        sessions, _ = alarms(stages, alpha=ALPHA, repetitions=repetitions, seed=1)
        print(f"    {name:<36}{np.isfinite(sessions).mean():9.2%} of {repetitions:,}")


def detection() -> None:
    print(
        f"  Sessions until HARMFUL in the median, failures at alpha {FAILURES:g}, latency at {LATENCY:g} and {ALPHA:g}"
    )
    for share, base, ratio, n, repetitions in (
        (0.1, 0.01, 30, 2_000, 5_000),
        (0.1, 0.01, 10, 4_000, 5_000),
        (0.1, 0.01, 5, 10_000, 1_000),
        (0.1, 0.01, 3, 20_000, 500),
        (0.5, 0.01, 3, 20_000, 500),
        (0.5, 0.01, 2, 20_000, 500),
    ):
        stages = [Stage(share=share, n=n, base=base, ratio=ratio)]
        sessions, failures = alarms(stages, alpha=FAILURES, repetitions=repetitions, seed=2)
        print(
            f"    {ratio:>2}x of {base:.0%} at {share:.0%}".ljust(40)
            + f"{median(sessions)} sessions, {median(failures).strip()} failed on the candidate, "
            f"found in {np.isfinite(sessions).mean():.1%} within {n:,}"
        )
    for alpha in (ALPHA, LATENCY):
        for stretch in (1.3, 1.6):
            stages = [Stage(share=0.1, n=10_000, base=0.05, ratio=slow_ratio(stretch))]
            sessions, _ = alarms(stages, alpha=alpha, repetitions=1_000, seed=3)
            name = f"    p95 x{stretch} at 10 %, alpha {alpha:g}"
            print(f"{name:<40}{median(sessions)} sessions (slower than the control's p95: x{slow_ratio(stretch):.2f})")


def slow_ratio(stretch: float, *, sigma: float = 0.5) -> float:
    """How much more often than 5 % a log-normal latency passes the old p95 when it is stretched so."""
    draws = np.random.default_rng(4).normal(size=400_000)
    return float(np.mean(draws * sigma + np.log(stretch) > 1.6449 * sigma) / 0.05)


def safety() -> None:
    print(f"  Sessions until SAFE (excess at most {MARGIN:.0%}, alpha {ALPHA_SAFE}), both arms equal, a look each 100")
    for share in (0.1, 0.5):
        for base, n in ((0.005, 8_000), (0.01, 12_000), (0.02, 20_000), (0.05, 40_000)):
            n = n * 2 if share < 0.5 else n
            safe, harmful = verdicts([Stage(share=share, n=n, base=base)], repetitions=BATCH, every=100, seed=5)
            high = np.quantile(safe, 0.9, method="higher")
            print(
                f"    base {base:.1%} at {share:.0%}".ljust(40)
                + f"{median(safe)} sessions, 90 % by {high:,.0f}; HARMFUL first in {np.mean(harmful < safe):.1%}"
            )
    print(f"  SAFE by mistake: the excess is {MARGIN:.0%} in truth, alpha {ALPHA_SAFE}, a look each 50, 10 → 25 → 50 %")
    for base in (0.001, 0.005, 0.01, 0.02, 0.05, 0.1):
        stages = ramp(base, ratio=1 + MARGIN / base)
        safe, _ = verdicts(stages, repetitions=2_000, every=50, seed=6)
        print(f"    base {base:.1%}".ljust(40) + f"{np.isfinite(safe).mean():9.2%} of 2,000")
    print("  3x of 1 % in that ramp, and 60 % in both arms for so many sessions a stage")
    for n in (0, 50, 200):
        stages = with_outage(ramp(0.01, ratio=3), rate=0.6, start=1000, n=n)
        safe, harmful = verdicts(stages, repetitions=1_000, every=50, seed=7)
        print(
            f"    {n} sessions".ljust(40)
            + f"{np.isfinite(harmful).mean():9.1%} found HARMFUL, {np.mean(safe < harmful):.1%} SAFE by mistake"
        )


def mismatch() -> None:
    print("  Sample ratio, 10 → 25 → 50 %, 3,000 sessions meant a stage, alpha 0.001, a look each 20")
    for lost, last, repetitions in ((0.0, 3_000, 4_000), (0.1, 12_000, 500), (0.2, 3_000, 2_000), (0.5, 3_000, 500)):
        found = mismatch_found(lost, last=last, repetitions=repetitions, seed=8)
        share = np.isfinite(found).mean()
        print(f"    {lost:.0%} of the candidate's lost".ljust(40) + f"{median(found)} sessions, found in {share:.2%}")


def mismatch_found(lost: float, *, last: int, repetitions: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    shares, sizes, every = (0.1, 0.25, 0.5), (3_000, 3_000, last), 20
    stage_of = np.repeat(np.arange(3), [size // every for size in sizes])
    drawn = rng.binomial(every, np.array(shares)[stage_of], size=(repetitions, stage_of.size))
    arrived = rng.binomial(drawn, 1 - lost)
    in_stage = stage_of[:, np.newaxis] == np.arange(3)
    counts = Counts(
        odds=np.array(shares) / (1 - np.array(shares)),
        candidate=np.cumsum(arrived[..., np.newaxis] * in_stage, axis=1).astype(float),
        control=np.cumsum((every - drawn)[..., np.newaxis] * in_stage, axis=1).astype(float),
    )
    reached = log_e_of_ratio(counts, ratio=1.0, mixture=ASTRAY) >= np.log(1000)
    return first_time(reached, np.arange(1, stage_of.size + 1) * every)


def speed() -> None:
    print("  Milliseconds a call, best of 20")
    cells = [make_cell(0.1 + i / 50, (10 + i % 3, 1000), (20, 2000)) for i in range(40)]
    counts = [(cell.odds, cell.n_candidate, cell.n_control) for cell in cells]
    for n in (1, 5, 40):
        some = cells[:n]
        took = best_ms(lambda some=some: judge(some, alpha_harm=FAILURES, alpha_safe=ALPHA_SAFE, safe_margin=0.001))
        print(f"    judge, {n} cells".ljust(40) + f"{took:9.2f} ms")
    print("    sample_ratio, 40 cells".ljust(40) + f"{best_ms(lambda: sample_ratio(counts)):9.2f} ms")


def best_ms(call: Callable[[], object]) -> float:
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        call()
        times.append((time.perf_counter() - begin) * 1000)
    return min(times)


def main() -> None:
    print("Evidence of a rollout (simulated)")
    print("  alpha by guardrail: " + ", ".join(f"{name} {part:.4f}" for name, part in alphas(ALPHA).items()))
    for part in (false_alarms, detection, safety, mismatch, speed):
        begin = time.perf_counter()
        part()
        print(f"    ({time.perf_counter() - begin:.0f} s)")
