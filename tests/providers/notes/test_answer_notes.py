"""The notes beside an answer: from a model's calls and words to the sidecar that the analyst would have made."""

import dataclasses
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from apps.market.tools.registry import TOOLS
from apps.providers.events import Event, Text, ToolCall, ToolResult
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.notes.result_shapes import SHAPES, has_its_shape
from apps.providers.protocol import Message, TurnRequest
from tests.providers.asking import SYMBOLS, ask, toolbox_at_now


async def take_notes(question: str, events: Sequence[Event], history: tuple[Message, ...] = ()) -> AnswerNotes:
    request = TurnRequest(
        request_id=UUID(int=1), session_id=UUID(int=2), question=question, history=history, toolbox=toolbox_at_now()
    )
    notes = await AnswerNotes.read(request)
    for event in events:
        notes.add(event)
    return notes


SAME_WHOEVER_ANSWERS = (
    "What's the price of AAPL?",
    "Show me the MSFT chart with RSI",
    "Where would you enter IBM and where is the stop?",
    "Levels of TSLA",
    "Compare AAPL and GOOG",
    "How is the market?",
    "What's your philosophy?",
    "hello",
    "price of ZZZZ",
)
OF_THE_TEXT = ("facts", "unverified")


@pytest.mark.parametrize("question", SAME_WHOEVER_ANSWERS)
async def test_the_same_calls_make_the_sidecar_that_the_analyst_made(question: str) -> None:
    answer = await ask(question)
    made = (await take_notes(question, answer.events)).sidecar()
    assert {k: v for k, v in made.items() if k not in OF_THE_TEXT} == {
        k: v for k, v in answer.sidecar.items() if k not in OF_THE_TEXT
    }


@pytest.mark.parametrize(
    ("question", "intent", "is_high_stakes"),
    [
        ("What's the price of AAPL?", "quote", False),
        ("Where would you enter IBM and where is the stop?", "plan", True),
        ("buy 100 shares of IBM now", "plan", True),
        ("place the order", "out_of_scope", True),
        ("hello", "greeting", False),
    ],
)
async def test_money_at_stake_is_seen_in_the_question(question: str, intent: str, is_high_stakes: bool) -> None:
    notes = await take_notes(question, [])
    assert (notes.intent, notes.is_high_stakes) == (intent, is_high_stakes)


async def test_the_prices_of_a_plan_are_those_of_its_tool() -> None:
    answer = await ask("Where would you enter IBM and where is the stop?")
    plan = next(result for result in answer.results.values() if "targets" in result)
    for sidecar in (answer.sidecar, (await take_notes(answer.question, answer.events)).sidecar()):
        assert (sidecar["entry"], sidecar["stop"]) == (plan["entry"], plan["stop"])
        assert sidecar["targets"] == [target["price"] for target in plan["targets"]]


async def called(*calls: tuple[str, dict[str, Any]]) -> list[Event]:
    """The events of these calls, answered by the product's own tools, numbered c1, c2, …"""
    events: list[Event] = []
    for number, (name, arguments) in enumerate(calls, start=1):
        outcome = await toolbox_at_now().call(name, arguments)
        events.append(ToolCall(call_id=f"c{number}", name=name, arguments=arguments))
        events.append(ToolResult(call_id=f"c{number}", name=name, ok=outcome.ok, result=outcome.result, latency_ms=1.0))
    return events


def patched(events: list[Event], call_id: str, **changes: Any) -> list[Event]:
    """The events with the result of one call changed at its top level; a value of None takes the key away."""
    return [
        dataclasses.replace(event, result={k: v for k, v in {**event.result, **changes}.items() if v is not None})
        if isinstance(event, ToolResult) and event.call_id == call_id
        else event
        for event in events
    ]


async def test_of_several_plans_the_last_good_one_is_shown() -> None:
    events = await called(
        ("build_trade_plan", {"symbol": "IBM", "direction": "long"}),
        ("build_trade_plan", {"symbol": "IBM", "direction": "short"}),
        ("build_trade_plan", {"symbol": "IBM", "entry": -1}),
    )
    sidecar = (await take_notes("Where would you enter IBM?", events)).sidecar()
    assert sidecar["plan_call_id"] == "c2"
    assert sidecar["stop"] > sidecar["entry"]


async def test_a_plan_of_what_was_asked_goes_before_one_that_the_model_chose_to_add() -> None:
    events = await called(("build_trade_plan", {"symbol": "IBM"}), ("build_trade_plan", {"symbol": "MSFT"}))
    sidecar = (await take_notes("Where would you enter IBM?", events)).sidecar()
    assert (sidecar["plan_call_id"], sidecar["symbols"]) == ("c1", ["IBM", "MSFT"])


async def test_each_chart_carries_the_lines_of_its_own_symbol() -> None:
    events = await called(
        ("get_bars", {"symbol": "MSFT", "timeframe": "6M"}),
        ("get_bars", {"symbol": "IBM", "timeframe": "6M"}),
        ("build_trade_plan", {"symbol": "IBM"}),
        ("get_levels", {"symbol": "MSFT"}),
    )
    charts = (await take_notes("Levels of MSFT, and a plan for IBM", events)).sidecar()["charts"]
    roles = {chart["symbol"]: {line["role"] for line in chart["lines"]} for chart in charts}
    assert roles["IBM"] == {"entry", "stop", "target"}
    assert not roles["MSFT"] & {"stop", "target"}


