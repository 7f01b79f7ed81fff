"""What people wrote and read stays here unless the setting lets it out: every byte that is sent is searched for it."""

from typing import Any

import pytest

from apps.providers.errors import ProviderUnavailable
from apps.providers.events import ToolCall, ToolResult, Usage
from apps.tracing import recorder
from tests.assistant.asking import ask, the_row
from tests.scripted import words
from tests.tracing.conftest import LONG_S
from tests.tracing.receiver import Receiver

pytestmark = pytest.mark.django_db

QUESTION = "Should my aunt Zerlina buy AAPL with 83,211 dollars?"
PARTIAL = "Quillfeather thinks"
ANSWER = "Marmalade is no plan for Zerlina."
PLANTED = ("Zerlina", "83,211", "Quillfeather", "Marmalade", "Oubliette", "Kerfuffle", "Brouhaha", "Hullabaloo")
COUNTED = Usage(tokens_input=10, tokens_output=5, model="script-1")


def planted(play: Any) -> None:
    """A turn with something of a person in every place that text can come from."""
    play(
        [*words(PARTIAL), COUNTED, ProviderUnavailable("Upstream quotes Zerlina and 83,211", code="cut")],
        provider="workflow",
    )
    play(
        [
            ToolCall(call_id="c1", name="get_quote", arguments={"symbol": "Oubliette", "Kerfuffle": 1}),
            ToolResult(call_id="c1", name="get_quote", ok=True, result={"note": "Brouhaha"}, latency_ms=1.0),
            ToolCall(call_id="c2", name="ask Hullabaloo, please", arguments={}),
            ToolResult(
                call_id="c2",
                name="ask Hullabaloo, please",
                ok=False,
                result={"error": {"code": "unknown_tool", "message": "There is no Hullabaloo."}},
                latency_ms=1.0,
            ),
            *words(ANSWER),
            COUNTED,
        ],
        provider="responses",
    )


async def test_by_default_no_byte_of_what_people_wrote_is_sent(langfuse: Receiver, play: Any) -> None:
    planted(play)
    await ask(override="workflow", question=QUESTION)
    recorder.close(LONG_S)
    assert len(langfuse.spans) == 7
    sent = b"".join(langfuse.bodies).decode("utf-8", "replace")
    assert [word for word in PLANTED if word in sent] == []
    root, _ = langfuse.tree()
    row = await the_row()
    assert root.said("observation.input") == {"characters": len(QUESTION)}
    assert root.said("observation.output") == {"characters": len(row.text.response_text)}
    assert [span.name for span in langfuse.of_type("tool")] == ["get_quote", "unknown"]
    assert langfuse.of_type("tool")[0].said("observation.input") == {"fields": 2}


async def test_with_the_setting_text_is_sent(langfuse: Receiver, play: Any, settings: Any) -> None:
    settings.LANGFUSE_TEXT = True
    planted(play)
    await ask(override="workflow", question=QUESTION)
    recorder.close(LONG_S)
    root, _ = langfuse.tree()
    assert root.said("observation.input") == QUESTION
    assert root.said("observation.output") == f"{ANSWER} "
    assert [span.said("observation.output") for span in langfuse.of_type("generation")] == [f"{PARTIAL} ", f"{ANSWER} "]
    quote, other = langfuse.of_type("tool")
    assert quote.said("observation.input") == {"symbol": "Oubliette", "Kerfuffle": 1}
    assert quote.said("observation.output") == {"note": "Brouhaha"}
    assert other.name == "ask Hullabaloo, please"


async def test_with_the_setting_an_upstream_s_own_words_of_a_failure_still_stay(
    langfuse: Receiver, play: Any, settings: Any
) -> None:
    settings.LANGFUSE_TEXT = True
    planted(play)
    await ask(override="workflow", question="Price of AAPL?")
    recorder.close(LONG_S)
    assert "Upstream quotes" not in b"".join(langfuse.bodies).decode("utf-8", "replace")
