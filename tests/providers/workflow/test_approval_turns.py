"""Orders: a preview, a plain yes, and nothing executed; whatever becomes of the turn in between."""

from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError
from django.utils import timezone

from apps.core.threads import in_database_thread
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Text
from apps.providers.openai_api.client import close_client
from apps.providers.protocol import Message
from apps.providers.workflow.approvals import APPROVED, ASK, CLOSED, DROPPED, LAPSES_AFTER, SPOKEN, SPOKEN_PREVIEW
from apps.providers.workflow.provider import Workflow
from apps.providers.workflow.versions import pending_approval, set_pending
from tests.providers.asking import PatchedToolbox, failing
from tests.providers.openai_api.answers import answer
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream
from tests.providers.workflow.running import SESSION, Answered, decision, make_request, run, run_to_failure, said

pytestmark = pytest.mark.django_db

ORDER = "buy 10 IBM at 200"


async def waiting() -> dict[str, Any] | None:
    return await in_database_thread(pending_approval, SESSION)


async def ask_for_order(server: ScriptedUpstream, **options: Any) -> Answered:
    server.will(decision("execution"))
    return await run(ORDER, **options)


async def test_an_order_gets_a_preview_and_a_question_and_no_model(upstream_server: ScriptedUpstream) -> None:
    answered = await ask_for_order(upstream_server)
    assert answered.nodes == ["classify", "route", "approve"]
    assert [request.path for request in upstream_server.requests] == ["/v1/decisions"]
    assert "- Side: buy" in answered.text
    assert "- Symbol: IBM" in answered.text
    assert "- Quantity: 10 shares" in answered.text
    assert "- Price: limit 200" in answered.text
    assert "You ask for an order in IBM." in answered.text
    assert answered.text.endswith(ASK)
    assert [call.name for call in answered.calls] == ["get_quote"]
    assert f"Its last close is {answered.results[0].result['close']:,.2f} on 1 Mar 2013" in answered.text
    (preview,) = (data["preview"] for data in answered.metas if "preview" in data)
    assert preview == {"side": "buy", "symbol": "IBM", "quantity": 10.0, "price": 200.0, "stop": None}
    stored = await waiting()
    assert stored is not None
    assert (stored["node"], stored["workflow_version"], stored["preview"]) == ("approve", 1, preview)
    assert stored["shown"] in answered.text
    assert (answered.done.model, answered.done.sidecar["intent"]) == ("workflow-1", "plan")
    assert answered.done.sidecar["unverified"] == []


async def test_a_preview_needs_no_price_of_ours(upstream_server: ScriptedUpstream) -> None:
    broken = failing("source_unavailable", "The source did not answer.")
    answered = await ask_for_order(upstream_server, toolbox=PatchedToolbox(get_quote=broken))
    assert "last close" not in answered.text
    assert answered.text.endswith(ASK)
    assert await waiting() is not None


