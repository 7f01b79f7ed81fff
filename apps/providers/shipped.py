"""The assistant profiles and the workflow design that the product comes with: version 1 of each in a new database."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.market.tools.registry import TOOLS

BY = "the product"
NOTE = "As it is shipped."
DESIGN = Path(__file__).parent / "workflow" / "design.json"
INSTRUCTIONS = Path(__file__).parent / "profiles" / "instructions"

#: Name → its tools; `instructions/NAME.md` is what it is told.
PROFILES: dict[str, tuple[str, ...]] = {
    "main": tuple(TOOLS),
    "risk": (
        "get_quote",
        "get_bars",
        "get_indicators",
        "get_levels",
        "build_trade_plan",
        "compare_symbols",
        "search_knowledge",
    ),
}


def profile_fields(name: str) -> dict[str, Any]:
    """The fields of version 1 of that profile. Raises KeyError."""
    label_ids = [settings.GVSES_ASSISTANT_ID] if name == "main" and settings.GVSES_ASSISTANT_ID else []
    return {
        "name": name,
        "version": 1,
        "instructions": (INSTRUCTIONS / f"{name}.md").read_text().strip(),
        "tools": list(PROFILES[name]),
        "model": "gpt-6.1-terra",
        "effort": "medium",
        "effort_high_stakes": "high",
        "effort_voice": "low",
        "label_ids": label_ids,
        "note": NOTE,
        "created_by": BY,
    }


def design_fields() -> dict[str, Any]:
    """The fields of workflow version 1."""
    return {
        "number": 1,
        "graph": json.loads(DESIGN.read_text()),
        "label_ids": [settings.GVSES_WORKFLOW_ID] if settings.GVSES_WORKFLOW_ID else [],
        "note": NOTE,
        "created_by": BY,
    }
