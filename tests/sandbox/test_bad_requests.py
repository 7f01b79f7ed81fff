"""What OpenAI would refuse is refused, in its shape, so that a provider's mistake shows without OpenAI."""

from typing import Any

import httpx2
import pytest
from openai import BadRequestError, NotFoundError

from apps.providers.openai_api.upstream import sandbox_key
from apps.sandbox.bodies import LARGEST_JSON
from tests.sandbox.asking import sdk

CALL = {"type": "function_call", "call_id": "call_1", "name": "get_quote", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "{}"}
HELLO = {"role": "user", "content": "hello"}


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"model": "m"}, "input", "Missing required parameter: 'input'"),
        ({"input": "x"}, "model", "Missing required parameter: 'model'"),
        ({"model": "m", "input": 7}, "input", "input"),
        ({"model": "m", "input": ["x"]}, "input", "input"),
        ({"model": "m", "input": "x", "stream": "yes"}, "stream", "stream"),
        ({"model": "m", "input": "x", "temperature": 3}, "temperature", "temperature"),
        ({"model": "m", "input": "x", "tools": [{"type": "function"}]}, "tools.0.name", "tools.0.name"),
        ({"model": "m", "input": "x", "tools": [{"type": "web_search"}]}, "tools", "function"),
        ({"model": "m", "input": "x", "text": {"format": {"type": "xml"}}}, "text", "json_schema"),
        ({"model": "m", "input": "x", "reasoning": {"effort": "extreme"}}, "reasoning", "effort"),
        ({"model": "m", "input": "x", "safety_identifier": "x" * 129}, "safety_identifier", "safety_identifier"),
        ({"model": "m", "input": "x", "previous_response_id": "resp_1"}, "previous_response_id", "keeps nothing"),
        ({"model": "m", "input": "x", "conversation": "conv_1"}, "conversation", "keeps nothing"),
        ({"model": "m", "input": "x", "prompt": {"id": "pmpt_1"}}, "prompt", "keeps nothing"),
        ({"model": "m", "input": [{"role": "user", "content": 7}]}, "input", "input[0].content"),
        ({"model": "m", "input": [{"type": "item_reference", "id": "msg_1"}]}, "input", "keeps nothing"),
        ({"model": "m", "input": [HELLO, CALL]}, "input", "No tool output found for function call call_1"),
        ({"model": "m", "input": [HELLO, OUTPUT]}, "input", "No tool call found for function call output"),
        ({"model": "m", "input": [HELLO, OUTPUT, CALL]}, "input", "No tool call found"),
        ({"model": "m", "input": [HELLO, {**CALL, "arguments": {}}]}, "input", "input[1]"),
    ],
)
async def test_a_bad_body_is_a_400_that_says_what_is_wrong(
    base_url: str, body: dict[str, Any], param: str, words: str
) -> None:
    async with sdk(base_url) as client:
        with pytest.raises(BadRequestError) as raised:
            await client.post("/responses", body=body, cast_to=object)
    assert raised.value.param == param
    assert raised.value.type == "invalid_request_error"
    assert words in raised.value.message
    assert raised.value.request_id


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"model": "m", "input": "x"}', "text/plain", 400),
        (b'"' + b"x" * LARGEST_JSON + b'"', "application/json", 413),
    ],
)
async def test_what_is_no_json_or_too_much_of_it_is_refused(
    base_url: str, content: bytes, content_type: str, status: int
) -> None:
    headers = {"authorization": f"Bearer {sandbox_key()}", "content-type": content_type}
    async with httpx2.AsyncClient(headers=headers) as client:
        response = await client.post(f"{base_url}/responses", content=content)
    assert response.status_code == status
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("path", ["/nothing", "/responses/resp_1", "/models/gpt-3"])
async def test_what_there_is_not_is_a_404_in_the_same_shape(base_url: str, path: str) -> None:
    async with sdk(base_url) as client:
        with pytest.raises(NotFoundError) as raised:
            await client.get(path, cast_to=object)
    assert raised.value.type == "invalid_request_error"


async def test_a_wrong_method_is_a_405(base_url: str) -> None:
    headers = {"authorization": f"Bearer {sandbox_key()}"}
    async with httpx2.AsyncClient(headers=headers) as client:
        response = await client.get(f"{base_url}/responses")
    assert response.status_code == 405
    assert response.json()["error"]["type"] == "invalid_request_error"


async def test_tool_outputs_of_any_kind_are_answered_to(base_url: str) -> None:
    """Text that is no JSON, results of another shape, errors without a message: never a failure of the sandbox."""
    outputs: list[Any] = [
        "An error occurred while running the tool.",
        "[1, 2]",
        "{}",
        '{"symbol": "AAPL", "close": "high"}',
        '{"error": "no"}',
        '{"error": {"code": 7}}',
        [{"type": "input_text", "text": "{}"}],
    ]
    async with sdk(base_url) as client:
        for output in outputs:
            items: Any = [{"role": "user", "content": "price of AAPL"}, CALL, {**OUTPUT, "output": output}]
            response = await client.responses.create(model="m", input=items)
            assert response.output_text.startswith("**I could not get the price.**"), output
