"""The shipped design against the project's own sandbox: what somebody without a key sees."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from django.conf import LazySettings

from apps.providers.openai_api.upstream import sandbox_key, upstream
from tests.providers.workflow.running import Answered, run, run_to_failure, said

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sandbox(settings: LazySettings) -> None:
    settings.GVSES_SANDBOX = True
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""


def fault(name: str, **values: Any) -> None:
    """The next request of the workflow meets this fault."""
    headers = {"Authorization": f"Bearer {sandbox_key()}"}
    body = {"fault": name, "provider": "workflow", "times": 1, **values}
    httpx2.post(f"{upstream().base_url}/faults", json=body, headers=headers).raise_for_status()


async def ask(question: str, *before: Any, **options: Any) -> Answered:
    return await run(question, history=before, session_id=uuid4(), **options)


async def test_a_question_is_classified_and_answered_with_tools() -> None:
    answered = await ask("What's the price of IBM?")
    assert answered.nodes == ["classify", "route", "agent"]
    assert answered.classified["by"] == "decisions"
    assert "get_quote" in [call.name for call in answered.calls]
    assert "202.91" in answered.text
    assert answered.done.model == "sandbox/gpt-6.1-terra"
    assert answered.done.sidecar["intent"] == "quote"
    assert all(usage.cost_usd == 0.0 for usage in answered.usage)


async def test_a_chart_is_drawn_without_an_agent() -> None:
    answered = await ask("Show me the IBM chart")
    assert answered.nodes == ["classify", "route", "chart"]
    assert answered.done.model == "workflow-1"


async def test_an_order_is_previewed_approved_and_written_on_paper() -> None:
    session = uuid4()
    order = "buy 10 IBM at 200"
    preview = await run(order, session_id=session)
    assert preview.nodes == ["classify", "route", "approve"]
    approved = await run("yes", history=said(order, preview), session_id=session)
    assert approved.nodes == ["preview"]
    assert "build_trade_plan" in [call.name for call in approved.calls]


@pytest.mark.parametrize("question", ["What's the price of IBM?", "Compare AAPL and GOOG", "what is RSI?", "hello"])
async def test_every_kind_of_question_is_answered(question: str) -> None:
    answered = await ask(question)
    assert answered.nodes[-1] == "agent"
    assert answered.text.strip()


@pytest.mark.parametrize("name", ["malformed", "server_error", "rate_limited", "bad_request", "cut"])
async def test_a_fault_of_the_classifier_is_not_seen(name: str) -> None:
    fault(name)
    answered = await ask("Show me the IBM chart")
    assert answered.classified["by"] != "decisions"
    assert answered.nodes[-1] == "chart"


@pytest.mark.parametrize(("name", "code"), [("unauthorized", "unauthorized"), ("quota", "quota")])
async def test_a_key_that_is_refused_fails_the_turn(name: str, code: str) -> None:
    fault(name)
    failure, _ = await run_to_failure("Show me the IBM chart", session_id=uuid4())
    assert failure.code == code