async def test_a_window_fetched_again_is_drawn_once_from_the_last_result() -> None:
    bars = ("get_bars", {"symbol": "AAPL", "timeframe": "6M"})
    events = await called(bars, bars, ("get_bars", {"symbol": "AAPL", "timeframe": "1M"}))
    charts = (await take_notes("Show me the AAPL chart", events)).sidecar()["charts"]
    assert [(chart["call_id"], chart["timeframe"]) for chart in charts] == [("c2", "6M"), ("c3", "1M")]


@pytest.mark.parametrize("question", ["How has the iPhone maker been lately?", "What's the price of AAPL?", "hm"])
async def test_a_chart_that_a_model_fetched_is_drawn_whatever_the_reading_was(question: str) -> None:
    events = await called(("get_bars", {"symbol": "aapl"}))
    notes = await take_notes(question, events)
    sidecar = notes.sidecar()
    assert [chart["symbol"] for chart in sidecar["charts"]] == ["AAPL"]
    assert sidecar["symbols"] == ["AAPL"]
    assert sidecar["intent"] == notes.reading.intent
    assert all("AAPL" in suggestion for suggestion in sidecar["suggestions"])


async def test_reasons_and_comparisons_are_not_buried_under_charts() -> None:
    bars = [("get_bars", {"symbol": symbol}) for symbol in ("AAPL", "GOOG")]
    events = await called(("compare_symbols", {"symbols": ["AAPL", "GOOG"]}), *bars)
    sidecar = (await take_notes("Compare AAPL and GOOG", events)).sidecar()
    assert (sidecar["comparison_call_id"], sidecar["charts"]) == ("c1", [])
    earlier = (Message(role="user", content="levels of AAPL"), Message(role="assistant", content="Some levels."))
    assert (await take_notes("why?", await called(bars[0]), earlier)).sidecar()["charts"] == []


async def test_a_bias_is_of_the_symbol_spoken_of_or_there_is_none() -> None:
    events = await called(("get_indicators", {"symbol": "SPY"}), ("get_quote", {"symbol": "AAPL"}))
    assert (await take_notes("What do the indicators say about AAPL?", events)).sidecar()["bias"] is None
    events = await called(("get_indicators", {"symbol": "SPY"}), ("get_indicators", {"symbol": "AAPL"}))
    assert (await take_notes("What do the indicators say about AAPL?", events)).sidecar()["bias"] == "bearish"


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"symbol": "IBM"},
        {"symbol": 5, "entry": "high", "stop": None, "targets": {"price": 1}},
        {"symbol": "IBM", "entry": float("nan"), "stop": float("inf"), "targets": []},
        {"targets": [{"price": 10**400}]},
        {"rows": 7, "symbols": [None, {}], "articles": "x", "passages": 1},
        {1: {2: [3]}},
    ],
)
@pytest.mark.parametrize("name", [*SHAPES, "unheard_of"])
@pytest.mark.parametrize("ok", [True, False])
async def test_a_result_of_another_shape_costs_its_figure_and_nothing_else(name: str, result: dict, ok: bool) -> None:
    events = await called(("get_quote", {"symbol": "IBM"}))
    odd = [
        ToolCall(call_id="odd", name=name, arguments={"symbol": [{}], "symbols": "IBM"}),
        ToolResult(call_id="odd", name=name, ok=ok, result=result, latency_ms=1.0),
    ]
    text = Text(content="IBM closed at 202.91.")
    sidecar = (await take_notes("What's the price of IBM?", [*odd, *events, text])).sidecar()
    assert (sidecar["intent"], sidecar["symbols"]) == ("quote", ["IBM"])
    assert [fact["call_id"] for fact in sidecar["facts"]] == ["c1"]
    assert (sidecar["plan_call_id"], sidecar["charts"], sidecar["sources"][0]["symbol"]) == (None, [], "IBM")
    json.dumps(sidecar, allow_nan=False)


async def test_a_plan_without_its_stop_is_no_plan() -> None:
    events = patched(await called(("build_trade_plan", {"symbol": "IBM"})), "c1", stop=None)
    sidecar = (await take_notes("Plan IBM", events)).sidecar()
    assert (sidecar["plan_call_id"], sidecar["entry"], sidecar["targets"]) == (None, None, [])


async def test_every_tool_answers_in_the_shape_it_promises() -> None:
    events = await called(
        *((name, {"symbol": symbol}) for symbol in SYMBOLS for name in SHAPES if not name.startswith(("comp", "sear"))),
        ("compare_symbols", {"symbols": ["SPY", "BTC-USD"]}),
        ("search_knowledge", {"query": "risk"}),
    )
    results = [event for event in events if isinstance(event, ToolResult)]
    assert {event.name for event in results} == set(SHAPES) == set(TOOLS)
    assert [event for event in results if event.ok and not has_its_shape(event.name, event.result)] == []
