"""Which tools a question needs, decided without calling any."""

import pytest

from apps.market.tools.registry import TOOLS
from apps.providers.analyst.reading import Parameters, Reading
from apps.providers.analyst.tool_plan import plan_calls
from apps.providers.sidecar import INTENTS


def make_reading(intent: str, *symbols: str, topic: str = "", parameters: Parameters | None = None) -> Reading:
    return Reading(
        intent=intent, question="any question", symbols=symbols, topic=topic, parameters=parameters or Parameters()
    )


@pytest.mark.parametrize(
    ("intent", "symbols", "names"),
    [
        ("quote", ("AAPL",), ["get_quote", "get_indicators"]),
        ("quote", ("AAPL", "IBM"), ["get_quote", "get_quote"]),
        ("chart", ("AAPL",), ["get_bars", "get_indicators"]),
        ("indicators", ("AAPL",), ["get_indicators", "get_levels", "get_bars", "get_quote"]),
        ("levels", ("AAPL",), ["get_levels", "get_indicators", "get_bars", "get_quote"]),
        ("plan", ("AAPL",), ["build_trade_plan", "get_indicators", "get_levels", "get_bars", "get_quote"]),
        ("compare", ("AAPL", "IBM"), ["compare_symbols"]),
        ("compare", ("AAPL",), []),
        ("news", ("AAPL",), ["get_news", "get_quote"]),
        ("overview", (), ["get_quote"] * 5),
        ("knowledge", (), ["search_knowledge"]),
        ("greeting", (), []),
        ("clarify", ("AAPL",), []),
        ("out_of_scope", ("AAPL",), []),
    ],
)
def test_each_intent_has_its_tools(intent: str, symbols: tuple[str, ...], names: list[str]) -> None:
    assert [planned.name for planned in plan_calls(make_reading(intent, *symbols))] == names


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("topic", ["", "why"])
def test_every_planned_call_has_arguments_that_its_tool_takes(intent: str, topic: str) -> None:
    for planned in plan_calls(make_reading(intent, "AAPL", "IBM", topic=topic)):
        TOOLS[planned.name].arguments.model_validate(planned.arguments)


@pytest.mark.parametrize("intent", sorted(set(INTENTS) - {"overview", "knowledge"}))
def test_without_a_symbol_no_tool_is_called(intent: str) -> None:
    assert plan_calls(make_reading(intent)) == ()


def test_a_loss_in_dollars_becomes_a_share_of_the_account() -> None:
    parameters = Parameters(account=25_000.0, risk_amount=500.0)
    (planned, *_) = plan_calls(make_reading("plan", "IBM", parameters=parameters))
    assert planned.arguments["risk_pct"] == 2


def test_a_long_question_is_cut_to_what_the_search_takes() -> None:
    reading = Reading(intent="knowledge", question="stop " * 1000)
    (planned,) = plan_calls(reading)
    assert len(planned.arguments["query"]) == 500
