"""Every model call carries a name by which it is found again."""

from uuid import UUID

from apps.providers.openai_api.identity import request_headers
from apps.providers.protocol import TurnRequest
from tests.providers.asking import toolbox_at_now


def test_a_call_is_named_by_provider_turn_and_step() -> None:
    request = TurnRequest(
        request_id=UUID(int=7), session_id=UUID(int=8), question="q", history=(), toolbox=toolbox_at_now()
    )
    assert request_headers(request, "workflow", 2) == {
        "X-Client-Request-Id": "gvses.workflow.00000000-0000-0000-0000-000000000007.2"
    }
