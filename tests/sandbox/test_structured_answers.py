"""With `text.format` of type json_schema the answer is JSON that fits the schema, whatever the schema."""

import json
from typing import Any

import jsonschema
import pytest
from openai import BadRequestError

from tests.sandbox.asking import sdk


async def filled(base_url: str, schema: dict[str, Any], question: str = "Show me the AAPL chart over 2 years") -> Any:
    form = {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    async with sdk(base_url) as client:
        response = await client.responses.create(model="m", input=question, text={"format": form})
    value = json.loads(response.output_text)
    jsonschema.validate(value, schema)
    return value


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


async def test_the_reading_fills_the_properties_that_are_named_after_it(base_url: str) -> None:
    schema = closed(
        intent={"type": "string", "enum": ["quote", "chart", "general"]},
        symbol={"type": ["string", "null"]},
        symbols={"type": "array", "items": {"type": "string"}},
        timeframe={"anyOf": [{"type": "string", "enum": ["1Y", "2Y"]}, {"type": "null"}]},
        confidence={"type": "number", "minimum": 0, "maximum": 1},
    )
    value = await filled(base_url, schema)
    assert value.pop("confidence") > 0.9
    assert value == {"intent": "chart", "symbol": "AAPL", "symbols": ["AAPL"], "timeframe": "2Y"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["market_data", "chart_command", "other"], "chart_command"),
        (["buy", "other", "sell"], "other"),
        (["general_question", "greeting"], "general_question"),
        (["buy", "sell"], "sell"),
        (["CHART", "x"], "CHART"),
    ],
)
async def test_an_intent_is_a_member_of_the_given_list(base_url: str, names: list[str], expected: str) -> None:
    value = await filled(base_url, closed(intent={"type": "string", "enum": names}))
    assert value == {"intent": expected}


async def test_what_the_analyst_does_not_know_is_null_or_valid(base_url: str) -> None:
    schema = closed(
        symbol={"type": ["string", "null"]},
        ticker={"type": "string"},
        is_off_topic={"type": "boolean"},
        steps={"type": "array", "items": closed(number={"type": "integer", "minimum": 3}), "minItems": 2},
        kind={"const": "x"},
        size={"enum": [1, 2]},
        maybe={"anyOf": [{"type": "integer"}, {"type": "null"}]},
        child={"$ref": "#/$defs/child"},
        word={"type": "string", "minLength": 4},
    )
    schema["$defs"] = {"child": closed(child={"anyOf": [{"$ref": "#/$defs/child"}, {"type": "null"}]})}
    value = await filled(base_url, schema, "hello")
    assert value == {
        "symbol": None,
        "ticker": "",
        "is_off_topic": False,
        "steps": [{"number": 3}, {"number": 3}],
        "kind": "x",
        "size": 1,
        "maybe": None,
        "child": {"child": None},
        "word": "----",
    }


async def test_json_without_a_schema_holds_the_answer(base_url: str) -> None:
    async with sdk(base_url) as client:
        response = await client.responses.create(model="m", input="hello", text={"format": {"type": "json_object"}})
    assert json.loads(response.output_text)["answer"].startswith("Hello.")


@pytest.mark.parametrize(
    "schema",
    [{"type": 7}, {"anyOf": ["x"]}, {"type": "object", "properties": ["x"]}, {"type": "integer", "minimum": "a"}],
)
async def test_a_schema_that_is_none_is_refused(base_url: str, schema: dict[str, Any]) -> None:
    form: Any = {"type": "json_schema", "name": "answer", "schema": schema}
    async with sdk(base_url) as client:
        with pytest.raises(BadRequestError, match="schema"):
            await client.responses.create(model="m", input="hello", text={"format": form})
