"""Workflow designs for tests: a small good one, and copies of it with something changed."""

import copy
from typing import Any

SMALL: dict[str, Any] = {
    "schema": 1,
    "start": "read",
    "nodes": {
        "read": {
            "type": "classify",
            "label": "Reading the question",
            "intents": [
                {"value": "chart", "description": "Show a chart."},
                {"value": "order", "description": "Place an order."},
                {"value": "other", "description": "Anything else."},
            ],
            "next": "route",
        },
        "route": {
            "type": "branch",
            "label": "Choosing who answers",
            "cases": [
                {"when": {"intent": ["chart"], "min_confidence": 0.6, "has_symbol": True}, "next": "chart"},
                {"when": {"intent": ["order"]}, "next": "confirm"},
            ],
            "otherwise": "agent",
        },
        "chart": {"type": "chart_command", "label": "Drawing", "commands": ["load"], "otherwise": "agent"},
        "agent": {"type": "agent", "label": "Looking", "profile": "main", "tools": ["get_quote", "get_levels"]},
        "confirm": {
            "type": "approval",
            "label": "Asking first",
            "message": "An order in {symbol}?",
            "approved": "agent",
            "declined": "no",
        },
        "no": {"type": "reply", "label": "Leaving it", "text": "Nothing was placed."},
    },
}


def make_design(*path_and_value: Any) -> dict[str, Any]:
    """SMALL with one value set: `make_design("nodes", "route", "otherwise", "aget")`."""
    design = copy.deepcopy(SMALL)
    if not path_and_value:
        return design
    *path, last, value = path_and_value
    place: Any = design
    for step in path:
        place = place[step]
    place[last] = value
    return design


def without(*path: Any) -> dict[str, Any]:
    """SMALL with one entry taken away."""
    design = copy.deepcopy(SMALL)
    *steps, last = path
    place: Any = design
    for step in steps:
        place = place[step]
    del place[last]
    return design
