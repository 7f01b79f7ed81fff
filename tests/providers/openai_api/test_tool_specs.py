"""A model gets our tools in the API's own shape, reads results without their bulk, and may write nonsense."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from apps.market.tools.registry import TOOLS
from apps.providers.openai_api.tool_specs import BULK, for_model, function_tools, parse_arguments
from tests.providers.asking import toolbox_at_now

ARGUMENTS: dict[str, dict[str, Any]] = {
    "get_quote": {"symbol": "TSLA"},
    "get_bars": {"symbol": "TSLA", "timeframe": "1Y"},
    "get_indicators": {"symbol": "TSLA"},
    "get_levels": {"symbol": "TSLA"},
    "build_trade_plan": {"symbol": "TSLA"},
    "compare_symbols": {"symbols": ["TSLA", "NVDA"], "timeframe": "1Y"},
    "get_news": {"symbol": "TSLA"},
    "search_knowledge": {"query": "position size"},
}


def test_a_tool_has_the_shape_that_the_api_documents() -> None:
    from openai.types.responses import FunctionTool

    tools = function_tools(toolbox_at_now().schemas(), only=set(TOOLS))
    assert [tool["name"] for tool in tools] == list(TOOLS)
    for tool in tools:
        read = TypeAdapter(FunctionTool).validate_python(tool)
        assert read.strict is True
        assert read.parameters is not None
        assert read.parameters["additionalProperties"] is False


def test_only_the_named_tools_are_offered_in_the_order_of_the_toolbox() -> None:
    tools = function_tools(toolbox_at_now().schemas(), only=["get_levels", "get_quote", "get_the_moon"])
    assert [tool["name"] for tool in tools] == ["get_quote", "get_levels"]


@pytest.mark.parametrize("name", TOOLS)
async def test_a_model_reads_all_of_a_result_but_its_bulk(name: str) -> None:
    outcome = await toolbox_at_now().call(name, ARGUMENTS[name])
    assert outcome.ok
    read = json.loads(for_model(name, outcome.result))
    assert read == {key: value for key, value in outcome.result.items() if key not in BULK}
    assert len(for_model(name, outcome.result)) < 6000


async def test_a_year_of_bars_shrinks_to_its_summary() -> None:
    outcome = await toolbox_at_now().call("get_bars", ARGUMENTS["get_bars"])
    assert len(json.dumps(outcome.result)) > 30 * len(for_model("get_bars", outcome.result))


def test_a_single_value_with_the_name_of_a_bulk_stays() -> None:
    assert json.loads(for_model("get_quote", {"days": 5, "bars": [[1, 2]]})) == {"days": 5}


def test_an_error_reaches_the_model_whole() -> None:
    error = {"error": {"code": "unknown_symbol", "message": "No such symbol.", "days": ["2026-01-05"]}}
    assert json.loads(for_model("get_quote", error)) == error


def test_arguments_are_an_object() -> None:
    assert parse_arguments('{"symbol": "TSLA", "limit": null, "risk_pct": 1.5}') == {
        "symbol": "TSLA",
        "limit": None,
        "risk_pct": 1.5,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        '{"symbol": "TS',
        "TSLA",
        '["TSLA"]',
        '"TSLA"',
        "null",
        '{"account": NaN}',
        '{"account": -Infinity}',
        '{"account": 1e999}',
        '{"symbol": "\\ud83d"}',
        '{"symbol": "TS\\u0000LA"}',
        '{"symbol": "TSLA"} {"symbol": "NVDA"}',
        '{"a":' * 100_000,
        "[" * 100_000,
        '{"account": ' + "9" * 5000 + "}",
    ],
)
def test_what_cannot_be_stored_or_sent_on_is_no_argument(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_arguments(text)
