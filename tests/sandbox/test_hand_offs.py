"""A trade plan goes to the risk specialist first, where one is offered; then the same question is worked on."""

import json
from typing import Any

from tests.sandbox.asking import our_tools, sdk

TRANSFER = {
    "type": "function",
    "name": "transfer_to_risk_specialist",
    "description": "Hand off to the risk specialist.",
    "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    "strict": True,
}
PLAN = {"role": "user", "content": "Where would you enter IBM and where is the stop?"}


async def test_a_plan_is_handed_over_alone_and_then_planned(base_url: str) -> None:
    async with sdk(base_url) as client:
        first = await client.responses.create(model="m", input=[PLAN], tools=[*our_tools(), TRANSFER])
        (call,) = first.output
        assert call.type == "function_call"
        assert (call.name, call.arguments) == ("transfer_to_risk_specialist", "{}")
        after: list[Any] = [
            PLAN,
            {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": "{}"},
            {"type": "function_call_output", "call_id": call.call_id, "output": json.dumps({"assistant": "Risk"})},
        ]
        second = await client.responses.create(
            model="m", input=after, tools=our_tools("build_trade_plan", "get_levels")
        )
    assert [item.name for item in second.output if item.type == "function_call"] == ["build_trade_plan", "get_levels"]


async def test_other_questions_stay_where_they_are(base_url: str) -> None:
    async with sdk(base_url) as client:
        response = await client.responses.create(
            model="m", input="price of AAPL", tools=[*our_tools("get_quote"), TRANSFER]
        )
    assert [item.name for item in response.output if item.type == "function_call"] == ["get_quote"]


async def test_another_hand_off_is_not_the_specialists(base_url: str) -> None:
    other = {**TRANSFER, "name": "transfer_to_charts"}
    async with sdk(base_url) as client:
        response = await client.responses.create(model="m", input=[PLAN], tools=[*our_tools("get_levels"), other])
    assert [item.name for item in response.output if item.type == "function_call"] == ["get_levels"]
