"""What is wrong with a design before it is one: no JSON, a missing field, a value of the wrong kind; in plain words."""

import json
import re
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from apps.providers.workflow import schema

#: The decoder's words, by how they begin, and ours.
NO_JSON = {
    "Expecting ',' delimiter": "a comma is missing before this place, or a bracket before it is not closed",
    "Expecting ':' delimiter": "a colon is missing between a name and its value",
    "Expecting property name": "a name in double quotes is missing; perhaps the comma before it is one too many",
    "Illegal trailing comma": "the comma before the closing bracket is one too many",
    "Expecting value": "a value is missing; perhaps the comma before it is one too many, or a text lacks its quotes",
    "Extra data": "the design ends before this place, but more text follows",
    "Invalid control character": "a line break stands inside a text; write \\n for it",
    "Unterminated string": "the text that begins here has no closing quote",
    "Invalid \\escape": "a backslash inside a text has to be written twice",
}
NODES: dict[str, type[BaseModel]] = {
    "classify": schema.ClassifyNode,
    "branch": schema.BranchNode,
    "chart_command": schema.ChartCommandNode,
    "agent": schema.AgentNode,
    "approval": schema.ApprovalNode,
    "reply": schema.ReplyNode,
}
PARTS: dict[str, type[BaseModel]] = {"cases": schema.Case, "when": schema.When, "intents": schema.IntentOption}
KINDS = {
    "string_type": "a text in double quotes",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list in square brackets",
    "dict_type": "an object in braces",
    "model_type": "an object in braces",
    "model_attributes_type": "an object in braces",
}


def did_you_mean(wanted: str, known: list[str]) -> str:
    """' Did you mean …?', or '' where nothing is near."""
    near = nearest(wanted, known)
    return f" Did you mean '{near}'?" if near else ""


def nearest(wanted: str, known: list[str]) -> str | None:
    """The known name that is closest in spelling, where one is close."""
    close = get_close_matches(wanted.lower(), known, n=1, cutoff=0.6)
    return close[0] if close else None


def named(values: list[str]) -> str:
    return ", ".join(values)


def why_no_json(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "The design is empty. Write it as JSON, or start from the live version's."
    why = next((ours for theirs, ours in NO_JSON.items() if error.msg.startswith(theirs)), error.msg)
    return f"This is not JSON yet. Line {error.lineno}, column {error.colno}: {why}."


def in_plain_words(error: ValidationError) -> list[str]:
    """One sentence a fault, in the order of the design."""
    faults = error.errors(include_url=False)
    # A list whose only item is at fault counts as too short besides, which helps nobody.
    return [
        _sentence(fault)
        for fault in faults
        if fault["type"] != "too_short"
        or not any(other["loc"][: len(fault["loc"])] == fault["loc"] for other in faults if other is not fault)
    ]


def _sentence(fault: ErrorDetails) -> str:
    place = list(fault["loc"])
    kind, context, value = fault["type"], fault.get("ctx", {}), fault["input"]
    node_type = str(place.pop(2)) if place[:1] == ["nodes"] and len(place) > 2 and place[2] in NODES else ""
    if place[-1:] == ["[key]"]:
        return f"'{place[-2]}' is no id of a node. {_ID_RULE}"
    match kind:
        case "missing":
            return _missing(place, node_type)
        case "extra_forbidden":
            return _unknown_field(place, node_type)
        case "union_tag_not_found":
            return f"{_where(place)} has no 'type'. Add one: {named(list(NODES))}."
        case "union_tag_invalid":
            tag = str(context["tag"])
            return (
                f"{_where(place)} is of type '{tag}', which does not exist.{did_you_mean(tag, list(NODES))} "
                f"The types are {named(list(NODES))}."
            )
        case "literal_error" if place == ["schema"]:
            return f"The design says schema {json.dumps(value)}; this version reads schema 1."
        case "literal_error":
            allowed = re.findall(r"'([^']*)'", context["expected"])
            return f"{_where(place)} is {_shown(value)}.{did_you_mean(str(value), allowed)} It can be {named(allowed)}."
        case "string_pattern_mismatch":
            return f"{_where(place)} is {_shown(value)}, which is no id of a node. {_ID_RULE}"
        case "string_too_short":
            return f"{_where(place)} is empty. Write what belongs there."
        case "string_too_long":
            return f"{_where(place)} is longer than {context['max_length']:,} characters. Shorten it."
        case "too_short":
            return f"{_where(place)} holds {context['actual_length']}; it needs {context['min_length']} or more."
        case "too_long":
            return f"{_where(place)} holds more than {context['max_length']}, which is the most. Take some away."
        case "greater_than_equal" | "less_than_equal":
            return f"{_where(place)} is {_shown(value)}; it has to be a number from 0 to 1."
        case _ if kind in KINDS:
            return f"{_where(place)} is {_shown(value)}; it has to be {KINDS[kind]}."
        case _:
            return f"{_where(place)}: {fault['msg']}."


_ID_RULE = "An id begins with a small letter and holds small letters, digits, - and _."


def _missing(place: list[Any], node_type: str) -> str:
    name = place[-1]
    match node_type, name:
        case "approval", "approved":
            return f"{_where(place[:-1])} does not say where it goes after a yes. Add 'approved' with a node's id."
        case "approval", "declined":
            return f"{_where(place[:-1])} does not say where it goes after a no. Add 'declined' with a node's id."
        case "", "schema":
            return "The design has no 'schema'. Add \"schema\": 1."
        case _:
            return f"{_where(place[:-1])} has no '{name}'. Add it."


def _unknown_field(place: list[Any], node_type: str) -> str:
    name, owner = str(place[-1]), place[:-1]
    part = next((str(step) for step in reversed(owner) if step in PARTS), "")
    model = PARTS.get(part) or NODES.get(node_type) or schema.Graph
    known = [field.alias or name for name, field in model.model_fields.items()]
    guess = did_you_mean(name, known) or " Take it away."
    return f"{_where(owner)} has '{name}', which means nothing there.{guess} It can have {named(known)}."


def _where(place: list[Any]) -> str:
    """ "Node 'route', 'cases' number 2, 'when'" for ("nodes", "route", "cases", 1, "when")."""
    if not place:
        return "The design"
    if place[0] == "nodes" and len(place) > 1:
        steps, said = place[2:], f"Node '{place[1]}'"
    else:
        steps, said = place[1:], f"'{place[0]}' of the design"
    for step in steps:
        said += f" number {step + 1}" if isinstance(step, int) else f", '{step}'"
    return said


def _shown(value: Any) -> str:
    """The value as the design writes it, cut where it is long."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"
