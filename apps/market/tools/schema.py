"""JSON schemas in the subset that every strict mode accepts.

Objects are closed and name every property as required; what may be left out is nullable instead. References,
defaults, titles, ranges, lengths and patterns are left out: some servers refuse them, the descriptions state them,
and the models validate them.
"""

from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]


def strict_schema(model: type[BaseModel]) -> Schema:
    """Raises ValueError for a model that has no strict schema (a reference, a union of two real types)."""
    return _strict(model.model_json_schema())


def _strict(node: Schema) -> Schema:
    description = {"description": node["description"]} if "description" in node else {}
    match node:
        case {"type": "object", "properties": dict() as properties}:
            return {
                "type": "object",
                "properties": {name: _strict(child) for name, child in properties.items()},
                "required": list(properties),
                "additionalProperties": False,
            }
        case {"type": "array", "items": dict() as items}:
            return {"type": "array", **description, "items": _strict(items)}
        case {"anyOf": [dict() as child, {"type": "null"}]}:
            strict = _strict(child)
            enum = {"enum": [*strict["enum"], None]} if "enum" in strict else {}
            return {**strict, **description, "type": [strict["type"], "null"], **enum}
        case {"type": "string" | "number" | "integer" | "boolean" as kind}:
            enum = {"enum": node["enum"]} if "enum" in node else {}
            return {"type": kind, **description, **enum}
        case _:
            raise ValueError(f"no strict schema for {node}")