async def test_a_yes_leads_where_the_design_says(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    upstream_server.will(answer("IBM, a long plan."))
    answered = await run("Yes, please", history=said(ORDER, preview))
    assert answered.text == f"{APPROVED}\n\nIBM, a long plan."
    assert answered.nodes == ["preview"]
    assert answered.metas[0] == {"approval": "approved"}
    asked = upstream_server.requests[-1].body
    assert asked["reasoning"]["effort"] == "high"
    assert asked["input"][-1]["content"] == f"Yes, please\n\n{ORDER}"
    assert await waiting() is None
    assert (answered.done.sidecar["intent"], answered.done.sidecar["symbols"]) == ("plan", ["IBM"])


async def test_a_no_leads_where_the_design_says_and_asks_nobody(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    answered = await run("no thanks", history=said(ORDER, preview))
    assert answered.nodes == ["declined"]
    assert answered.text.startswith("Then nothing is written down")
    assert len(upstream_server.requests) == 1
    assert await waiting() is None


async def test_anything_else_drops_it_says_so_and_is_answered(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    upstream_server.will(decision("quote"), answer("IBM closed ", "there."))
    answered = await run("What's the price of IBM?", history=said(ORDER, preview))
    assert answered.text == f"{DROPPED}\n\nIBM closed there."
    assert answered.nodes == ["classify", "route", "agent"]
    assert await waiting() is None


async def test_a_dropped_one_says_nothing_before_the_upstream_has_answered(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    upstream_server.will(decision("quote"), Refusal(status=500))
    _, answered = await run_to_failure("What's the price of IBM?", history=said(ORDER, preview))
    assert answered.text == ""


async def test_a_changed_order_is_asked_about_anew(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    upstream_server.will(decision("execution"))
    changed = await run("buy 5 IBM at 190", history=said(ORDER, preview))
    assert changed.text.startswith(DROPPED)
    stored = await waiting()
    assert stored is not None
    assert (stored["preview"]["quantity"], stored["preview"]["price"]) == (5.0, 190.0)
    history = (*said(ORDER, preview), *said("buy 5 IBM at 190", changed))
    assert (await run("no", history=history)).nodes == ["declined"]


async def test_a_lapsed_one_is_closed(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    later = timezone.now() + LAPSES_AFTER + timedelta(seconds=1)
    with patch("apps.providers.workflow.provider.timezone.now", return_value=later):
        answered = await run("yes", history=said(ORDER, preview))
    assert (answered.text, answered.nodes) == (CLOSED, [])
    assert await waiting() is None


async def test_a_second_yes_does_nothing(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    upstream_server.will(answer("On paper."))
    history: Sequence[Message] = said(ORDER, preview)
    await run("yes", history=history)
    # Even where the first answer has not reached the conversation.
    assert (await run("yes", history=history)).text == CLOSED


async def test_voice_drafts_and_leaves_nothing_open(upstream_server: ScriptedUpstream) -> None:
    answered = await ask_for_order(upstream_server, is_voice=True)
    assert "- Side: buy" in answered.text
    assert answered.text.endswith(SPOKEN_PREVIEW)
    assert ASK not in answered.text
    assert await waiting() is None


async def test_a_spoken_yes_to_a_typed_order_is_refused(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    answered = await run("yes", history=said(ORDER, preview), is_voice=True)
    assert (answered.text, answered.nodes) == (SPOKEN, [])
    assert "never place" in answered.text
    assert await waiting() is None


async def test_a_turn_stopped_before_its_end_leaves_no_approval(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("execution"))
    seen = ""
    try:
        async with aclosing(Workflow().stream(make_request(ORDER))) as events:
            async for event in events:
                if isinstance(event, Text):
                    seen += event.content
                    if ASK in seen:
                        break
    finally:
        await close_client()
    assert await waiting() is None
    # The person has read the question all the same; their yes is told that nothing comes of it.
    assert (await run("yes", history=said(ORDER, seen))).text == CLOSED


async def test_a_preview_replaced_by_another_providers_answer_cannot_be_approved(
    upstream_server: ScriptedUpstream,
) -> None:
    await ask_for_order(upstream_server)
    assert await waiting() is not None
    upstream_server.will(decision("greeting"), answer("Hello."))
    answered = await run("yes", history=said(ORDER, "I place no orders and execute nothing."))
    assert answered.nodes == ["classify", "route", "agent"]
    assert answered.text == "Hello."
    assert await waiting() is None


async def test_a_yes_whose_turn_fails_is_used_up(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    upstream_server.will(Refusal(status=500))
    history = said(ORDER, preview)
    await run_to_failure("yes", history=history)
    assert await waiting() is None
    again = await run("yes", history=(*history, Message(role="user", content="yes")))
    assert again.text == CLOSED


async def test_an_approval_that_cannot_be_stored_fails_the_turn(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("execution"))
    with patch("apps.providers.workflow.nodes.approval.set_pending", side_effect=DatabaseError("gone")):
        failure, _ = await run_to_failure(ORDER)
    assert (type(failure), failure.code) == (ProviderUnavailable, "database")


async def test_a_stored_approval_of_an_older_shape_is_swept_away(upstream_server: ScriptedUpstream) -> None:
    preview = await ask_for_order(upstream_server)
    await in_database_thread(set_pending, SESSION, {"node": "approve"})
    assert (await run("yes", history=said(ORDER, preview))).text == CLOSED
    assert await waiting() is None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("place a limit order for 10 IBM at 200", "the side (buy, sell, or sell short)"),
        ("sell 10 IBM if it drops below 180", "condition"),
        ("buy 10 shares of BLORP", "BLORP"),
        ("cancel my order", "I place, change and cancel none"),
    ],
)
async def test_an_order_that_cannot_be_previewed_leaves_nothing_to_approve(
    upstream_server: ScriptedUpstream, question: str, words: str
) -> None:
    upstream_server.will(decision("execution"))
    answered = await run(question)
    assert answered.nodes[-1] == "approve"
    assert words in answered.text
    assert ASK not in answered.text
    assert answered.calls == []
    assert await waiting() is None


async def test_a_bare_yes_with_nothing_open_is_a_question_like_any_other(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("clarify"), answer("Yes to what?"))
    assert (await run("yes")).text == "Yes to what?"
