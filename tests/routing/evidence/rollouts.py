"""Simulated rollouts, session by session, for tests and the bench: many repetitions at once, seeded by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from apps.routing.evidence.forecast import Sample
from apps.routing.evidence.processes import Counts
from apps.routing.evidence.weighing import Cell

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`n` sessions at one share. `base` is the control's rate, `ratio` the candidate's over it: one, or one each."""

    share: float
    n: int
    base: float | Array
    ratio: float | Array = 1.0


def ramp(base: float, *, ratio: float = 1.0, n: int = 3000) -> list[Stage]:
    """10 → 25 → 50 → 100 %, each stage as long."""
    return [Stage(share=share, n=n, base=base, ratio=ratio) for share in (0.1, 0.25, 0.5, 1.0)]


def with_outage(stages: Sequence[Stage], *, rate: float, start: int, n: int) -> list[Stage]:
    """The same stages; in each, `n` sessions from `start` on turn bad at `rate` in both arms."""
    out = []
    for stage in stages:
        base, ratio = np.full(stage.n, stage.base), np.full(stage.n, stage.ratio)
        base[start : start + n], ratio[start : start + n] = rate, 1
        out.append(Stage(share=stage.share, n=stage.n, base=base, ratio=ratio))
    return out


def odds_of(stages: Sequence[Stage]) -> Array:
    return np.array([stage.share / (1 - stage.share) for stage in stages])


@dataclass(frozen=True, kw_only=True)
class Rollouts:
    """Repetitions on the first axis, sessions in their order on the second."""

    stages: Sequence[Stage]
    is_candidate: npt.NDArray[np.bool_]
    is_bad: npt.NDArray[np.bool_]
    stage_of: npt.NDArray[np.int_]

    @classmethod
    def draw(cls, stages: Sequence[Stage], *, repetitions: int, rng: np.random.Generator) -> Self:
        share = np.concatenate([np.full(stage.n, stage.share) for stage in stages])
        base = np.concatenate([np.broadcast_to(stage.base, stage.n) for stage in stages])
        ratio = np.concatenate([np.broadcast_to(stage.ratio, stage.n) for stage in stages])
        is_candidate = rng.random((repetitions, share.size), dtype=np.float32) < share.astype(np.float32)
        rate = np.where(is_candidate, np.minimum(1, base * ratio), base).astype(np.float32)
        is_bad = rng.random((repetitions, share.size), dtype=np.float32) < rate
        stage_of = np.concatenate([np.full(stage.n, i) for i, stage in enumerate(stages)])
        # At a share of 100 % there is no control: `judge` leaves such cells out, and so does this.
        concurrent = share < 1
        return cls(
            stages=[stage for stage in stages if stage.share < 1],
            is_candidate=is_candidate[:, concurrent],
            is_bad=is_bad[:, concurrent],
            stage_of=stage_of[concurrent],
        )

    def at_each_bad_session(self) -> tuple[Counts, npt.NDArray[np.int_]]:
        """The counts after each bad session, padded with the last ones, and how many sessions it took."""
        repetition, session = np.nonzero(self.is_bad)
        per_repetition = np.bincount(repetition, minlength=len(self.is_bad))
        starts = np.cumsum(per_repetition) - per_repetition
        place = np.arange(repetition.size) - starts[repetition]
        shape = (len(self.is_bad), int(per_repetition.max(initial=1)), len(self.stages))
        candidate, control = np.zeros(shape), np.zeros(shape)
        arm = self.is_candidate[repetition, session]
        stage = self.stage_of[session]
        candidate[repetition, place, stage] = arm
        control[repetition, place, stage] = ~arm
        sessions = np.full(shape[:2], self.is_bad.shape[1])
        sessions[repetition, place] = session + 1
        return Counts(
            odds=odds_of(self.stages), candidate=candidate.cumsum(axis=1), control=control.cumsum(axis=1)
        ), sessions

    def at_each(self, every: int) -> tuple[Sample, npt.NDArray[np.int_]]:
        """Everything counted after each `every` sessions, and the numbers of sessions."""
        ends = np.arange(every, self.is_bad.shape[1] + 1, every)

        def counted(what: npt.NDArray[np.bool_]) -> Array:
            by_stage = [np.cumsum(what & (self.stage_of == i), axis=1)[:, ends - 1] for i in range(len(self.stages))]
            return np.stack(by_stage, axis=-1).astype(float)

        return Sample(
            bad=Counts(
                odds=odds_of(self.stages),
                candidate=counted(self.is_bad & self.is_candidate),
                control=counted(self.is_bad & ~self.is_candidate),
            ),
            n_candidate=counted(self.is_candidate),
            n_control=counted(~self.is_candidate),
        ), ends


def first_time(reached: npt.NDArray[np.bool_], sessions: npt.NDArray[np.int_]) -> Array:
    """The sessions at the first look that reached it, one a repetition; infinite where none did."""
    at = np.argmax(reached, axis=1)
    when = np.take_along_axis(np.broadcast_to(sessions, reached.shape), at[:, np.newaxis], axis=1)[:, 0]
    return np.where(reached.any(axis=1), when, np.inf)


def most_by_chance(alpha: float, repetitions: int) -> float:
    """What a test with exactly this alpha stays below in all but one of a thousand batches (3.1 sd of a binomial)."""
    return alpha * repetitions + 3.1 * np.sqrt(alpha * (1 - alpha) * repetitions) + 1


def make_cell(odds: float, candidate: tuple[int, int], control: tuple[int, int]) -> Cell:
    """`candidate` and `control` are (bad, all) sessions."""
    return Cell(
        odds=odds,
        n_candidate=candidate[1],
        n_control=control[1],
        bad_candidate=candidate[0],
        bad_control=control[0],
    )
