"""An hour of the log as rollup rows, read back through the API that the dashboards use."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.metrics.models import Grain
from apps.metrics.rollups.figures import ToolFigures, TurnFigures, VoiceFigures
from apps.metrics.rollups.from_log import Stretch
from apps.metrics.rollups.read import add_keys, add_over_time, tools, turns, voice
from apps.metrics.rollups.scope import By, Scope, start_of
from apps.metrics.rollups.stretch import read_stretch, replace_stretch
from tests.metrics.rollups.history import AT, make_call, make_speech, make_turn

pytestmark = pytest.mark.django_db

HOUR = start_of(AT, Grain.HOUR)
#: More than three days, so that it is told by days.
SCOPE = Scope(start=AT - timedelta(days=5), end=AT + timedelta(days=1))


def build() -> None:
    """The hour and its day."""
    for grain in (Grain.HOUR, Grain.DAY):
        stretch = Stretch(grain=grain, start=start_of(AT, grain))
        replace_stretch(stretch, read_stretch(stretch, from_log=grain is Grain.HOUR))


def all_turns(scope: Scope = SCOPE) -> TurnFigures:
    return add_keys(turns(scope, by=By.NOTHING), TurnFigures())


def test_every_way_a_turn_ends_is_counted_where_it_belongs() -> None:
    make_turn()
    make_turn(status="failed", tries=[("workflow", "cut"), ("analyst", "cut")], cost_usd=None)
    make_turn(tries=[("workflow", "cut"), ("responses", "")])
    make_turn(status="interrupted")
    make_turn(status="swept", latency_ms=None, ttft_ms=None, cost_usd=None, tokens=(None, None), claims=None)
    make_turn(status="started")
    build()
    found = all_turns()
    assert (found.turns, found.succeeded, found.failed, found.stopped, found.swept) == (5, 2, 2, 1, 1)
    assert (found.fallbacks, found.attempts) == (2, 7)
    # The stopped turn does not say, and the swept one has no attempt.
    assert (found.asked_first, found.failed_first) == (3, 2)
    assert (found.cost_unknown, found.claims_read, found.disclaimer) == (2, 4, 4)
    assert (found.latency.n, found.ttft.n) == (3, 4)


def test_tokens_and_cost_add_up_with_their_squares() -> None:
    make_turn(tokens=(50_000, 1_000), cost_usd="0.01")
    make_turn(tokens=(70_000, 2_000), cost_usd="0.03")
    make_turn(tokens=(5, None), cost_usd=None)
    build()
    found = all_turns()
    assert (found.tokens_input, found.tokens_output, found.tokens_known) == (120_005, 3_000, 2)
    assert (found.tokens_cached, found.tokens_reasoning) == (60_002, 750)
    assert found.tokens_sq == 51_000**2 + 72_000**2
    assert found.cost_usd == pytest.approx(0.04, abs=1e-12)
    assert found.cost_usd_sq == pytest.approx(0.001, abs=1e-12)


def test_a_turn_belongs_to_the_hour_in_which_it_began() -> None:
    make_turn(at=HOUR)
    make_turn(at=HOUR + timedelta(minutes=59, seconds=59), finished_at=HOUR + timedelta(hours=2))
    make_turn(at=HOUR - timedelta(microseconds=1))
    make_turn(at=HOUR + timedelta(hours=1))
    assert read_stretch(Stretch(grain=Grain.HOUR, start=HOUR), from_log=True).n_turns == 2


def test_figures_are_told_apart_and_filtered_by_each_dimension() -> None:
    make_turn(tries=[("workflow", "cut"), ("responses", "")], assigned="workflow", intent="chart")
    make_turn(tries=[("responses", "")], assigned="responses", model="gpt-5-mini", is_voice=True)
    make_turn(tries=[("responses", "")], assigned="responses", is_overridden=True, intent="")
    build()

    def counted(by: By, **filters: object) -> dict[str, int]:
        scope = Scope(start=SCOPE.start, end=SCOPE.end, **filters)  # type: ignore[arg-type]
        return {key: found.turns for key, found in turns(scope, by=by).items()}

    assert counted(By.SERVED) == {"responses": 3}
    assert counted(By.ASSIGNED) == {"workflow": 1, "responses": 2}
    assert counted(By.INTENT) == {"chart": 1, "analysis": 1, "": 1}
    assert counted(By.MODEL) == {"gpt-5": 2, "gpt-5-mini": 1}
    assert counted(By.CHANNEL) == {"text": 2, "voice": 1}
    assert counted(By.NOTHING) == {"": 3}
    assert counted(By.NOTHING, provider="workflow") == {}
    assert counted(By.NOTHING, provider="workflow", provider_is=By.ASSIGNED) == {"": 1}
    assert counted(By.SERVED, channel="voice") == {"responses": 1}
    assert counted(By.NOTHING, model="gpt-5") == {"": 2}
    assert counted(By.NOTHING, intent="") == {"": 1}
    assert counted(By.NOTHING, include_overridden=False) == {"": 2}


def test_over_time_tells_each_step_and_adds_up_to_the_same() -> None:
    make_turn()
    make_turn(at=AT + timedelta(minutes=5), assigned="responses", tries=[("responses", "")])
    build()
    steps = turns(SCOPE, by=By.SERVED, over_time=True)
    day = start_of(AT, Grain.DAY)
    assert set(steps) == {(day, "workflow"), (day, "responses")}
    assert add_over_time(steps) == turns(SCOPE, by=By.SERVED)


def test_calls_of_tools_belong_to_the_attempt_that_made_them() -> None:
    turn = make_turn(tries=[("workflow", "cut"), ("responses", "")])
    make_call(turn, error_code="unknown_symbol", retries=2)
    make_call(turn, error_code="source_unavailable", name="get_news")
    make_call(turn, attempt=2, was_reused=True, latency_ms=0.0)
    make_call(turn, attempt=2)
    build()
    found = tools(SCOPE)
    quote = found["get_quote"]
    assert (quote.calls, quote.ok, quote.reused, quote.retries) == (3, 2, 1, 2)
    assert quote.errors == {"unknown_symbol": 1}
    assert quote.latency.n == 2
    both = tools(SCOPE, by_tool=False)[""]
    assert both == found["get_quote"] + found["get_news"]
    assert both.errors == {"unknown_symbol": 1, "source_unavailable": 1}
    of_workflow = tools(Scope(start=SCOPE.start, end=SCOPE.end, provider="workflow"), by_tool=False)[""]
    assert (of_workflow.calls, of_workflow.ok) == (2, 0)


def test_spoken_turns_and_the_sessions_they_began() -> None:
    session_id = uuid4()
    for minute, outcome in enumerate(("completed", "interrupted", "completed")):
        turn = make_turn(at=AT + timedelta(minutes=minute), session_id=session_id, is_voice=True)
        make_speech(turn, outcome=outcome, was_barged_in=outcome == "interrupted", tts_ms=None)
    make_speech(make_turn(is_voice=True))
    make_speech(make_turn(status="started", is_voice=True))
    build()
    found = add_keys(voice(SCOPE), VoiceFigures())
    assert (found.utterances, found.sessions, found.barge_ins) == (4, 2, 1)
    assert found.outcomes == {"completed": 3, "interrupted": 1}
    assert (found.first_token.n, found.tts.n) == (4, 1)
    assert found.asr_cost_usd == pytest.approx(0.004)
    assert found.utterances_per_session == 2


def test_an_empty_log_reads_as_nothing() -> None:
    build()
    assert turns(SCOPE, by=By.NOTHING) == {}
    assert turns(SCOPE, by=By.SERVED, over_time=True) == {}
    assert tools(SCOPE) == {}
    assert tools(SCOPE, by_tool=False) == {}
    assert voice(SCOPE) == {}
    assert add_keys(tools(SCOPE), ToolFigures()).success_rate is None
    assert all_turns().error_rate is None
