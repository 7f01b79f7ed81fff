"""A turn put together from its events is the turn that the rows would have kept."""

import uuid

from apps.chat.streamed_turn import StreamedTurn
from apps.providers.events import Done, Error, Event, Meta, Text, ToolCall, ToolResult, Usage

REQUEST_ID = uuid.UUID(int=7)
CALL = ToolCall(call_id="c1", name="get_quote", arguments={"symbol": "AAPL"})
RESULT = ToolResult(call_id="c1", name="get_quote", ok=True, result={"close": 430.47}, latency_ms=3.5)
KEPT_CALL = {
    "call_id": "c1",
    "name": "get_quote",
    "arguments": {"symbol": "AAPL"},
    "ok": True,
    "result": {"close": 430.47},
    "latency_ms": 3.5,
}


def streamed(*events: Event) -> StreamedTurn:
    turn = StreamedTurn(request_id=REQUEST_ID, question="Price of AAPL?")
    for event in events:
        turn.add(event)
    return turn


def done() -> Done:
    return Done(request_id=str(REQUEST_ID), provider="analyst", model="sandbox/x", sidecar={"intent": "quote"})


def test_a_whole_answer_has_its_text_its_calls_and_its_sidecar() -> None:
    usage = Usage(tokens_input=1, tokens_output=1)
    turn = streamed(CALL, RESULT, Text(content="AAPL closed "), Text(content="at 430.47."), usage, done()).turn()
    assert (turn.request_id, turn.question) == (REQUEST_ID, "Price of AAPL?")
    assert (turn.status, turn.answer, turn.error) == ("succeeded", "AAPL closed at 430.47.", "")
    assert (turn.model, turn.sidecar, turn.tool_calls) == ("sandbox/x", {"intent": "quote"}, [KEPT_CALL])


def test_nothing_of_an_attempt_that_failed_is_left() -> None:
    switch = Meta(data={"attempt": 2, "provider": "analyst", "failed_provider": "responses", "interrupted": True})
    other = ToolCall(call_id="c9", name="get_levels", arguments={"symbol": "IBM"})
    turn = streamed(other, Text(content="Half of"), switch, CALL, RESULT, Text(content="Whole."), done()).turn()
    assert (turn.answer, turn.tool_calls) == ("Whole.", [KEPT_CALL])


def test_a_failure_keeps_what_was_said_and_a_call_without_an_end() -> None:
    error = Error(message="Ask again.", retryable=True)
    turn = streamed(Text(content="Half of"), CALL, error).turn()
    assert (turn.status, turn.answer, turn.error) == ("failed", "Half of", "Ask again.")
    assert [call["ok"] for call in turn.tool_calls] == [False]


def test_what_was_said_of_its_keeping_holds_to_the_end() -> None:
    assert streamed(Meta(data={"provider": "analyst"})).is_recorded
    assert not streamed(Meta(data={"is_recorded": False}), Meta(data={"node": "answer"})).is_recorded
