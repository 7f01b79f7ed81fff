"""Turns of the shipped design, from the person's question to the end, over a real socket."""

import asyncio
from contextlib import aclosing
from typing import Any
from uuid import UUID

import pytest

from apps.core.threads import in_database_thread
from apps.providers import registry
from apps.providers.errors import AccessRefused, ProviderError, ProviderProtocolError, ProviderUnavailable
from apps.providers.events import Text, ToolCall, ToolResult, Usage
from apps.providers.models import AssistantProfile, WorkflowVersion
from apps.providers.openai_api.client import close_client
from apps.providers.openai_api.prompt import SPOKEN_ANSWER
from apps.providers.shipped import design_fields
from apps.providers.workflow.provider import Workflow
from tests.providers.asking import PatchedToolbox, failing
from tests.providers.openai_api.answers import MODEL, Call, answer, error_event, failed
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream, Stream
from tests.providers.workflow.running import Answered, after, decision, make_request, put_live, run, run_to_failure

pytestmark = pytest.mark.django_db

CHART = "Show me the IBM chart"
QUOTE = "What's the price of IBM?"


def test_the_workflow_is_registered_and_wants_a_server(settings: Any) -> None:
    assert registry.get_provider("workflow").name == "workflow"
    settings.OPENAI_BASE_URL = settings.OPENAI_API_KEY = ""
    settings.GVSES_SANDBOX = False
    assert "OPENAI_API_KEY" in (registry.why_unavailable("workflow") or "")


async def test_each_node_names_itself_as_it_is_entered(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("quote"), answer("IBM closed there."))
    answered = await run(QUOTE)
    assert answered.nodes == ["classify", "route", "agent"]
    assert [data for data in answered.metas if "node_type" in data] == [
        {"node": "classify", "node_type": "classify", "label": "Reading the question", "workflow_version": 1},
        {"node": "route", "node_type": "branch", "label": "Choosing who answers", "workflow_version": 1},
        {"node": "agent", "node_type": "agent", "label": "Looking at the market", "workflow_version": 1},
    ]
    assert answered.metas[1]["by"] == "decisions"


async def test_a_chart_command_asks_no_model(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("chart"))
    answered = await run(CHART)
    assert answered.nodes == ["classify", "route", "chart"]
    assert [request.path for request in upstream_server.requests] == ["/v1/decisions"]
    assert [call.name for call in answered.calls] == ["get_bars", "get_indicators"]
    assert [(call.call_id, call.name) for call in answered.calls] == [
        (result.call_id, result.name) for result in answered.results
    ]
    assert answered.text.startswith("**IBM over one year**")
    assert answered.done.model == "workflow-1"
    assert answered.done.provider == "workflow"
    sidecar = answered.done.sidecar
    assert (sidecar["intent"], sidecar["symbols"]) == ("chart", ["IBM"])
    assert [(chart["symbol"], chart["timeframe"]) for chart in sidecar["charts"]] == [("IBM", "1Y")]
    assert sidecar["facts"]
    assert all(fact["text"] in answered.text for fact in sidecar["facts"])


@pytest.mark.parametrize(
    ("question", "timeframe", "indicators"),
    [
        ("show 6M instead", "6M", ["sma_50", "sma_200"]),
        ("add RSI", "1Y", ["sma_50", "sma_200", "rsi_14"]),
        ("remove the averages", "1Y", []),
        ("zoom in", "6M", ["sma_50", "sma_200"]),
    ],
)
async def test_a_command_changes_the_chart_before_it(
    upstream_server: ScriptedUpstream, question: str, timeframe: str, indicators: list[str]
) -> None:
    upstream_server.will(decision("chart"))
    answered = await run(question, history=after(CHART))
    assert answered.calls[0].arguments == {"symbol": "IBM", "timeframe": timeframe}
    (chart,) = answered.done.sidecar["charts"]
    assert (chart["timeframe"], chart["indicators"]) == (timeframe, indicators)


async def test_a_chart_that_cannot_be_read_goes_to_the_agent(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("chart"), answer("Which chart?"))
    answered = await run("draw something pretty")
    assert answered.nodes == ["classify", "route", "chart", "agent"]
    assert answered.text == "Which chart?"


async def test_a_command_that_the_design_does_not_take_goes_to_the_agent(upstream_server: ScriptedUpstream) -> None:
    design = design_fields()["graph"]
    design["nodes"]["chart"]["commands"] = ["load"]
    await in_database_thread(put_live, design)
    upstream_server.will(decision("chart"), answer("Six months."), decision("chart"))
    assert (await run("show 6M instead", history=after(CHART))).nodes[-1] == "agent"
    assert (await run("load MSFT")).nodes[-1] == "chart"


