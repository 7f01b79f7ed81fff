"""How long an attempt may take for its next event: a pure decision over one turn's clock, in seconds."""

from dataclasses import dataclass

#: What a later attempt always gets for its first text, however late the one before it gave up.
LATER_ATTEMPT_S = 2.5
#: Of a turn's time, the last part is kept for the floor: a whole answer from it is worth more than the end of another.
FLOOR_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When the next event is late, and the class of the failure if it is. `at` is a reading of the turn's clock."""

    at: float
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Of one turn. `started` is when its question was accepted; the others are durations."""

    started: float
    first_text_s: float
    chunk_gap_s: float
    tool_s: float
    turn_s: float

    @property
    def turn_ends(self) -> float:
        return self.started + self.turn_s

    @property
    def floor_begins(self) -> float:
        """From here on the time belongs to the floor."""
        return self.turn_ends - self.turn_s * FLOOR_SHARE

    def leaves_only_the_floor(self, *, now: float) -> bool:
        """Too little is left for another attempt to give its first text."""
        return now + LATER_ATTEMPT_S > self.floor_begins

    def next_event(
        self,
        *,
        now: float,
        attempt_started: float,
        is_first: bool,
        is_floor: bool,
        has_text: bool,
        has_tool_running: bool,
    ) -> Due:
        """`now` is when the event is asked for: a reader who takes their time is not the provider's gap."""
        if is_floor:
            return Due(at=self.turn_ends, code="turn_timeout")
        turn = Due(at=self.floor_begins, code="turn_timeout")
        if has_text:
            # A tool may be tried twice; only what comes after that is the provider's own silence.
            tools_s = 2 * self.tool_s if has_tool_running else 0.0
            return min(turn, Due(at=now + self.chunk_gap_s + tools_s, code="stalled"), key=lambda due: due.at)
        first_text = self.started + self.first_text_s
        if not is_first:
            first_text = max(first_text, attempt_started + LATER_ATTEMPT_S)
        return min(turn, Due(at=first_text, code="first_text_timeout"), key=lambda due: due.at)
