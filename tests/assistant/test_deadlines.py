"""When an attempt's next event is late, and by which rule."""

import pytest

from apps.assistant.deadlines import Deadlines, Due

#: A turn that began at 100 and may last for 60 s; its floor begins at 154.
TURN = Deadlines(started=100.0, first_text_s=8.0, chunk_gap_s=10.0, tool_s=5.0, turn_s=60.0)
FIRST = {"now": 101.0, "attempt_started": 100.0, "is_first": True, "is_floor": False}
LATER = {"now": 107.0, "attempt_started": 107.0, "is_first": False, "is_floor": False}
SILENT = {"has_text": False, "has_tool_running": False}
TEXT = {"has_text": True, "has_tool_running": False}
TOOL = {"has_text": True, "has_tool_running": True}


@pytest.mark.parametrize(
    ("attempt", "due"),
    [
        (FIRST | SILENT, Due(at=108.0, code="first_text_timeout")),
        (FIRST | SILENT | {"has_tool_running": True}, Due(at=108.0, code="first_text_timeout")),
        (FIRST | TEXT, Due(at=111.0, code="stalled")),
        (FIRST | TOOL, Due(at=121.0, code="stalled")),
        (FIRST | TEXT | {"now": 150.0}, Due(at=154.0, code="turn_timeout")),
        (LATER | SILENT | {"now": 102.0, "attempt_started": 102.0}, Due(at=108.0, code="first_text_timeout")),
        (LATER | SILENT, Due(at=109.5, code="first_text_timeout")),
        (LATER | SILENT | {"now": 109.0}, Due(at=109.5, code="first_text_timeout")),
        (LATER | SILENT | {"is_floor": True}, Due(at=160.0, code="turn_timeout")),
        (LATER | TEXT | {"is_floor": True}, Due(at=160.0, code="turn_timeout")),
        (FIRST | SILENT | {"is_floor": True}, Due(at=160.0, code="turn_timeout")),
    ],
)
def test_the_next_event_is_due_by_the_rule_that_ends_first(attempt: dict, due: Due) -> None:
    assert TURN.next_event(**attempt) == due


@pytest.mark.parametrize(("now", "only_floor"), [(100.0, False), (151.4, False), (151.6, True), (160.0, True)])
def test_the_end_of_a_turn_belongs_to_the_floor(now: float, only_floor: bool) -> None:
    assert TURN.leaves_only_the_floor(now=now) is only_floor
