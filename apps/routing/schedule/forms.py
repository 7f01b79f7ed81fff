"""What operations types into a schedule: rows of share, date, sessions and guardrails; an empty row is no stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from apps.providers.registry import DEFAULT_PROVIDER, PROVIDERS
from apps.routing.errors import BadSchedule, BadShares
from apps.routing.evidence.guardrails import GUARDRAILS
from apps.routing.forms import REASON_MAX_CHARACTERS
from apps.routing.models import Schedule
from apps.routing.schedule.rules import StageDraft
from apps.routing.shares import parse_share, percent_number

N_ROWS = 6
#: How a browser's field for date and time writes them.
MOMENT = "%Y-%m-%dT%H:%M"


@dataclass(slots=True, kw_only=True)
class StageRow:
    """One row as it was typed, and what is wrong with it by field."""

    number: int
    share: str = ""
    starts_at: str = ""
    min_sessions: str = ""
    guardrails: Sequence[str] = tuple(GUARDRAILS)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.share or self.min_sessions)

    def draft(self) -> StageDraft:
        """The stage that it means. Raises BadSchedule."""
        return StageDraft(
            share=self._share(),
            starts_at=self._moment(),
            min_sessions=self._sessions(),
            guardrails=tuple(self.guardrails),
        )

    def _share(self) -> int:
        try:
            return parse_share(self.share, provider=f"stage {self.number}")
        except BadShares as error:
            raise self._fault("share", str(error)) from error

    def _moment(self) -> datetime:
        try:
            return datetime.strptime(self.starts_at[:16], MOMENT).replace(tzinfo=UTC)
        except ValueError as error:
            raise self._fault("starts_at", f"Stage {self.number}: say a day and a time.") from error

    def _sessions(self) -> int:
        if not self.min_sessions.isascii() or not self.min_sessions.isdecimal() or len(self.min_sessions) > 9:
            raise self._fault("min_sessions", f"Stage {self.number}: say how many sessions, as a whole number.")
        return int(self.min_sessions)

    def _fault(self, name: str, sentence: str) -> BadSchedule:
        return BadSchedule(sentence, field=f"stage-{self.number}-{name}")


@dataclass(slots=True, kw_only=True)
class ScheduleForm:
    """The form as it is shown; `drafts` are its stages once `read` found no fault."""

    candidate: str
    rows: list[StageRow]
    on_harm: str = Schedule.OnHarm.ROLL_BACK
    is_automatic: bool = True
    reason: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, drafts: Sequence[StageDraft], *, candidate: str) -> "ScheduleForm":
        rows = [
            StageRow(
                number=number,
                share=percent_number(draft.share),
                starts_at=f"{draft.starts_at:{MOMENT}}",
                min_sessions=str(draft.min_sessions),
                guardrails=draft.guardrails,
            )
            for number, draft in enumerate(drafts, start=1)
        ]
        return cls(candidate=candidate, rows=rows)._filled()

    @classmethod
    def read(cls, data: Any) -> "ScheduleForm":
        """What was posted, as it was typed; `data` is a QueryDict."""
        rows = [
            StageRow(
                number=number,
                share=data.get(f"stage-{number}-share", "").strip(),
                starts_at=data.get(f"stage-{number}-starts_at", "").strip(),
                min_sessions=data.get(f"stage-{number}-min_sessions", "").strip(),
                guardrails=data.getlist(f"stage-{number}-guardrails"),
            )
            for number in range(1, N_ROWS + 1)
        ]
        return cls(
            candidate=data.get("candidate", ""),
            rows=rows,
            on_harm=data.get("on_harm", ""),
            is_automatic="is_automatic" in data,
            reason=data.get("reason", "").replace("\x00", "").strip()[:REASON_MAX_CHARACTERS],
        )

    def drafts(self) -> list[StageDraft]:
        """The stages. Raises BadSchedule, whose field `take` puts beside its row."""
        if self.on_harm not in Schedule.OnHarm.values:
            raise BadSchedule("Say what happens at harm.", field="on_harm")
        filled = [row for row in self.rows if not row.is_empty]
        for number, row in enumerate(filled, start=1):
            if row.number != number:
                raise BadSchedule(f"Row {number} is empty: fill the rows from the top.", field=f"stage-{number}-share")
        return [row.draft() for row in filled]

    def take(self, error: BadSchedule) -> None:
        """Puts the sentence beside the field that it is about."""
        parts = error.field.split("-")
        if len(parts) == 3 and parts[1].isdecimal() and int(parts[1]) <= len(self.rows):
            self.rows[int(parts[1]) - 1].errors[parts[2]] = str(error)
        else:
            self.errors[error.field] = str(error)

    @property
    def candidates(self) -> list[str]:
        return [name for name in PROVIDERS if name != DEFAULT_PROVIDER]

    @property
    def guardrails(self) -> Mapping[str, Any]:
        return GUARDRAILS

    def _filled(self) -> "ScheduleForm":
        last = self.rows[-1].starts_at if self.rows else ""
        for number in range(len(self.rows) + 1, N_ROWS + 1):
            self.rows.append(StageRow(number=number, starts_at=last))
        return self
