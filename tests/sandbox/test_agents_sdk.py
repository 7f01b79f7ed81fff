"""openai-agents runs on the sandbox as it runs on OpenAI: tools, a hand-off, a structured answer, its own failures."""

import json
from typing import Any, Literal

import pytest
from agents import (
    Agent,
    FunctionTool,
    MaxTurnsExceeded,
    ModelBehaviorError,
    ModelSettings,
    OpenAIProvider,
    RunConfig,
    Runner,
    handoff,
)
from agents.tool_context import ToolContext
from openai import AsyncOpenAI
from pydantic import BaseModel

from apps.market.tools.market_toolbox import default_toolbox
from tests.sandbox.asking import BULK, in_process, sdk

PLAN = "Where would you enter IBM and where is the stop?"


class Intent(BaseModel):
    intent: Literal["chart_command", "trade_plan", "market_data", "education", "other"]
    symbol: str | None
    confidence: float


def agent_tools() -> list[FunctionTool]:
    def make(schema: dict[str, Any]) -> FunctionTool:
        async def invoke(context: ToolContext[Any], arguments: str) -> str:
            outcome = await default_toolbox().call(schema["name"], json.loads(arguments))
            return json.dumps({key: value for key, value in outcome.result.items() if key not in BULK})

        return FunctionTool(
            name=schema["name"],
            description=schema["description"],
            params_json_schema=schema["parameters"],
            on_invoke_tool=invoke,
        )

    return [make(schema) for schema in default_toolbox().schemas()]


def config(client: AsyncOpenAI, **headers: str) -> RunConfig:
    return RunConfig(
        model="gpt-6.1-terra",
        model_provider=OpenAIProvider(openai_client=client, use_responses=True),
        model_settings=ModelSettings(extra_headers=headers or None),
        tracing_disabled=True,
    )


async def test_a_streamed_run_calls_tools_and_answers(base_url: str) -> None:
    agent = Agent(name="Gsves", instructions="Answer from tools.", tools=list(agent_tools()))
    text, called = "", []
    async with sdk(base_url) as client:
        run = Runner.run_streamed(agent, "Show me the AAPL chart", run_config=config(client))
        async for event in run.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                text += event.data.delta
            elif event.type == "run_item_stream_event" and event.name == "tool_called":
                called.append(event.item.raw_item.name)
    assert called == ["get_bars", "get_indicators"]
    assert text == run.final_output == await in_process("Show me the AAPL chart")
    assert run.context_wrapper.usage.requests == 2
    assert run.context_wrapper.usage.output_tokens > 0


async def test_a_plan_is_handed_to_the_risk_specialist_who_answers_it(base_url: str) -> None:
    risk = Agent(name="Risk specialist", instructions="Plan.", tools=list(agent_tools()))
    front = Agent(name="Gsves", instructions="Answer.", tools=list(agent_tools()), handoffs=[handoff(risk)])
    async with sdk(base_url) as client:
        run = Runner.run_streamed(front, PLAN, run_config=config(client))
        names = [event.name async for event in run.stream_events() if event.type == "run_item_stream_event"]
    assert names[:2] == ["handoff_requested", "handoff_occured"]
    assert run.last_agent.name == "Risk specialist"
    assert run.final_output == await in_process(PLAN)


@pytest.mark.parametrize(
    ("question", "intent", "symbol"),
    [
        ("Show me the AAPL chart", "chart_command", "AAPL"),
        (PLAN, "trade_plan", "IBM"),
        ("price of TSLA", "market_data", "TSLA"),
        ("What is RSI?", "education", None),
        ("What's the weather?", "other", None),
    ],
)
async def test_a_classifier_gets_the_analysts_reading(
    base_url: str, question: str, intent: str, symbol: str | None
) -> None:
    agent = Agent(name="Classifier", instructions="Classify.", output_type=Intent)
    async with sdk(base_url) as client:
        run = await Runner.run(agent, question, run_config=config(client))
    found = run.final_output
    assert isinstance(found, Intent)
    assert (found.intent, found.symbol) == (intent, symbol)
    assert 0.5 < found.confidence <= 1


async def test_a_tool_that_does_not_exist_is_the_models_fault(base_url: str) -> None:
    agent = Agent(name="Gsves", instructions="Answer.", tools=list(agent_tools()))
    async with sdk(base_url) as client:
        with pytest.raises(ModelBehaviorError, match="no_such_tool"):
            await Runner.run(agent, "price of AAPL", run_config=config(client, **{"X-Sandbox-Fault": "unknown_tool"}))


async def test_calls_without_end_run_into_the_limit_of_turns(base_url: str) -> None:
    agent = Agent(name="Gsves", instructions="Answer.", tools=list(agent_tools()))
    async with sdk(base_url) as client:
        with pytest.raises(MaxTurnsExceeded):
            await Runner.run(
                agent,
                "price of AAPL",
                max_turns=3,
                run_config=config(client, **{"X-Sandbox-Fault": "endless_tools"}),
            )
