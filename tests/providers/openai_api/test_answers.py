"""The events that tests send are the API's own: the SDK's types take every one of them, field by field."""

from typing import Any

import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from tests.providers.openai_api.answers import Call, answer, error_event, failed, incomplete

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


@pytest.mark.parametrize(
    "events",
    [
        answer("One ", "two."),
        answer(refusal="No."),
        answer("Look.", calls=[Call(name="get_quote", arguments={"symbol": "TSLA"})], reasons=True),
        [failed("server_error"), incomplete("max_output_tokens"), error_event("server_error")],
    ],
)
def test_a_scripted_event_is_well_formed(events: list[dict[str, Any]]) -> None:
    for event in events:
        assert EVENT.validate_python(event).type == event["type"]


def test_events_are_numbered_in_their_order() -> None:
    events = answer("One ", "two.", reasons=True)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
