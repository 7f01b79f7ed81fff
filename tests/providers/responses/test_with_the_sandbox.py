"""A whole answer without a key: the provider and the sandbox over a real socket, with real tools."""

from collections.abc import Iterator

import httpx2
import pytest
from django.conf import LazySettings

from apps.providers.events import Done, Meta, Text, ToolCall, ToolResult, Usage
from apps.providers.openai_api.upstream import sandbox_key, upstream
from apps.providers.protocol import Message
from tests.providers.responses.asking import hear, turn

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings: LazySettings) -> Iterator[None]:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.GVSES_SANDBOX = True
    settings.SANDBOX_PACE_MS = 0
    yield
    faults("DELETE")


def faults(method: str, **fault: object) -> None:
    headers = {"authorization": f"Bearer {sandbox_key()}"}
    answer = httpx2.request(
        method, f"{upstream().base_url}/faults", headers=headers, json=fault or None, trust_env=False
    )
    answer.raise_for_status()


async def test_the_sandbox_answers_a_question_about_a_plan() -> None:
    heard = await hear(turn("Give me a trade plan for TSLA", person_hash="a1b2c3"))
    assert heard.error is None
    kinds = heard.kinds
    assert kinds[0] is Meta
    assert kinds[-1] is Done
    assert {Text, ToolCall, ToolResult, Usage} < set(kinds)
    plan = next(result for result in heard.results if result.name == "build_trade_plan")
    assert plan.ok
    assert f"{plan.result['entry']:,.2f}" in heard.text
    assert heard.done.model == "sandbox/gpt-6.1-terra"
    assert heard.done.sidecar["plan_call_id"] == plan.call_id
    assert heard.done.sidecar["symbols"] == ["TSLA"]
    assert len(heard.usages) >= 2
    assert all(usage.tokens_input > 0 and usage.cost_usd == 0.0 for usage in heard.usages)


async def test_a_question_that_leans_on_the_conversation_is_understood() -> None:
    heard = await hear(
        turn(
            "and its levels?",
            Message(role="user", content="What is the price of NVDA?"),
            Message(role="assistant", content="NVDA closed higher."),
        )
    )
    assert heard.error is None
    assert {call.arguments["symbol"] for call in heard.calls} == {"NVDA"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("refuse", "refused"),
        ("unauthorized", "unauthorized"),
        ("forbidden", "forbidden"),
        ("rate_limited", "rate_limited"),
        ("quota", "quota"),
        ("server_error", "server_error"),
        ("bad_request", "rejected"),
        ("cut", "cut"),
        ("clean_end", "no_terminal_event"),
        ("failed", "upstream_failed"),
        ("error_event", "upstream_failed"),
        ("malformed", "malformed"),
        ("empty", "empty"),
        ("endless_tools", "tool_loop"),
    ],
)
async def test_each_fault_of_the_sandbox_comes_out_by_its_name(fault: str, code: str) -> None:
    faults("POST", fault=fault, provider="responses", times=10)
    heard = await hear(turn("What is the price of TSLA?"))
    assert heard.error is not None
    assert heard.error.code == code


@pytest.mark.parametrize("fault", ["stall", "slow_first_token"])
async def test_a_silent_sandbox_is_late(settings: LazySettings, fault: str) -> None:
    settings.CHUNK_GAP_DEADLINE_S = 0.4
    faults("POST", fault=fault, provider="responses", delay_s=20)
    heard = await hear(turn("What is the price of TSLA?"))
    assert heard.error is not None
    assert heard.error.code == "stalled"


@pytest.mark.parametrize("fault", ["broken_arguments", "unknown_tool"])
async def test_a_mistake_of_the_model_is_mended_in_the_next_round(fault: str) -> None:
    faults("POST", fault=fault, provider="responses", times=1)
    heard = await hear(turn("What is the price of TSLA?"))
    assert heard.error is None
    assert not heard.results[0].ok
    assert heard.text


async def test_a_fault_for_another_provider_strikes_nobody_here() -> None:
    faults("POST", fault="server_error", provider="workflow")
    assert (await hear(turn("What is the price of TSLA?"))).error is None
