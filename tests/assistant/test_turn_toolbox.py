"""One call runs once in a turn, whoever asks; a late or failing one is repeated once; nothing outlives the turn."""

import asyncio

import pytest

from apps.assistant.turn_toolbox import CallNote, TurnToolbox, canonical
from tests.assistant.counting import CountingToolbox

QUOTE = ("get_quote", {"symbol": "AAPL"})
BUSY = {"code": "source_unavailable", "message": "Busy.", "retryable": True}
UNKNOWN = {"code": "unknown_symbol", "message": "No such symbol.", "retryable": False}


async def test_the_same_call_runs_once_for_two_attempts() -> None:
    tools = CountingToolbox()
    turn = TurnToolbox(tools)
    first, second = turn.for_attempt(), turn.for_attempt()
    assert await first.call(*QUOTE) == await second.call(*QUOTE) == await second.call(*QUOTE)
    assert len(tools.calls) == 1
    assert first.take_note(*QUOTE) == CallNote(retries=0, was_reused=False)
    assert [second.take_note(*QUOTE) for _ in range(3)] == [
        CallNote(retries=0, was_reused=True),
        CallNote(retries=0, was_reused=True),
        None,
    ]
    await turn.close()


async def test_a_call_that_still_runs_is_waited_for_and_not_repeated() -> None:
    tools = CountingToolbox(takes_s=0.05)
    turn = TurnToolbox(tools)
    given_up = asyncio.create_task(turn.for_attempt().call(*QUOTE))
    await tools.has_begun.wait()
    given_up.cancel()
    outcome = await turn.for_attempt().call(*QUOTE)
    assert (outcome.ok, outcome.result, len(tools.calls)) == (True, {"run": 1}, 1)
    assert given_up.cancelled()
    await turn.close()


async def test_many_at_once_share_one_run() -> None:
    tools = CountingToolbox(takes_s=0.02)
    turn = TurnToolbox(tools)
    outcomes = await asyncio.gather(*(turn.for_attempt().call(*QUOTE) for _ in range(20)))
    assert len(tools.calls) == 1
    assert all(outcome == outcomes[0] for outcome in outcomes)
    await turn.close()


async def test_other_arguments_are_another_call() -> None:
    tools = CountingToolbox()
    box = TurnToolbox(tools).for_attempt()
    await box.call("get_quote", {"symbol": "AAPL"})
    await box.call("get_quote", {"symbol": "IBM"})
    await box.call("get_levels", {"symbol": "AAPL"})
    assert len(tools.calls) == 3
    await box.turn.close()


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("get_bars", {"symbol": "AAPL"}, {"timeframe": None, "symbol": "AAPL"}),
        ("get_bars", {"symbol": " $AAPL", "timeframe": "1y"}, {"timeframe": "1Y", "symbol": "AAPL"}),
        ("a_tool_of_another", {"a": 1, "b": [2]}, {"b": [2], "a": 1}),
        ("get_bars", {"wrong": 1, "more": 2}, {"more": 2, "wrong": 1}),
    ],
)
def test_equal_calls_are_known_however_they_are_written(name: str, one: dict, other: dict) -> None:
    assert canonical(name, one) == canonical(name, other)


def test_different_calls_are_told_apart() -> None:
    assert canonical("get_bars", {"symbol": "AAPL"}) != canonical("get_bars", {"symbol": "AAPL", "timeframe": "1M"})


async def test_a_failure_that_may_pass_is_repeated_once() -> None:
    tools = CountingToolbox(failing=(BUSY,))
    box = TurnToolbox(tools).for_attempt()
    outcome = await box.call(*QUOTE)
    assert (outcome.ok, outcome.retries, len(tools.calls)) == (True, 1, 2)
    assert box.take_note(*QUOTE) == CallNote(retries=1, was_reused=False)
    await box.turn.close()


async def test_a_failure_that_stays_is_told_after_one_repeat_and_to_the_next_attempt_at_once() -> None:
    tools = CountingToolbox(failing=(BUSY, BUSY))
    box = TurnToolbox(tools).for_attempt()
    outcome = await box.call(*QUOTE)
    assert (outcome.ok, outcome.result, outcome.retries) == (False, {"error": BUSY}, 1)
    assert await box.turn.for_attempt().call(*QUOTE) == outcome
    assert len(tools.calls) == 2
    await box.turn.close()


async def test_a_failure_that_no_repeat_mends_is_not_repeated() -> None:
    tools = CountingToolbox(failing=(UNKNOWN,))
    box = TurnToolbox(tools).for_attempt()
    outcome = await box.call(*QUOTE)
    assert (outcome.result, outcome.retries, len(tools.calls)) == ({"error": UNKNOWN}, 0, 1)
    await box.turn.close()


async def test_a_tool_that_is_late_twice_is_an_error_in_words(settings) -> None:
    settings.TOOL_DEADLINE_S = 0.03
    tools = CountingToolbox(takes_s=5.0)
    box = TurnToolbox(tools).for_attempt()
    outcome = await box.call(*QUOTE)
    assert outcome.result["error"]["code"] == "source_unavailable"
    assert "0.03 s" in outcome.result["error"]["message"]
    assert (outcome.ok, outcome.retries, len(tools.calls), tools.n_finished) == (False, 1, 2, 0)
    assert 60 <= outcome.latency_ms < 1000
    await box.turn.close()


async def test_an_attempt_that_is_over_starts_nothing_more() -> None:
    tools = CountingToolbox()
    box = TurnToolbox(tools).for_attempt()
    box.is_closed = True
    assert not (await box.call(*QUOTE)).ok
    assert not tools.calls


async def test_what_still_runs_at_the_end_of_the_turn_is_ended() -> None:
    tools = CountingToolbox(takes_s=60.0)
    box = TurnToolbox(tools).for_attempt()
    asking = asyncio.create_task(box.call(*QUOTE))
    await tools.has_begun.wait()
    asking.cancel()
    await box.turn.close()
    assert asyncio.all_tasks() - {asking} == {asyncio.current_task()}
