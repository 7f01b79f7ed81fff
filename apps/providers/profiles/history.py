"""What each version of a profile changed, in words and line by line."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from apps.providers.models import AssistantProfile

#: Lines of unchanged text around a change.
CONTEXT_LINES = 2
NAMES = {
    "model": "Model",
    "effort": "Effort",
    "effort_high_stakes": "Effort at high stakes",
    "effort_voice": "Effort by voice",
}
LISTS = {"tools": "Tools", "label_ids": "Former ids"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the instructions' difference; `kind` is "added", "removed", "same" or "gap"."""

    kind: str
    text: str

    @property
    def mark(self) -> str:
        return {"added": "+", "removed": "−"}.get(self.kind, " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version: who made it, when and why, and how it differs from the one before."""

    version: int
    at: datetime
    by: str
    note: str
    is_in_force: bool
    is_first: bool
    changes: tuple[str, ...]
    lines: tuple[Line, ...]


def history(rows: Sequence[AssistantProfile]) -> list[Entry]:
    """The versions of one name, newest first, as they come."""
    return [
        Entry(
            version=row.version,
            at=row.created_at,
            by=row.created_by,
            note=row.note,
            is_in_force=number == 0,
            is_first=earlier is None,
            changes=() if earlier is None else tuple(_changes(earlier, row)),
            lines=() if earlier is None else tuple(_lines(earlier.instructions, row.instructions)),
        )
        for number, (row, earlier) in enumerate(zip_longest(rows, rows[1:]))
    ]


def _changes(earlier: AssistantProfile, row: AssistantProfile) -> Iterator[str]:
    for field, name in NAMES.items():
        was, now = getattr(earlier, field), getattr(row, field)
        if was != now:
            yield f"{name}: {was} → {now}"
    for field, name in LISTS.items():
        was, now = getattr(earlier, field), getattr(row, field)
        if added := [value for value in now if value not in was]:
            yield f"{name}: {', '.join(added)} added"
        if removed := [value for value in was if value not in now]:
            yield f"{name}: {', '.join(removed)} taken away"


def _lines(was: str, now: str) -> Iterator[Line]:
    if was == now:
        return
    diff: Iterable[str] = difflib.unified_diff(was.split("\n"), now.split("\n"), n=CONTEXT_LINES, lineterm="")
    is_first_hunk = True
    for line in list(diff)[2:]:
        if line.startswith("@@"):
            if not is_first_hunk:
                yield Line(kind="gap", text="…")
            is_first_hunk = False
            continue
        kind = {"+": "added", "-": "removed"}.get(line[0], "same")
        yield Line(kind=kind, text=line[1:])