async def test_a_chart_whose_data_is_gone_still_ends_with_a_sentence(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("chart"))
    broken = failing("no_data", "There is no data for IBM.")
    answered = await run(CHART, toolbox=PatchedToolbox(get_bars=broken, get_indicators=broken))
    assert [result.ok for result in answered.results] == [False]
    assert answered.text.strip()
    assert answered.done.sidecar["charts"] == []


async def test_an_agents_answer_streams_with_its_tools(upstream_server: ScriptedUpstream) -> None:
    call = Call(name="get_quote", arguments={"symbol": "IBM"})
    upstream_server.will(decision("quote"), answer(calls=[call]), answer("IBM closed at ", "202.91."))
    answered = await run(QUOTE)
    kinds = [type(event) for event in answered.events if isinstance(event, Text | ToolCall | ToolResult | Usage)]
    assert kinds == [Usage, Usage, ToolCall, ToolResult, Text, Text, Usage]
    assert answered.text == "IBM closed at 202.91."
    assert answered.calls[0].name == "get_quote"
    assert answered.done.model == MODEL
    assert answered.done.sidecar["intent"] == "quote"


async def test_each_call_of_a_turn_has_a_number_of_its_own(upstream_server: ScriptedUpstream) -> None:
    call = Call(name="get_quote", arguments={"symbol": "IBM"})
    upstream_server.will(decision("quote"), answer(calls=[call]), answer("There."))
    await run(QUOTE)
    ids = [request.headers["x-client-request-id"] for request in upstream_server.requests]
    assert ids == [f"gvses.workflow.00000000-0000-0000-0000-000000000001.{step}" for step in (1, 2, 3)]


@pytest.mark.parametrize(
    ("question", "classified", "is_voice", "effort"),
    [
        (QUOTE, "quote", False, "medium"),
        ("trade plan for IBM", "plan", False, "high"),
        (QUOTE, "plan", False, "high"),
        ("trade plan for IBM", "plan", True, "low"),
    ],
)
async def test_the_effort_follows_stakes_and_voice(
    upstream_server: ScriptedUpstream, question: str, classified: str, is_voice: bool, effort: str
) -> None:
    upstream_server.will(decision(classified), answer("There."))
    await run(question, is_voice=is_voice)
    asked = upstream_server.requests[-1].body
    assert asked["reasoning"]["effort"] == effort
    assert asked["store"] is False
    assert asked["safety_identifier"] == "a hash of Alice"


@pytest.mark.parametrize("is_voice", [False, True])
async def test_an_agent_is_told_where_its_answer_is_spoken(upstream_server: ScriptedUpstream, is_voice: bool) -> None:
    upstream_server.will(decision("quote"), answer("There."))
    await run(QUOTE, is_voice=is_voice)
    assert upstream_server.requests[-1].body["instructions"].endswith(SPOKEN_ANSWER) is is_voice


async def test_an_agent_is_told_by_its_profile_and_its_node(upstream_server: ScriptedUpstream) -> None:
    design = design_fields()["graph"]
    design["nodes"]["agent"] |= {"instructions": "Be short.", "tools": ["get_quote"], "effort": "none"}
    await in_database_thread(put_live, design)
    upstream_server.will(decision("plan"), answer("There."))
    await run("trade plan for IBM", history=after(QUOTE))
    asked = upstream_server.requests[-1].body
    profile = await in_database_thread(AssistantProfile.objects.get, name="main")
    assert asked["model"] == profile.model
    assert asked["instructions"] == f"{profile.instructions}\n\nBe short."
    assert [tool["name"] for tool in asked["tools"]] == ["get_quote"]
    assert asked["reasoning"]["effort"] == "none"
    assert asked["prompt_cache_key"] == "gvses-main-v1-w2-agent"
    assert [item["role"] for item in asked["input"]] == ["user", "assistant", "user"]


async def test_a_running_session_keeps_its_version_while_another_goes_live(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("chart"))
    assert (await run(CHART)).metas[0]["workflow_version"] == 1
    design = design_fields()["graph"]
    design["start"] = "declined"
    design["nodes"] = {"declined": design["nodes"]["declined"]}
    await in_database_thread(put_live, design)
    upstream_server.will(decision("chart"))
    assert (await run(CHART)).nodes == ["classify", "route", "chart"]
    other = await run(CHART, session_id=UUID(int=3))
    assert (other.nodes, other.metas[0]["workflow_version"]) == (["declined"], 2)
    assert (other.done.model, other.text) == ("workflow-2", design["nodes"]["declined"]["text"])
    assert other.usage == [Usage(tokens_input=0, tokens_output=0, cost_usd=0.0, price_version="free")]


