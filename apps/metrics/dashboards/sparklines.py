"""A tile's small line, drawn on the server: the page needs no script for it. A gap is drawn as a gap."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 160, 32, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """SVG path data in a box of WIDTH × HEIGHT; single points between gaps, and the last one, are dots."""

    path: str
    dots: tuple[tuple[float, float], ...]
    width: int = WIDTH
    height: int = HEIGHT


def sparkline(values: Sequence[float | None]) -> Sparkline | None:
    """None where fewer than two points are known: one is no line."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    step = (WIDTH - 2 * MARGIN) / max(1, len(values) - 1)

    def at(i: int, value: float) -> tuple[float, float]:
        depth = 0.5 if high == low else (high - value) / (high - low)
        return round(MARGIN + i * step, 1), round(MARGIN + depth * (HEIGHT - 2 * MARGIN), 1)

    runs: list[list[tuple[float, float]]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(at(i, value))
    runs = [run for run in runs if run]
    path = "".join("M" + "L".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1)
    alone = [run[0] for run in runs if len(run) == 1]
    last = runs[-1][-1]
    return Sparkline(path=path, dots=tuple(dict.fromkeys([*alone, last])))
