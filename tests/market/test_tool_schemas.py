"""Each tool's schema keeps the rules of strict mode, checked here by reading it, not by the code that made it."""

from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from apps.market.tools.registry import TOOLS
from apps.market.tools.schema import strict_schema
from tests.market.series import make_toolbox

SCHEMAS = {schema["name"]: schema for schema in make_toolbox().schemas()}
ALLOWED = {"type", "description", "enum", "properties", "required", "additionalProperties", "items"}


def nodes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = [schema]
    for child in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        found += nodes(child)
    return found


@pytest.mark.parametrize("name", TOOLS)
def test_a_schema_keeps_the_rules_of_strict_mode(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema.keys() == {"name", "description", "parameters"}
    assert schema["description"]
    assert schema["parameters"]["type"] == "object"
    for node in nodes(schema["parameters"]):
        assert node.keys() <= ALLOWED
        if node["type"] == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
        if node["type"] == "array":
            assert "items" in node
        if "enum" in node:
            assert (None in node["enum"]) == (isinstance(node["type"], list) and "null" in node["type"])
    assert all("description" in child for child in schema["parameters"]["properties"].values())


@pytest.mark.parametrize("name", TOOLS)
def test_what_may_be_left_out_is_nullable_and_the_rest_is_not(name: str) -> None:
    fields = TOOLS[name].arguments.model_fields
    for field, node in SCHEMAS[name]["parameters"]["properties"].items():
        assert ("null" in node["type"]) == (not fields[field].is_required()), field


@pytest.mark.parametrize("name", TOOLS)
def test_null_for_all_that_is_nullable_is_accepted(name: str) -> None:
    samples = {"symbol": "AAPL", "symbols": ["AAPL", "IBM"], "query": "risk"}
    parameters = SCHEMAS[name]["parameters"]["properties"]
    TOOLS[name].arguments.model_validate({field: samples.get(field) for field in parameters})


def test_a_model_that_has_no_strict_schema_is_refused() -> None:
    class Colour(StrEnum):
        RED = "red"

    class Referring(BaseModel):
        colour: Colour

    class Either(BaseModel):
        value: int | str

    for model in (Referring, Either):
        with pytest.raises(ValueError, match="no strict schema"):
            strict_schema(model)