async def test_nodes_that_write_one_after_another_stand_apart(upstream_server: ScriptedUpstream) -> None:
    design = {
        "schema": 1,
        "start": "first",
        "nodes": {
            "first": {"type": "reply", "label": "First", "text": "One.", "next": "second"},
            "second": {"type": "agent", "label": "Second", "profile": "main", "next": "third"},
            "third": {"type": "reply", "label": "Third", "text": "Three."},
        },
    }
    await in_database_thread(put_live, design)
    upstream_server.will(answer("Two."))
    assert (await run(QUOTE)).text == "One.\n\nTwo.\n\nThree."


@pytest.mark.parametrize(
    ("breaks", "kind", "code"),
    [
        (Refusal(status=401, body={"error": {"message": "no"}}), AccessRefused, "unauthorized"),
        (Refusal(status=404, body={"error": {"message": "no"}}), AccessRefused, "model_not_found"),
        (Refusal(status=429, body={"error": {"message": "no"}}), ProviderUnavailable, "rate_limited"),
        (Refusal(status=500, body={"error": {"message": "no"}}), ProviderUnavailable, "server_error"),
        (Stream(events=[failed("server_error")]), ProviderUnavailable, "upstream_failed"),
        (Stream(events=[error_event("insufficient_quota")]), AccessRefused, "quota"),
        (Stream(events=answer("Half an ", "answer")[:6], then="cut"), ProviderUnavailable, "cut"),
        (Stream(events=answer("Half an ", "answer")[:6]), ProviderProtocolError, "no_terminal_event"),
    ],
)
async def test_a_failure_at_the_agent_keeps_its_own_code(
    upstream_server: ScriptedUpstream, breaks: Any, kind: type[ProviderError], code: str
) -> None:
    upstream_server.will(decision("quote"), breaks)
    failure, _ = await run_to_failure(QUOTE)
    assert (type(failure), failure.code) == (kind, code)


async def test_an_answer_without_a_word_is_none(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("quote"), answer())
    failure, _ = await run_to_failure(QUOTE)
    assert (type(failure), failure.code) == (ProviderProtocolError, "empty")


async def test_a_stored_design_that_no_longer_reads_is_a_failure_of_ours(upstream_server: ScriptedUpstream) -> None:
    def spoil() -> None:
        WorkflowVersion.objects.update(graph={"schema": 1})

    await in_database_thread(spoil)
    failure, seen = await run_to_failure(QUOTE)
    assert (type(failure), failure.code, failure.falls_back) == (ProviderUnavailable, "bad_design", True)
    assert seen.events == []


async def test_a_profile_that_has_gone_is_a_failure_of_ours(upstream_server: ScriptedUpstream) -> None:
    def use_and_lose() -> None:
        profile = AssistantProfile.objects.get(name="main")
        profile.pk, profile.name = None, "other"
        profile.save()
        design = design_fields()["graph"]
        design["nodes"]["agent"]["profile"] = "other"
        put_live(design)
        AssistantProfile.objects.filter(name="other").delete()

    await in_database_thread(use_and_lose)
    upstream_server.will(decision("quote"))
    failure, _ = await run_to_failure(QUOTE)
    assert (failure.code, failure.falls_back) == ("no_profile", True)


async def test_closing_the_turn_closes_the_upstream_stream(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("quote"), Stream(events=answer("Half an ", "answer")[:6], then="hold"))
    try:
        async with aclosing(Workflow().stream(make_request(QUOTE))) as events:
            async for event in events:
                if isinstance(event, Text):
                    break
        assert await asyncio.to_thread(upstream_server.left.wait, 5)
    finally:
        await close_client()


async def test_ten_turns_at_once_do_not_mix(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(*[decision("chart")] * 10)
    symbols = ["IBM", "AAPL", "MSFT", "GOOG", "META"] * 2

    async def one(number: int, symbol: str) -> Answered:
        request = make_request(f"Show me the {symbol} chart", session_id=UUID(int=100 + number))
        return Answered(events=[event async for event in Workflow().stream(request)])

    try:
        answers = await asyncio.gather(*(one(number, symbol) for number, symbol in enumerate(symbols)))
    finally:
        await close_client()
    assert [answered.done.sidecar["symbols"] for answered in answers] == [[symbol] for symbol in symbols]
