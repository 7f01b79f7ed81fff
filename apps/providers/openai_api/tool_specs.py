"""Our tools as a model sees them: their definitions, the arguments it writes, and what it reads of a result."""

import json
import math
from collections.abc import Collection
from typing import Any, NoReturn

from apps.providers.events import Json

#: One value a bar: a page draws them, a model would pay for thousands of them and copy none.
BULK = frozenset({"bars", "overlays", "panes", "days", "performance"})
#: More calls than any answer needs from one model call; each would run, and be kept.
MOST_CALLS = 32
#: More than any of our tools can make use of.
LONGEST_ARGUMENTS = 20_000


def function_tools(schemas: list[Json], only: Collection[str]) -> list[Json]:
    """The named tools as the Responses API takes them, in the toolbox's order: a stable order keeps prompts cached."""
    return [
        {
            "type": "function",
            "name": schema["name"],
            "description": schema["description"],
            "parameters": schema["parameters"],
            "strict": True,
        }
        for schema in schemas
        if schema["name"] in only
    ]


def for_model(name: str, result: Json) -> str:
    """The result of the tool `name` as JSON without its bulk; every single value stays."""
    slim = {key: value for key, value in result.items() if not (key in BULK and isinstance(value, list | dict))}
    return json.dumps(slim, ensure_ascii=False, separators=(",", ":"))


def parse_arguments(text: str) -> Json:
    """The arguments a model wrote. Raises ValueError for anything but an object that can be stored and sent on."""
    if len(text) > LONGEST_ARGUMENTS:
        raise ValueError("the arguments are too long")
    try:
        arguments = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        # Half a surrogate pair raises here; a database refuses it, and a zero character too.
        written = json.dumps(arguments, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("the arguments are nested too deeply") from None
    if not isinstance(arguments, dict):
        raise ValueError("the arguments are no JSON object")
    if rb"\u0000" in written:
        raise ValueError("the arguments hold a zero character")
    return arguments


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _finite(digits: str) -> Any:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
